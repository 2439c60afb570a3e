import { describe, expect, it } from 'vitest'
import { settle } from '../manual-clock.ts'
import { createRig, score, span } from './rig.ts'
import { OK } from './scripted-client.ts'

/** Matches a text that contains `part`. */
function containing(part: string): unknown {
  return expect.stringContaining(part)
}

describe('sending', () => {
  it('follows a commit at once', async () => {
    const { client, outbox, delivery, commit, started } = createRig()
    await started()
    await commit(span('a'), score('quality'), span('b'))
    expect(client.sent('spans')).toEqual([['a', 'b']])
    expect(client.sent('score')).toEqual([['quality']])
    expect(outbox.pending()).toEqual([])
    expect(delivery.status()).toMatchObject({ delivered: 3, retried: 0, buried: 0 })
  })

  it('sends what it finds at the start without a probe first', async () => {
    const { client, outbox, started } = createRig()
    outbox.add(span('a'))
    await started()
    expect(client.requests().map(({ kind }) => kind)).toEqual(['spans'])
  })

  it('gathers what is committed while a batch is under way into the next', async () => {
    const { client, outbox, delivery, commit, started } = createRig()
    await started()
    const first = Promise.withResolvers<typeof OK>()
    client.answer(() => first.promise)
    await commit(span('a'))
    for (const name of ['b', 'c', 'd']) await commit(span(name))
    expect(client.sent('spans')).toEqual([['a']])
    client.answer(() => OK)
    first.resolve(OK)
    await settle()
    expect(client.sent('spans')).toEqual([['a'], ['b', 'c', 'd']])
    expect(outbox.pending()).toEqual([])
    expect(delivery.status().delivered).toBe(4)
  })

  it('divides by number and by size', async () => {
    const { client, outbox, started } = createRig({ takeItems: 3 })
    const huge = { ...span('huge'), input: 'x'.repeat(4_000_000) }
    outbox.add(span('a'), span('b'), huge, span('c'), span('d'))
    await started()
    expect(client.sent('spans')).toEqual([['a', 'b'], ['huge'], ['c', 'd']])
  })

  it('posts scores a few at a time', async () => {
    const { client, outbox, started } = createRig({ firstConcurrent: 2 })
    const first = Promise.withResolvers<typeof OK>()
    client.answer(() => first.promise)
    outbox.add(score('a'), score('b'), score('c'))
    await started()
    expect(client.sent('score')).toEqual([['a'], ['b']])
    first.resolve(OK)
    await settle()
    expect(client.sent('score')).toEqual([['a'], ['b'], ['c']])
  })

  it('sends an item when its time has come', async () => {
    const { client, outbox, clock, advance, started } = createRig()
    outbox.add(span('a'))
    outbox.putOff(1, clock.now() + 7_000)
    await started()
    await advance(6_999)
    expect(client.sent('spans')).toEqual([])
    await advance(1)
    expect(client.sent('spans')).toEqual([['a']])
  })

  it('puts aside what cannot be encoded', async () => {
    const { client, outbox, commit, started } = createRig()
    await started()
    await commit({ ...span('bad'), startMs: Number.NaN }, span('good'))
    expect(outbox.dead()).toMatchObject([{ reason: containing('NaN') }])
    expect(client.sent('spans')).toEqual([['good']])
  })
})
