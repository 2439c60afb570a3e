import { describe, expect, it } from 'vitest'
import { ok } from '../../../src/domain/result.ts'
import { decodeJson, MAX_CONTAINERS } from '../../../src/receiver/json-body.ts'

/** `[` as often as asked for, `inner`, and the brackets that close them. */
const nested = (depth: number, inner = ''): Buffer =>
  Buffer.from(`${'['.repeat(depth)}${inner}${']'.repeat(depth)}`)

const wide = (count: number): Buffer => Buffer.from(`[${'[],'.repeat(count - 2)}[]]`)
const decode = (bytes: Buffer) => decodeJson(bytes, () => ok('decoded'))

describe('a JSON body', () => {
  it('may be nested absurdly deep', () => {
    expect(decode(nested(1_000_000))).toEqual(ok('decoded'))
  })

  it('may be as large as it likes while it holds few objects', () => {
    expect(decode(nested(1, JSON.stringify('x'.repeat(20_000_000))))).toEqual(ok('decoded'))
  })

  it('is too large when it would blow up on the heap', () => {
    expect(decode(wide(MAX_CONTAINERS + 1))).toMatchObject({
      ok: false,
      error: {
        kind: 'too_large',
        message: expect.stringContaining('8388608 objects and lists') as string,
      },
    })
  })
})
