/** The ledger, the brake and the watch of budgets over a store in the test's hands. */
import { onTestFinished } from 'vitest'
import { type BudgetBrakeDeps, createBudgetBrake } from '../../../src/alerts/budget-brake.ts'
import { createBudgetWatch, LATE_MS } from '../../../src/alerts/budget-watch.ts'
import { createSpendingLedger } from '../../../src/alerts/spending-ledger.ts'
import { type Alert, type AlertStore, alertTopic } from '../../../src/domain/alert.ts'
import { earliestOf } from '../../../src/domain/budget-plan.ts'
import type {
  BrakeStore,
  BudgetOverride,
  KnownSession,
  SpentRow,
} from '../../../src/domain/budget-brake.ts'
import { type SessionKey, sessionKeyOf } from '../../../src/domain/identity.ts'
import type { KnownBudget } from '../../../src/domain/managed-budget.ts'
import type { Outcome } from '../../../src/domain/session-store.ts'
import { SPIKE_HISTORY_MS } from '../../../src/domain/spike.ts'
import { bucketOf } from '../../../src/domain/usage.ts'
import { createBudgetCalendar } from '../../../src/reports/budget-days.ts'
import { used } from '../../integration/storage/usage.ts'
import { createManualClock } from '../manual-clock.ts'
import { AT_MS, row } from '../storage/arrivals.ts'

export interface StoredSpending {
  rows?: readonly Partial<SpentRow>[]
  sessions?: readonly KnownSession[]
  fails?: boolean
}

export interface RigOptions extends Partial<Pick<BudgetBrakeDeps, 'action'>> {
  readonly budgets: readonly KnownBudget[]
  readonly timeZone?: string
  readonly nowMs?: number
  readonly tellsSpikes?: boolean
  readonly betweenCommits?: <T>(task: () => Promise<T>) => Promise<T>
}

export function setUpBudgets(options: RigOptions, stored: StoredSpending = {}) {
  const { budgets, timeZone = 'UTC', nowMs = AT_MS, tellsSpikes = false } = options
  const clock = createManualClock(nowMs)
  const calendar = createBudgetCalendar(timeZone)
  const lifted: BudgetOverride[] = []
  let reads = 0
  const store: BrakeStore = {
    spending: async ({ fromMs, toMs }) => {
      reads += 1
      if (stored.fails === true) throw new Error('told to fail')
      return (stored.rows ?? [])
        .map((each) => ({ ...aRow, bucketMs: bucketOf(nowMs), ...each }))
        .filter(({ bucketMs }) => bucketMs >= fromMs && bucketMs < toMs)
    },
    knownSessions: async () => stored.sessions ?? [],
    overrides: async (ms) => lifted.filter(({ untilMs }) => untilMs > ms),
    addOverride: async (override) => void lifted.push(override),
    endOverrides: async () => lifted.splice(0).length,
  }
  const errors: object[] = []
  const log = {
    info: () => {},
    warn: () => {},
    error: (fields: object) => void errors.push(fields),
  }
  const ledger = createSpendingLedger({
    store,
    calendar,
    needs: (ms) => {
      const historyMs = tellsSpikes ? ms - SPIKE_HISTORY_MS : ms
      const earliestMs = Math.min(earliestOf(budgets, ms - LATE_MS, calendar), historyMs)
      return { daysFromMs: earliestMs, quartersFromMs: earliestMs }
    },
    prepare: async () => brake.reload(),
    betweenCommits: options.betweenCommits ?? ((task) => task()),
    clock,
    log,
  })
  const brake = createBudgetBrake({
    action: options.action ?? 'stop',
    budgets: () => budgets,
    contact: 'ops',
    ...{ calendar, ledger, store, clock },
  })
  const noted: {
    readonly topic: string
    readonly alert: Alert
    readonly channels: readonly string[]
  }[] = []
  let isBroken = false
  const raise: AlertStore['raise'] = async (alert, { sinceMs, channels }) => {
    if (isBroken) throw new Error('told to fail')
    const topic = alertTopic(alert)
    if (noted.some((each) => each.topic === topic && each.alert.atMs >= sinceMs)) return false
    noted.push({ topic, alert, channels })
    return true
  }
  const raised: Alert[] = []
  const spentBy: (SessionKey | undefined)[] = []
  const watchOf = () =>
    createBudgetWatch({
      budgets: () => budgets,
      ...{ tellsSpikes, ledger, calendar, clock, log },
      hourText: (ms) => new Date(ms).toISOString().slice(0, 13).replace('T', ' ').concat(':00'),
      alerts: { raise },
      channels: ['webhook'],
      onRaised: (alert, session) => {
        raised.push(alert)
        spentBy.push(session)
      },
    })
  const watch = watchOf()
  const stop = (): void => {
    ledger.stop()
    watch.stop()
  }
  onTestFinished(stop)
  return {
    ...{ brake, clock, store, errors, ledger, watch, noted, raised, spentBy, stop, watchOf },
    reads: () => reads,
    breakAlerts: (broken: boolean) => {
      isBroken = broken
    },
    start: () => ledger.start(),
    committed: (outcome: Outcome<unknown>) => {
      ledger.committed(outcome)
      watch.committed(outcome)
    },
  }
}

const aRow: SpentRow = {
  bucketMs: 0,
  userId: undefined,
  team: undefined,
  project: undefined,
  agent: 'claude-code',
  model: 'opus',
  costUsd: 0,
  estimatedUsd: 0,
}

export interface Cost {
  readonly id?: string
  /** Of the key that it came under. */
  readonly ownerTeam?: string
  readonly usd: number
  /** What the session cost before; 0 unless told. */
  readonly beforeUsd?: number
  readonly estimatedUsd?: number
  readonly userId?: string
  readonly team?: string
  readonly project?: string
  readonly model?: string
  /** What the call was for. */
  readonly querySource?: string
  /** The project that the call itself names; by default none. */
  readonly spentFor?: string
  readonly atMs?: number
  readonly isMoved?: boolean
}

/** The outcome of a commit in which a session spent this. */
export function spent({ id = 's1', usd, beforeUsd = 0, atMs = AT_MS, ...cost }: Cost) {
  const { estimatedUsd = 0, userId, team, project, model = 'opus', isMoved = false } = cost
  const { querySource, spentFor, ownerTeam } = cost
  const key = sessionKeyOf('claude-code', id, ownerTeam === undefined ? {} : { team: ownerTeam })
  const session = row(id, { key, userId, team, project, costUsd: beforeUsd + usd, estimatedUsd })
  const dimensions = {
    ...(querySource !== undefined && { querySource }),
    ...(spentFor !== undefined && { project: spentFor }),
  }
  const models = [{ costUsd: usd, estimatedUsd, model, dimensions, bucketMs: bucketOf(atMs) }]
  const usage = used(session, { models, isMoved })
  return { sessions: [session], usage: [usage], emissions: [] } as unknown as Outcome<unknown>
}
