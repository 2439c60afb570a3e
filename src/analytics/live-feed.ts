/**
 * The live feed over the store: what was stored behind a position, in order, each record once. A
 * browser that was away reads on where it was, since positions are those of the store.
 */
import type { Signal } from '../domain/telemetry-record.ts'
import { positionOf, type StoredBatch } from '../domain/stored-batch.ts'
import { processStored } from '../processors/stored-processor.ts'
import type { StoreReader } from '../store/store-reader.ts'
import type { LiveEvent, LiveRecent } from '../web/contract/live.ts'
import type { LiveSlice } from '../web/web-queries.ts'
import { liveEventOf } from './live-event.ts'

/** Metrics and spans repeat what events tell. */
const SHOWN: readonly Signal[] = ['log', 'hook']

/** Few: one may hold all that was in a large request. */
const BATCHES_PER_SLICE = 10
/** How far back the newest events are looked for. */
const MAX_BATCHES_BACK = 1000

export interface StoredFeed {
  recent(limit: number): Promise<LiveRecent>
  after(position: number, limit: number): Promise<LiveSlice>
}

export function createStoredFeed({ records, lists }: StoreReader): StoredFeed {
  /** What the sessions of these batches are called. */
  async function titlesOf(batches: readonly StoredBatch[]): Promise<Titles> {
    const keys = new Set(batches.map(({ sessionKey }) => sessionKey))
    const found = await lists.titles([...keys])
    return new Map(found.map(({ key, title }) => [key, title]))
  }

  return {
    recent: async (limit) => {
      const position = records.newest()
      let events: LiveEvent[] = []
      let beforeId = position + 1
      for (let looked = 0; looked < MAX_BATCHES_BACK; looked += BATCHES_PER_SLICE) {
        const batches = records.before(beforeId, SHOWN, BATCHES_PER_SLICE)
        const titles = await titlesOf(batches)
        for (const batch of batches) {
          if (events.length < limit) events = eventsOf(batch, 0, titles).concat(events)
        }
        beforeId = batches.at(-1)?.id ?? 0
        if (events.length >= limit || batches.length < BATCHES_PER_SLICE) break
      }
      return { position, events: events.slice(-limit) }
    },
    after: async (position, limit) => {
      const batches = records.after(position, BATCHES_PER_SLICE)
      const titles = await titlesOf(batches)
      const events: LiveEvent[] = []
      let reached = position
      for (const batch of batches) {
        if (events.length >= limit) break
        for (const event of eventsOf(batch, position, titles)) events.push(event)
        reached = batch.id
      }
      if (events.length > limit) reached = events[limit - 1]?.position ?? position
      const isLast =
        batches.length < BATCHES_PER_SLICE && reached === (batches.at(-1)?.id ?? position)
      return { events: events.slice(0, limit), position: reached, more: !isLast }
    },
  }
}

type Titles = ReadonlyMap<string, string | null>

/** Record by record: processors put batches in order and drop what means nothing. */
function eventsOf(batch: StoredBatch, behind: number, titles: Titles): LiveEvent[] {
  if (!SHOWN.includes(batch.signal)) return []
  const { sessionKey, receivedMs } = batch
  const sessionTitle = titles.get(sessionKey) ?? null
  return batch.records.flatMap((record, index) => {
    const position = positionOf(batch, index)
    if (position <= behind) return []
    const [arrival] = processStored({ ...batch, records: [record] }).accepted
    const event =
      arrival && liveEventOf(arrival, { position, sessionKey, sessionTitle, receivedMs })
    return event === undefined ? [] : [event]
  })
}
