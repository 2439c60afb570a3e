import { describe, expect, onTestFinished, test } from 'vitest'
import type { Quarantined, QuarantineStore } from '../../../src/domain/quarantine.ts'
import type { LogRecord } from '../../../src/domain/telemetry-record.ts'
import { openDatabase } from '../../../src/storage/sqlite/open-database.ts'
import { openQuarantineList } from '../../../src/storage/beside.ts'
import { createQuarantine } from '../../../src/storage/sqlite/quarantine.ts'
import { createTotals } from '../../../src/storage/sqlite/totals.ts'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openStore, temporaryFolder } from './open-store.ts'

const NOW = 1_795_229_600_000
const DAY_MS = 86_400_000

function unplaced(n: number, text = '', receivedMs = NOW): Quarantined {
  const record: LogRecord = {
    origin: { resource: { n }, scopeName: 'unheard.of', scopeVersion: '' },
    timeMs: NOW,
    observedMs: undefined,
    eventName: `event-${n}`,
    body: text,
    attributes: {},
  }
  const rejection = { reason: 'unknown_agent', message: `why ${n}` } as const
  return { unplaced: { signal: 'log', record }, receivedMs, rejection }
}

/** With bounds small enough to reach them. */
async function small() {
  const path = join(temporaryFolder(), 'test.db')
  writeFileSync(path, '')
  const opened = await openDatabase(path)
  if (!opened.ok) throw new Error(opened.error.message)
  onTestFinished(() => opened.value.close())
  return createQuarantine({
    connection: opened.value,
    totals: createTotals(opened.value),
    write: async (work) => work(),
    bounds: { records: 3, bytes: 3000, ageMs: DAY_MS, recordBytes: 2000 },
  })
}

async function namesIn({ list }: Pick<QuarantineStore, 'list'>): Promise<readonly string[]> {
  return (await list(100)).map(({ name }) => name)
}

describe('the quarantine', () => {
  test('keeps a record as it came, once, also when it comes again', async () => {
    const { quarantine } = await openStore()
    await quarantine.keep([unplaced(1), unplaced(2)])
    await quarantine.keep([unplaced(1)])
    expect(await quarantine.list(10)).toMatchObject([
      { id: 1, name: 'event-1', signal: 'log', reason: 'unknown_agent', message: 'why 1' },
      { name: 'event-2', receivedMs: NOW },
    ])
    const [first] = await quarantine.next('all', -1)
    expect(first?.unplaced.record).toMatchObject({
      origin: { resource: { n: 1 }, scopeName: 'unheard.of' },
      eventName: 'event-1',
    })
  })

  test('is there after a restart, and to be listed beside the bridge', async () => {
    const store = await openStore()
    await store.quarantine.keep([unplaced(1)])
    const list = await openQuarantineList(store)
    expect(list.ok && (await namesIn(list.value))).toEqual(['event-1'])
    if (list.ok) await list.value.close()
    await store.close()
    const again = await openStore(store.dataDir)
    expect(await again.quarantine.counts()).toMatchObject({ records: 1, dropped: 0 })
  })

  test('holds no more than so many records, the newest', async () => {
    const quarantine = await small()
    await quarantine.keep([1, 2, 3, 4].map((n) => unplaced(n)))
    await quarantine.keep([unplaced(5)])
    expect(await namesIn(quarantine)).toEqual(['event-3', 'event-4', 'event-5'])
    expect(await quarantine.counts()).toMatchObject({ records: 3, dropped: 2 })
  })

  test('holds no more than so many bytes', async () => {
    const quarantine = await small()
    for (const n of [1, 2, 3]) await quarantine.keep([unplaced(n, 'x'.repeat(1200))])
    expect(await namesIn(quarantine)).toEqual(['event-2', 'event-3'])
    expect((await quarantine.counts()).bytes).toBeLessThanOrEqual(3000)
  })

  test('does not keep a record that alone is too large, and counts it', async () => {
    const quarantine = await small()
    await quarantine.keep([unplaced(1, 'x'.repeat(2000)), unplaced(2)])
    expect(await namesIn(quarantine)).toEqual(['event-2'])
    expect(await quarantine.counts()).toMatchObject({ records: 1, dropped: 1 })
  })

  test('lets go of what is too old', async () => {
    const quarantine = await small()
    await quarantine.keep([unplaced(1, '', NOW - 2 * DAY_MS), unplaced(2)])
    while (quarantine.expire(NOW));
    expect(await namesIn(quarantine)).toEqual(['event-2'])
    expect(await quarantine.counts()).toMatchObject({ records: 1, dropped: 1 })
  })

  test('deletes some, or all', async () => {
    const { quarantine } = await openStore()
    await quarantine.keep([1, 2, 3, 4].map((n) => unplaced(n)))
    expect(await quarantine.remove([2, 2, 99])).toBe(1)
    expect(await namesIn(quarantine)).toEqual(['event-1', 'event-3', 'event-4'])
    expect(await quarantine.remove('all')).toBe(3)
    expect(await quarantine.counts()).toEqual({ records: 0, bytes: 0, dropped: 0 })
  })
})
