import { execFileSync } from 'node:child_process'
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { LogRecord } from '../../../../src/domain/telemetry-record.ts'
import { bodyPathOf, createBodyFiles } from '../../../../src/processors/enrich/body-files.ts'
import { createFileReader } from '../../../../src/processors/enrich/file-reader.ts'
import {
  inProcess,
  type MemoryPermit,
  type RecordInProcess,
} from '../../../../src/processors/record-processor.ts'
import { createManualClock } from '../../manual-clock.ts'
import { createHangingFiles } from './hanging-files.ts'

let root: string
let folder: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'claude-telemetry-'))
  folder = join(root, 'bodies')
  mkdirSync(folder)
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const record = (attributes: LogRecord['attributes']): LogRecord => ({
  origin: { resource: {}, scopeName: '', scopeVersion: '' },
  timeMs: 0,
  observedMs: 0,
  eventName: '',
  body: null,
  attributes,
})
const referring = (path: string) => record({ body_ref: path, n: 1 })
const body = '{"model":"m","messages":[{"role":"user","content":"hi"}]}'
const large = (bytes: number): string => `{"messages":[],"pad":"${'x'.repeat(bytes - 24)}"}`

/** Room for so many bytes, and how much of it was taken at most. */
function memory(bytes: number): MemoryPermit & { held(): number; most(): number } {
  let held = 0
  let most = 0
  return {
    grow: (more) => {
      if (held + more > bytes) return false
      held += more
      most = Math.max(most, held)
      return true
    },
    shrink: (less) => {
      held -= less
    },
    held: () => held,
    most: () => most,
  }
}

interface Attached {
  readonly records: readonly LogRecord[]
  readonly batches: readonly number[]
}

const logs = (records: readonly LogRecord[]) => inProcess({ signal: 'log', records })
const recordsOf = (batch: readonly RecordInProcess[]): LogRecord[] =>
  batch.flatMap((each) => (each.signal === 'log' ? [each.record] : []))

async function attached(
  records: readonly LogRecord[],
  { room = memory(1e9), folders = [folder] } = {},
): Promise<Attached> {
  const files = createFileReader(createManualClock(0))
  const read: LogRecord[] = []
  const batches: number[] = []
  for await (const batch of createBodyFiles(files, folders).forRequest(room)(logs(records))) {
    read.push(...recordsOf(batch))
    batches.push(batch.length)
  }
  expect(room.held()).toBe(0)
  return { records: read, batches }
}

const unreadReason = async (path: string, options = {}): Promise<unknown> => {
  const { records } = await attached([referring(path)], options)
  expect(records[0]?.attributes.body).toBeUndefined()
  expect(records[0]?.attributes).toMatchObject({ body_ref: path, n: 1 })
  return records[0]?.attributes.body_unread
}

describe('a body that is referred to', () => {
  test('is read below a configured folder', async () => {
    const path = join(folder, 'deep/request.json')
    mkdirSync(join(folder, 'deep'))
    writeFileSync(path, body)
    const { records } = await attached([record({}), referring(path), record({ body: 'x' })])
    expect(records.map(({ attributes }) => attributes)).toEqual([
      {},
      { body_ref: path, n: 1, body },
      { body: 'x' },
    ])
  })

  test('is read where the folder is a link, by either name', async () => {
    symlinkSync(folder, join(root, 'link'))
    writeFileSync(join(folder, 'a'), body)
    writeFileSync(join(folder, 'b'), body)
    const paths = [join(root, 'link/a'), join(folder, 'b')]
    const { records } = await attached(paths.map(referring), { folders: [join(root, 'link')] })
    expect(records.map(({ attributes }) => attributes.body)).toEqual([body, body])
  })

  test('is told by its reference, unless the body is there already', () => {
    expect(bodyPathOf(referring('/a'))).toBe('/a')
    expect(bodyPathOf(record({ body_ref: '/a', body: 'x' }))).toBeUndefined()
    expect(bodyPathOf(record({ body_ref: 5 }))).toBeUndefined()
  })
})

