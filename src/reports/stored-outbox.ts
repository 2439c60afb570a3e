/** What waits for exporters and what was put aside, as the store has it: part of `GET /api/delivery`. */
import type { StoreReader } from '../storage/store-reader.ts'
import type { StoredOutbox } from '../api/queries.ts'
import { cutText } from './answer-bounds.ts'

const MAX_DEAD_ITEMS = 200
const MAX_DEAD_REASONS = 100
const MAX_REASON_LENGTH = 1000

export async function storedOutbox({
  waiting,
  deadItems,
}: Pick<StoreReader, 'waiting' | 'deadItems'>): Promise<StoredOutbox> {
  const { pending, dead, oldestPendingMs = null, exporters } = await waiting.counts()
  const items = await deadItems.list(MAX_DEAD_ITEMS)
  const reasons = await deadItems.reasons(MAX_DEAD_REASONS)
  return {
    outbox: { pending, dead, oldestPendingMs },
    exporters: exporters.map((exporter) => ({
      ...exporter,
      oldestPendingMs: exporter.oldestPendingMs ?? null,
    })),
    deadItems: items.map((item) => {
      return { ...item, reason: cutText(item.reason, MAX_REASON_LENGTH) }
    }),
    deadReasons: reasons.map((group) => {
      return { ...group, reason: cutText(group.reason, MAX_REASON_LENGTH) }
    }),
  }
}
