/** What has arrived of the parts that a set-up may have, for the page's first steps. */
import type { SetupSeen } from '../api/contract/access.ts'
import type { StoredFeed } from '../api/queries.ts'
import type { StoreReader } from '../storage/store-reader.ts'

/** So many of the newest events are looked at for prompts. */
const EVENTS = 200
const DAY_MS = 86_400_000
/** Plan windows that were told within. */
const PLAN_DAYS = 7

export interface SetupSeenDeps {
  readonly reader: Pick<StoreReader, 'records' | 'planWindows'>
  readonly live: Pick<StoredFeed, 'recent'>
  readonly now: () => number
}

export async function setupSeen({ reader, live, now }: SetupSeenDeps): Promise<SetupSeen> {
  const { position, events } = await live.recent(EVENTS)
  const prompts = events.filter(({ kind }) => kind === 'prompt')
  const hooks = await reader.records.before(position + 1, ['hook'], 1)
  const windows = await reader.planWindows.since({
    sinceMs: now() - PLAN_DAYS * DAY_MS,
    limit: 1,
  })
  return {
    prompts: prompts.length > 0,
    promptTexts: prompts.some(({ text }) => text !== null && text !== ''),
    hooks: hooks.batches.length > 0,
    planWindows: windows.length > 0,
  }
}
