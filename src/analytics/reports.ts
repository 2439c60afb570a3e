/**
 * Every question of the page that the store alone can answer: over a reader, so beside the bridge
 * as well as in a command of its own. Long answers are worked out in slices, between which others
 * run.
 */
import type { SessionPolicy } from '../session/policy.ts'
import type { StoreReader } from '../store/store-reader.ts'
import type { LiveFeed, WebQueries } from '../web/web-queries.ts'
import { facetsOf } from './facets.ts'
import { type LangfuseLinks, noLinks } from './langfuse-links.ts'
import { createStoredFeed } from './live-feed.ts'
import { overviewOf } from './overview.ts'
import { rawEvents } from './raw-events.ts'
import { listSessions } from './session-lists.ts'
import { sessionPage, turnPage } from './session-page.ts'
import { createUsageSlices, type UsageSlices } from './usage-slices.ts'

export type Reports = Pick<
  WebQueries,
  'overview' | 'facets' | 'sessions' | 'session' | 'turn' | 'events' | 'hasArrived'
> & { readonly live: Pick<LiveFeed, 'recent' | 'after'> }

export interface ReportsDeps {
  readonly reader: StoreReader
  readonly policy: SessionPolicy
  readonly now: () => number
  readonly links?: LangfuseLinks
  /** Shared with whoever knows of changes; without, sums are remembered for this caller alone. */
  readonly slices?: UsageSlices
}

export function createReports({ reader, policy, now, ...deps }: ReportsDeps): Reports {
  const slices = deps.slices ?? createUsageSlices({ usage: reader.usage, now })
  const links = deps.links ?? noLinks
  const page = { reader, policy, links }
  return {
    overview: (query) => overviewOf({ reader, slices, now }, query),
    facets: (filter) => facetsOf(reader, filter),
    sessions: (query) => {
      links.prepare()
      return listSessions(reader, query)
    },
    session: (key) => sessionPage(page, key),
    turn: (key, turnKey) => turnPage(page, key, turnKey),
    events: (key, query) => rawEvents(reader, key, query),
    hasArrived: () => reader.details.hasAny(),
    live: createStoredFeed(reader),
  }
}
