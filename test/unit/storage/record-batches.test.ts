/** Batches of any size, read in bounded parts: each record once, at its own position, either way. */
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { positionOf, type StoredBatch } from '../../../src/domain/telemetry-record.ts'
import { openReader } from '../../../src/storage/beside.ts'
import type { BatchesBefore, RecordReader } from '../../../src/storage/store-reader.ts'
import { arrival, base, nothing, row } from './arrivals.ts'
import { openStore, type OpenStore, withDatabase } from './open-store.ts'

const KEY = 'claude-code/s1'
const MAX_BYTES = 4 * 1024 * 1024

let store: OpenStore
let records: RecordReader
beforeEach(async () => {
  store = await openStore()
  const opened = await openReader(store)
  if (!opened.ok) throw new Error(opened.error)
  onTestFinished(() => opened.value.close())
  records = opened.value.records
})

/** One request with as many records, each of about so many bytes. */
async function send(name: string, count: number, bytes: number, signal: 'log' | 'metric' = 'log') {
  const arrivals = Array.from({ length: count }, (_, n) => {
    const attributes = { n: `${name} ${n}`, text: 'ü'.repeat(bytes / 2) }
    const made = arrival({ ...base, kind: 'other', dedupKey: `${name} ${n}` }, { attributes })
    return { ...made, stored: { ...made.stored, signal } as typeof made.stored }
  })
  await store.sessions.commit(arrivals, [], () => ({ ...nothing, sessions: [row('s1')] }))
}

const namesOf = (batches: readonly StoredBatch[]): string[] =>
  batches.flatMap((batch) =>
    batch.records.map((record, index) => {
      const { n } = (record as unknown as { attributes: { n: string } }).attributes
      return `${positionOf(batch, index)} ${n}`
    }),
  )

async function allForward(
  read: (afterId: number) => Promise<readonly StoredBatch[]>,
): Promise<StoredBatch[]> {
  const found: StoredBatch[] = []
  for (let afterId = 0; ; afterId = found.at(-1)?.id ?? afterId) {
    const batches = await read(afterId)
    if (batches.length === 0) return found
    expect(Buffer.byteLength(JSON.stringify(batches.map((batch) => batch.records)))).toBeLessThan(
      1.1 * MAX_BYTES,
    )
    found.push(...batches)
  }
}

async function allBackward(signals: readonly ('log' | 'metric')[]): Promise<StoredBatch[]> {
  const found: StoredBatch[] = []
  let beforeId: number | undefined = (await records.newest()) + 1
  while (beforeId !== undefined) {
    const before: BatchesBefore = await records.before(beforeId, signals, 10)
    found.push(...before.batches)
    beforeId = before.beforeId
  }
  return found
}

const small = ['1 a 0', '2 a 1', '3 a 2']
const large = Array.from({ length: 50 }, (_, n) => `${4 + n} b ${n}`)
const after = ['54 c 0', '55 c 1']

test('a batch of several megabytes is read in parts', async () => {
  await send('a', 3, 10)
  await send('b', 50, 200_000)
  await send('c', 2, 10)
  const forward = await allForward((afterId) => records.batches(KEY, afterId, 10))
  expect(forward.length).toBeGreaterThan(4)
  expect(namesOf(forward)).toEqual([...small, ...large, ...after])
  expect(namesOf(await allForward((afterId) => records.after(afterId, 1)))).toEqual(
    namesOf(forward),
  )
  const backward = await allBackward(['log'])
  expect(backward.length).toBeGreaterThan(4)
  expect(namesOf(backward.toReversed())).toEqual(namesOf(forward))
})

test('any position can be gone on from, and read by itself', async () => {
  await send('a', 3, 10)
  await send('b', 50, 200_000)
  await send('c', 2, 10)
  const all = [...small, ...large, ...after]
  for (const position of [0, 1, 3, 4, 27, 53, 54, 55, 56]) {
    const found = await allForward((afterId) =>
      records.batches(KEY, Math.max(afterId, position), 3),
    )
    expect(namesOf(found)).toEqual(all.slice(position))
    const at = await records.at(KEY, position)
    expect(at === undefined ? [] : namesOf([at])).toEqual(all.slice(position - 1, position))
    const before = await records.before(position, ['log'], 1)
    expect(namesOf(before.batches).at(-1)).toBe(position < 2 ? undefined : all[position - 2])
  }
  expect(await records.at('claude-code/other', 2)).toBeUndefined()
})

test('signals that are not asked for are passed over', async () => {
  await send('a', 3, 10)
  await send('b', 50, 200_000, 'metric')
  await send('c', 2, 10)
  expect(namesOf((await allBackward(['log'])).toReversed())).toEqual(
    [...after, ...small].toSorted(),
  )
  expect(namesOf((await records.before(30, ['log'], 10)).batches)).toEqual(small)
})

test('a record larger than a part is a part by itself', async () => {
  await send('a', 3, 5_000_000)
  for (const afterId of [0, 1, 2]) {
    expect(namesOf(await records.batches(KEY, afterId, 10))).toEqual([small[afterId]])
  }
})

test.each(['no json', '[{"unfinished', '{}'])(
  'a batch that reads %j has no records',
  async (text) => {
    await send('a', 3, 10)
    await send('b', 3, 500_000)
    await send('c', 2, 10)
    withDatabase(store.dataDir, (database) => {
      const spoil = database.prepare('update record_batches set body = ? where id = ?')
      spoil.run(text, 3)
      spoil.run(`${text}${' '.repeat(MAX_BYTES)}`, 6)
    })
    const expected = ['7 c 0', '8 c 1']
    expect(namesOf(await allForward((afterId) => records.batches(KEY, afterId, 10)))).toEqual(
      expected,
    )
    expect(namesOf(await allBackward(['log']))).toEqual(expected)
  },
)

test('the first position is that of the first batch that is there', async () => {
  expect(await records.firstOf(KEY)).toBeUndefined()
  await send('a', 3, 10)
  await send('b', 1, 10)
  expect(await records.firstOf(KEY)).toBe(3)
})
