/**
 * Every question of the page that the store alone can answer: over a reader, so beside the bridge
 * as well as in a command of its own. Long answers are worked out in slices, between which others
 * run.
 */
import type { SessionPolicy } from '../sessions/policy.ts'
import type { Visible } from '../domain/access.ts'
import { createTicketReader, type TicketOf } from '../domain/ticket.ts'
import type { StoreReader } from '../storage/store-reader.ts'
import type { StoreQueries } from '../api/queries.ts'
import type { ExportMasking } from './export/shared-text.ts'
import { exportPart } from './export/export-part.ts'
import { facetsOf } from './facets.ts'
import { fleetOf } from './fleet.ts'
import { planWindowsOf } from './plan-windows.ts'
import { type LangfuseLinks, noLinks } from './langfuse-links.ts'
import { createStoredFeed } from './live-feed.ts'
import { overviewOf } from './overview.ts'
import { letOthersRun, type Pause } from './pause.ts'
import { rawEvent, rawEvents } from './raw-events.ts'
import { createSessionFolds, type SessionFolds } from './session-folds.ts'
import { listSessions } from './session-lists.ts'
import { findInSession } from './session-find.ts'
import { itemPage, sessionPage, turnPage, turnsPage } from './session-page.ts'
import { setupSeen } from './setup-seen.ts'
import { storedOutbox } from './stored-outbox.ts'
import { createUsageSlices, type UsageSlices } from './usage-slices.ts'
import { usageBy } from './usage-by.ts'
import { wasteOf } from './waste/waste.ts'
import { createWasteMemo, wasteInRange, type WasteMemo } from './waste/waste-in-range.ts'
import { visibleFolds, visibleReader, visibleSlices } from './visible-reader.ts'

export type Reports = Omit<StoreQueries, 'budgets' | 'statusLine'>

export interface ReportsDeps {
  readonly reader: StoreReader
  readonly policy: SessionPolicy
  readonly now: () => number
  readonly links?: LangfuseLinks
  /** Shared with whoever knows of changes; without, sums are remembered for this caller alone. */
  readonly slices?: UsageSlices
  /** The same for sessions that were told. */
  readonly folds?: SessionFolds
  readonly pause?: Pause
  /** What was found in sessions; of these reports alone unless it is shared. */
  readonly wasteMemo?: WasteMemo
  /** The ticket that a branch is for; by the usual pattern unless told otherwise. */
  readonly ticketOf?: TicketOf
  /** What is masked in exported sessions; none can be exported without it. */
  readonly masking?: ExportMasking
  /** Whose sessions these reports are of; everybody's unless told otherwise. */
  readonly visible?: Visible
}

export function createReports(deps: ReportsDeps): Reports {
  const {
    policy,
    now,
    ticketOf = createTicketReader(),
    pause = letOthersRun,
    visible = 'all',
    wasteMemo: memo = createWasteMemo(),
    masking,
  } = deps
  const reader = visibleReader(deps.reader, visible)
  const remembered = deps.slices ?? createUsageSlices({ usage: reader.usage, now })
  const slices = visibleSlices(remembered, visible)
  const told = deps.folds ?? createSessionFolds({ reader, policy })
  const folds = visibleFolds(told, deps.reader, visible)
  const links = deps.links ?? noLinks
  const asked = { reader, slices, now, pause, ticketOf }
  const page = { reader, policy, links, folds, pause }
  const live = createStoredFeed(reader, pause)
  return {
    overview: (query) => overviewOf(asked, query),
    usage: (query) => usageBy(asked, query),
    facets: (filter) => facetsOf(reader, filter, pause),
    sessions: (query) => {
      links.prepare()
      return listSessions(asked, query, pause)
    },
    session: (key) => sessionPage(page, key),
    turns: (key, query) => turnsPage(page, key, query),
    turn: (key, turnKey, query) => turnPage(page, key, turnKey, query),
    item: (key, turnKey, id) => itemPage(page, key, turnKey, id),
    find: (key, query) => {
      // What is kept for the page would give way to each text that is typed.
      const once = createSessionFolds({ reader, policy })
      return findInSession(
        { folds, once, pause, maxContentLength: policy.maxContentLength },
        key,
        query,
      )
    },
    exportPart: async (key, query) => {
      if (masking === undefined) throw new Error('sessions are exported with masking alone')
      return exportPart({ ...page, masking }, key, query)
    },
    waste: (key) => wasteOf({ folds, pause, priceOf: policy.priceOf }, key),
    wasteInRange: (query) =>
      wasteInRange({ ...asked, folds, memo, priceOf: policy.priceOf }, query),
    events: (key, query) => rawEvents(reader, key, query, pause),
    event: (key, id) => rawEvent(reader, key, id),
    fleet: (query) => fleetOf({ reader, now, pause }, query),
    planWindows: (query) => planWindowsOf({ reader, now }, query),
    outbox: () => storedOutbox(reader),
    hasArrived: () => reader.details.hasAny(),
    setupSeen: () => setupSeen({ reader, live, now }),
    live,
  }
}
