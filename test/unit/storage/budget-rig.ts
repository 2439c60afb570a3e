/** A store that watches over budgets, and sessions that spend. */
import { onTestFinished } from 'vitest'
import { createBudgetDays } from '../../../src/reports/budget-days.ts'
import type { BudgetAlert, BudgetLimits } from '../../../src/domain/budget.ts'
import type { Arrival, Outcome, SessionRow } from '../../../src/domain/session-store.ts'
import { bucketOf } from '../../../src/domain/usage.ts'
import { openStore } from '../../../src/storage/open-store.ts'
import type { Store } from '../../../src/storage/store.ts'
import { createManualClock } from '../manual-clock.ts'
import { AT_MS, observation, other, plainStates, row } from './arrivals.ts'
import { temporaryFolder, withDatabase } from './open-store.ts'

/** The state of a session in these tests. */
interface Spender {
  readonly costUsd: number
}

/** One record that cost something. */
export interface Step {
  readonly costUsd: number
  readonly sessionId?: string
  readonly userId?: string
  readonly team?: string
  /** When it happened. */
  readonly atMs?: number
  /** Equal keys are one record sent twice. */
  readonly key?: string
  readonly isMoved?: boolean
}

export interface BudgetOptions {
  readonly limits: BudgetLimits
  readonly dataDir?: string
  readonly timeZone?: string
  readonly hasChannels?: boolean
}

export interface BudgetRig {
  readonly store: Store<Spender>
  readonly dataDir: string
  readonly errors: readonly object[]
  /** The next commit that has something to tell fails at its end. */
  failNext(): void
  /** One commit of these records. Resolves to the alerts that it told. */
  spend(...steps: readonly Step[]): Promise<readonly BudgetAlert[]>
  rows(sql: string): unknown[]
}

let keys = 0

export async function openBudgets(options: BudgetOptions): Promise<BudgetRig> {
  const { limits, dataDir = temporaryFolder(), timeZone = 'UTC', hasChannels = true } = options
  const errors: object[] = []
  let fails = false
  const opened = await openStore<Spender>({
    dataDir,
    clock: createManualClock(AT_MS),
    states: plainStates(),
    retentionMs: 0,
    outbox: { maxAgeMs: 0, maxBytes: 0 },
    exporters: [{ exporter: 'langfuse', kinds: ['observation', 'score'], isActive: true }],
    budgets: {
      limits,
      dayOf: createBudgetDays(timeZone),
      events: (_, alert) => {
        if (fails) {
          fails = false
          throw new Error('told to fail')
        }
        return [observation(`alert ${alert.scope} ${alert.threshold}`)]
      },
      hasChannels,
    },
    log: { warn: () => {}, error: (fields) => errors.push(fields) },
  })
  if (!opened.ok) throw new Error(opened.error.message)
  const store = opened.value
  let closed: Promise<void> | undefined
  const close = () => (closed ??= store.close())
  onTestFinished(close)
  return {
    store: { ...store, close },
    dataDir,
    errors,
    failNext: () => {
      fails = true
    },
    spend: async (...steps) => {
      const arrivals = steps.map((step) => ({ ...arrivalOf(step), step }))
      const load = [...new Set(arrivals.map(({ sessionKey }) => sessionKey))]
      const { alerts } = await store.sessions.commit(arrivals, load, (fresh, stored) =>
        outcomeOf(
          arrivals.filter((arrival) => fresh.includes(arrival)),
          stored,
        ),
      )
      return alerts
    },
    rows: (sql) => withDatabase(dataDir, (database) => database.prepare(sql).all()),
  }
}

type Spending = Arrival & { readonly step: Step }

function arrivalOf({ key, sessionId = 's1' }: Step): Arrival {
  keys += 1
  return other(key ?? `key-${keys}`, sessionId)
}

function outcomeOf(
  fresh: readonly Spending[],
  stored: ReadonlyMap<string, Spender>,
): Outcome<Spender> {
  const sessions: SessionRow<Spender>[] = []
  const usage: Outcome<Spender>['usage'][number][] = []
  for (const [sessionKey, own] of Map.groupBy(fresh, (arrival) => arrival.sessionKey)) {
    const steps = own.map(({ step }) => step)
    const { sessionId = 's1', userId, team } = steps[0] ?? {}
    const before = stored.get(sessionKey)?.costUsd ?? 0
    const costUsd = steps.reduce((sum, step) => sum + step.costUsd, before)
    const lastMs = Math.max(...steps.map(({ atMs = AT_MS }) => atMs))
    const session = { ...row(sessionId, { userId, team, costUsd, lastMs }), state: { costUsd } }
    sessions.push(session)
    const isMoved = steps.some((step) => step.isMoved === true)
    usage.push({
      session,
      usage: { models: steps.map(modelUsage), tools: [], activity: [] },
      isMoved,
    })
  }
  return { sessions, usage, emissions: [] }
}

function modelUsage({ costUsd, atMs = AT_MS }: Step) {
  return {
    bucketMs: bucketOf(atMs),
    model: 'opus',
    isSubagent: false,
    dimensions: {},
    calls: 1,
    errors: 0,
    costUsd,
    estimatedUsd: 0,
    metricsUsd: 0,
    unpricedCalls: 0,
    inputTokens: 0,
    outputTokens: 0,
    cacheReadTokens: 0,
    cacheCreationTokens: 0,
    durationMs: 0,
  }
}
