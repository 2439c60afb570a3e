/** Records that could not be assigned: kept once, for a while. */
import { describe, expect, test } from 'vitest'
import type { Quarantined } from '../../../src/domain/quarantine.ts'
import { AT_MS } from '../../unit/storage/arrivals.ts'
import { createRig, engines, type Rig } from './engines.ts'

const DAY_MS = 86_400_000

function unplaced(n: number, receivedMs = AT_MS): Quarantined {
  const origin = { resource: { n }, scopeName: 'unheard.of', scopeVersion: '' }
  const record = {
    origin,
    timeMs: AT_MS,
    observedMs: undefined,
    eventName: `event-${n}`,
    body: 'ü',
    attributes: { n },
  }
  const rejection = { reason: 'unknown_agent', message: `why ${n}` } as const
  return { unplaced: { signal: 'log', record }, receivedMs, rejection }
}

const namesIn = async ({ store }: Rig, limit = 1000) =>
  (await store.quarantine.list(limit)).map(({ name }) => name)

describe.each(engines)('the quarantine of $name', (engine) => {
  test('keeps a record once, also when it comes again after a restart', async () => {
    const rig = await createRig(engine)
    await rig.store.quarantine.keep([unplaced(1), unplaced(2), unplaced(1)])
    const again = await rig.reopen()
    await again.store.quarantine.keep([unplaced(2)])
    expect(await again.store.quarantine.list(10)).toMatchObject([
      { name: 'event-1', signal: 'log', reason: 'unknown_agent', message: 'why 1' },
      { name: 'event-2', receivedMs: AT_MS, bytes: expect.any(Number) },
    ])
    expect(await namesIn(again, 1)).toEqual(['event-1'])
    expect(await again.store.quarantine.counts()).toMatchObject({ records: 2, dropped: 0 })
  })

  test('gives records back as they came, some at a time', async () => {
    const rig = await createRig(engine)
    const many = Array.from({ length: 450 }, (_, n) => unplaced(n))
    await rig.store.quarantine.keep(many)
    const found: unknown[] = []
    for (let afterId = -1; ; ) {
      const slice = await rig.store.quarantine.next('all', afterId)
      const last = slice.at(-1)
      if (last === undefined) break
      expect(slice.length).toBeLessThan(many.length)
      found.push(...slice.map(({ unplaced: record }) => record))
      afterId = last.id
    }
    expect(found).toEqual(JSON.parse(JSON.stringify(many.map(({ unplaced: record }) => record))))
  })

  test('gives and deletes those that are named', async () => {
    const rig = await createRig(engine)
    const { quarantine } = rig.store
    await quarantine.keep([1, 2, 3, 4].map((n) => unplaced(n)))
    const [first, second, third] = (await quarantine.list(10)).map(({ id }) => id)
    const named = [third ?? 0, first ?? 0, 9999]
    expect((await quarantine.next(named, -1)).map(({ id }) => id)).toEqual([first, third])
    expect(await quarantine.remove([second ?? 0, second ?? 0, 9999])).toBe(1)
    expect(await namesIn(rig)).toEqual(['event-1', 'event-3', 'event-4'])
    expect(await quarantine.remove('all')).toBe(3)
    expect(await quarantine.counts()).toEqual({ records: 0, bytes: 0, dropped: 0 })
  })

  test('lets go of what is older than two weeks, and counts it', async () => {
    const rig = await createRig(engine)
    await rig.store.quarantine.keep([unplaced(1, AT_MS - 15 * DAY_MS), unplaced(2)])
    rig.store.upkeep.start()
    await rig.clock.advance(60_000)
    expect(await namesIn(rig)).toEqual(['event-2'])
    expect(await rig.store.quarantine.counts()).toMatchObject({ records: 1, dropped: 1 })
    // Minute by minute it would do its chores 21,600 times.
    await rig.clock.jump(15 * DAY_MS)
    await rig.clock.advance(60_000)
    expect(await namesIn(rig)).toEqual([])
    const again = await rig.reopen()
    expect(await again.store.quarantine.counts()).toEqual({ records: 0, bytes: 0, dropped: 2 })
  })
})
