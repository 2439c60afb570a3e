import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { err, ok } from '../../../../src/domain/result.ts'
import { createFileReader, FileSystemHangs } from '../../../../src/processors/enrich/file-reader.ts'
import { createManualClock, settle } from '../../manual-clock.ts'
import { createHangingFiles } from './hanging-files.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'claude-telemetry-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const admitAll = () => ok(undefined)
const reader = () => createFileReader(createManualClock(0))
const path = (name: string): string => join(root, name)

describe('a regular file', () => {
  test('is read up to the bound, or whole', async () => {
    writeFileSync(path('file'), 'some text')
    expect((await reader().head(path('file'), 4))?.toString()).toBe('some')
    expect((await reader().head(path('file'), 400))?.toString()).toBe('some text')
    expect(await reader().whole(path('file'), admitAll)).toEqual(ok(Buffer.from('some text')))
  })

  test('behind a link has a head, and is not read whole', async () => {
    writeFileSync(path('file'), 'text')
    symlinkSync(path('file'), path('link'))
    expect((await reader().head(path('link'), 9))?.toString()).toBe('text')
    expect(await reader().whole(path('link'), admitAll)).toEqual(err('is not a regular file'))
  })

  test('of a gigabyte is not read when it is not admitted', async () => {
    writeFileSync(path('file'), '')
    truncateSync(path('file'), 1_500_000_000)
    const sizes: number[] = []
    const answer = await reader().whole(path('file'), (bytes) => {
      sizes.push(bytes)
      return err('is too large')
    })
    expect([answer, sizes]).toEqual([err('is too large'), [1_500_000_000]])
    expect(await reader().head(path('file'), 10)).toEqual(Buffer.alloc(10))
  })
})

describe('what is no regular file of known size', () => {
  const special: readonly (readonly [string, (at: string) => unknown])[] = [
    ['a folder', (at) => mkdirSync(at)],
    ['a FIFO', (at) => execFileSync('mkfifo', [at])],
    ['a link to a device without end', (at) => symlinkSync('/dev/zero', at)],
    ['a link to a terminal', (at) => symlinkSync('/dev/tty', at)],
    ['a link to itself', (at) => symlinkSync(at, at)],
    ['a link to nothing', (at) => symlinkSync(join(root, 'nothing'), at)],
    ['nothing', () => undefined],
    ['an empty file', (at) => writeFileSync(at, '')],
  ]
  test.each(special)('%s has no content', async (_name, make) => {
    make(path('it'))
    const head = await reader().head(path('it'), 100)
    expect(head?.length ?? 0).toBe(0)
    expect(await reader().whole(path('it'), admitAll)).toMatchObject({ ok: false })
  })

  test('a socket has none', async () => {
    const server = createServer().listen(path('socket'))
    expect(await reader().head(path('socket'), 100)).toBeUndefined()
    expect(await reader().whole(path('socket'), admitAll)).toEqual(err('is not a regular file'))
    server.close()
  })

  test.each(['/proc/self/pagemap', '/proc/self/environ', '/proc/self/status'])(
    '%s is not read',
    async (pseudo) => {
      expect((await reader().head(pseudo, 100))?.length ?? 0).toBe(0)
      expect(await reader().whole(pseudo, admitAll)).toMatchObject({ ok: false })
    },
  )

  test.each(['relative', '//host/share', '\0', `/${'x'.repeat(5000)}`, ''])(
    '%j is no path',
    async (name) => {
      expect(await reader().head(name, 100)).toBeUndefined()
      expect(await reader().whole(name, admitAll)).toMatchObject({ ok: false })
      expect(await reader().resolved(name)).toBeUndefined()
    },
  )
})

describe('a file system that hangs', () => {
  const setUp = () => {
    const clock = createManualClock(0)
    const hanging = createHangingFiles((at) => at.includes('dead'))
    writeFileSync(path('alive'), 'text')
    return { clock, hanging, reader: createFileReader(clock, hanging.files) }
  }
  const outcomeOf = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      (value) => value,
      (error: unknown) => error,
    )

  test('is found out, and from then on everything is refused at once', async () => {
    const { clock, hanging, reader: files } = setUp()
    const first = outcomeOf(files.head(path('dead'), 100))
    const waiting = outcomeOf(files.head(path('alive'), 100))
    await settle()
    expect(hanging.begun()).toBe(1)
    await clock.advance(499)
    const whole = files.whole(path('alive'), admitAll)
    await clock.advance(1)
    expect(await first).toBeInstanceOf(FileSystemHangs)
    expect(await waiting).toBeInstanceOf(FileSystemHangs)
    expect(await whole).toEqual(err('is on a file system that does not answer'))
    expect(await outcomeOf(files.head(path('alive'), 100))).toBeInstanceOf(FileSystemHangs)
    expect([hanging.begun(), files.isBusy()]).toEqual([1, true])
  })

  test('is used again once it answers', async () => {
    const { clock, hanging, reader: files } = setUp()
    const first = outcomeOf(files.head(path('dead'), 100))
    await clock.advance(500)
    await first
    hanging.heal()
    await expect.poll(() => files.isBusy()).toBe(false)
    expect((await files.head(path('alive'), 100))?.toString()).toBe('text')
  })

  test('has one operation at most, whoever asks', async () => {
    const { hanging, reader: files } = setUp()
    await Promise.all(
      Array.from({ length: 50 }, async (_, n) => {
        await files.head(path(n % 2 === 0 ? 'alive' : 'missing'), 100)
        await files.whole(path('alive'), admitAll)
        await files.resolved(path('alive'))
      }),
    )
    expect(hanging.mostAtOnce()).toBe(1)
    expect(files.isBusy()).toBe(false)
  })
})