describe('stays a reference, with the reason', () => {
  const outside = 'is in none of BODY_FOLDERS'

  test.each([
    ['somewhere else', () => join(root, 'other')],
    ['out of the folder and beside it', () => `${folder}/../other`],
    ['in a folder whose name begins alike', () => join(`${folder}-2`, 'other')],
    ['the folder itself', () => folder],
    ['relative', () => 'bodies/other'],
    ['of a pseudo file', () => '/proc/self/pagemap'],
  ])('a path %s', async (_name, path) => {
    mkdirSync(`${folder}-2`)
    for (const file of [join(root, 'other'), join(`${folder}-2`, 'other')])
      writeFileSync(file, body)
    expect(await unreadReason(path())).toBe(outside)
  })

  test('any path, without folders', async () => {
    writeFileSync(join(folder, 'a'), body)
    expect(await unreadReason(join(folder, 'a'), { folders: [] })).toBe(outside)
  })

  test.each([
    ['a link that leads out', (at: string) => symlinkSync(join(root, 'other'), at)],
    ['a folder that leads out', () => symlinkSync(root, join(folder, 'out')), 'out/other'],
  ])('%s', async (_name, make, name = 'it') => {
    writeFileSync(join(root, 'other'), body)
    make(join(folder, 'it'))
    expect(await unreadReason(join(folder, name))).toBe(outside)
  })

  test.each([
    ['nothing', () => undefined, 'is not there, or cannot be read'],
    ['a FIFO', (at: string) => execFileSync('mkfifo', [at]), 'is not a regular file'],
    ['an empty file', (at: string) => writeFileSync(at, ''), 'is empty, or has no size'],
    ['another JSON', (at: string) => writeFileSync(at, '{"password":"x"}'), 'holds no API body'],
    ['no JSON', (at: string) => writeFileSync(at, 'root:x:0:0'), 'is not valid JSON'],
    [
      'too large a file',
      (at: string) => writeFileSync(at, large(4_200_000)),
      'is larger than 4194304 bytes',
    ],
    [
      'a file of too many values',
      (at: string) => writeFileSync(at, `{"messages":[${'{},'.repeat(140_000)}{}]}`),
      'holds more than 131072 values',
    ],
  ])('%s', async (_name, make, reason) => {
    make(join(folder, 'it'))
    expect(await unreadReason(join(folder, 'it'))).toBe(reason)
  })

  test('a file that there is no room for now, before it is read', async () => {
    writeFileSync(join(folder, 'a'), large(1000))
    const room = memory(2999)
    expect(await unreadReason(join(folder, 'a'), { room })).toContain('MAX_IN_FLIGHT_SIZE')
    expect(room.most()).toBe(0)
  })

  test('a file on a file system that hangs, and every other one at once', async () => {
    const clock = createManualClock(0)
    const hanging = createHangingFiles((path) => path.endsWith('dead'))
    const bodies = createBodyFiles(createFileReader(clock, hanging.files), [folder])
    writeFileSync(join(folder, 'a'), body)
    const reasons: unknown[] = []
    const reading = (async () => {
      const records = ['dead', 'a', 'b'].map((name) => referring(join(folder, name)))
      for await (const batch of bodies.forRequest(memory(1e9))(logs(records))) {
        reasons.push(...recordsOf(batch).map(({ attributes }) => attributes.body_unread))
      }
    })()
    await expect.poll(() => hanging.begun()).toBeGreaterThan(1)
    await clock.advance(1000)
    await reading
    expect(reasons).toEqual(Array(3).fill('is on a file system that does not answer'))
  })
})

describe('one request', () => {
  test('gets a file once, whatever the path is written like', async () => {
    writeFileSync(join(folder, 'a'), large(4_000_000))
    const paths = [join(folder, 'a'), `${folder}/./a`, `${folder}//a`, `${folder}/x/../a`]
    const records = Array.from({ length: 1000 }, (_, n) => referring(paths[n % 4] ?? ''))
    const room = memory(1e9)
    const { records: read } = await attached(records, { room })
    expect(read.filter(({ attributes }) => attributes.body !== undefined)).toHaveLength(1)
    expect(read[999]?.attributes.body_unread).toBe('is with an earlier record of the same request')
    expect(room.most()).toBe(12_000_000)
  })

  test('gets 32 MiB at most, a few at a time', async () => {
    const names = Array.from({ length: 12 }, (_, n) => join(folder, `${n}`))
    writeFileSync(names[0] ?? '', large(3_000_000))
    for (const name of names.slice(1)) linkSync(names[0] ?? '', name)
    const room = memory(1e9)
    const { records, batches } = await attached(names.map(referring), { room })
    expect(records.map(({ attributes }) => attributes.body !== undefined)).toEqual(
      names.map((_, n) => n < 11),
    )
    expect(records[11]?.attributes.body_unread).toContain('33554432 bytes')
    expect(batches).toEqual([2, 2, 2, 2, 2, 2])
    expect(room.most()).toBe(18_000_000)
  })

  test('has 100 files looked for at most', async () => {
    const hanging = createHangingFiles(() => false)
    const files = createFileReader(createManualClock(0), hanging.files)
    const records = Array.from({ length: 5000 }, (_, n) => referring(join(folder, `${n}`)))
    const attach = createBodyFiles(files, [folder]).forRequest(memory(1e9))
    const read: LogRecord[] = []
    for await (const batch of attach(logs(records))) read.push(...recordsOf(batch))
    expect(hanging.begun()).toBeLessThan(300)
    expect(read[4999]?.attributes.body_unread).toContain('100 files')
  })
})
