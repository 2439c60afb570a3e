/** A small store with sessions and what they used, and the reports over it. */
import { createReports, type Reports } from '../../../src/reports/reports.ts'
import { createUsageSlices, type UsageSlices } from '../../../src/reports/usage-slices.ts'
import type { SessionRow } from '../../../src/domain/session-store.ts'
import {
  type Activity,
  bucketOf,
  type ModelUsage,
  type ToolUsage,
} from '../../../src/domain/usage.ts'
import { openReader } from '../../../src/storage/beside.ts'
import type { StoreReader } from '../../../src/storage/store-reader.ts'
import type { WorkSegment } from '../../../src/domain/work.ts'
import { type Filter, filter } from '../../../src/api/contract/filter.ts'
import { type OverviewQuery, overviewQuery } from '../../../src/api/contract/overview.ts'
import { type SessionListQuery, sessionListQuery } from '../../../src/api/contract/session-list.ts'
import { policy } from '../sessions/events.ts'
import { arrival, base, nothing, origin, row, type State } from '../storage/arrivals.ts'
import { openStore, type OpenStore } from '../storage/open-store.ts'
import { onTestFinished } from 'vitest'

export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS
/** A Monday, midnight UTC. */
export const MONDAY_MS = Date.UTC(2026, 10, 16)
/** When it is, in these tests. */
export const NOW_MS = MONDAY_MS + 10 * DAY_MS

export interface Used {
  readonly session?: Partial<SessionRow<State>>
  readonly atMs: number
  readonly models?: readonly Partial<ModelUsage>[]
  readonly tools?: readonly Partial<ToolUsage>[]
  readonly activity?: readonly Pick<Activity, 'measure' | 'facet' | 'value'>[]
  readonly work?: readonly WorkSegment[]
  readonly prompt?: string
  readonly attributes?: Readonly<Record<string, string>>
}

export interface UsageStore {
  readonly store: OpenStore
  readonly reader: StoreReader
  readonly slices: UsageSlices
  readonly reports: Reports
  /** Commits what a session used at a time, as the machine would tell it. */
  readonly use: (sessionId: string, used: Used) => Promise<void>
}

export async function openUsageStore(): Promise<UsageStore> {
  const store = await openStore()
  const opened = await openReader(store)
  if (!opened.ok) throw new Error(opened.error)
  const reader = opened.value
  onTestFinished(() => reader.close())
  const now = (): number => NOW_MS
  const slices = createUsageSlices({ usage: reader.usage, now })
  return {
    store,
    reader,
    slices,
    reports: createReports({ reader, policy, now, slices }),
    use: async (sessionId, used) => {
      const session = rowOf(sessionId, used)
      const usage = usageOf(used)
      await store.sessions.commit(arrivalsOf(sessionId, used), [], () => ({
        ...nothing,
        sessions: [session],
        usage: [{ session, usage, isMoved: false }],
      }))
      for (const rows of [usage.models, usage.tools, usage.activity]) slices.changed(rows)
    },
  }
}

function rowOf(sessionId: string, { atMs, session, attributes }: Used): SessionRow<State> {
  const known = row(sessionId, { firstMs: atMs, lastMs: atMs, ...session })
  return { ...known, labels: { ...known.labels, ...attributes } }
}

function arrivalsOf(sessionId: string, { atMs, prompt, attributes = {} }: Used) {
  const item = {
    ...base,
    kind: 'prompt' as const,
    sessionId,
    dedupKey: `prompt|${atMs}`,
    prompt: prompt === undefined ? {} : { text: prompt },
  }
  return [arrival(item, { origin: { ...origin, resource: { ...origin.resource, ...attributes } } })]
}

function usageOf({ atMs, models = [], tools = [], activity = [], work = [] }: Used) {
  const bucketMs = bucketOf(atMs)
  return {
    models: models.map((change) => ({
      bucketMs,
      model: 'opus',
      isSubagent: false,
      dimensions: {},
      calls: 1,
      errors: 0,
      costUsd: 0,
      estimatedUsd: 0,
      metricsUsd: 0,
      unpricedCalls: 0,
      inputTokens: 0,
      outputTokens: 0,
      cacheReadTokens: 0,
      cacheCreationTokens: 0,
      durationMs: 0,
      ...change,
    })),
    tools: tools.map((change) => ({
      bucketMs,
      tool: 'Bash',
      results: 1,
      failures: 0,
      refusals: 0,
      durationMs: 0,
      ...change,
    })),
    activity: activity.map((change) => ({ bucketMs, ...change })),
    work,
  }
}

export const ask = (change: Partial<OverviewQuery> = {}): OverviewQuery => ({
  ...overviewQuery.parse({}),
  ...change,
})

export const askList = (change: Partial<SessionListQuery> = {}): SessionListQuery => ({
  ...sessionListQuery.parse({}),
  ...change,
})

export const askAll = (change: Partial<Filter> = {}): Filter => ({ ...filter.parse({}), ...change })
