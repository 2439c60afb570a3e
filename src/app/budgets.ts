/**
 * Budgets put together from the settings: what the store watches over inside its commits, what is looked
 * at right behind them, what is refused, and what becomes of alerts once they are durable (a line in the
 * log, and the channels).
 */
import { type AlertSender, createAlertSender } from '../alerts/alert-sender.ts'
import { type BudgetBrake, createBudgetBrake } from '../alerts/budget-brake.ts'
import { type BudgetWatch as Watcher, createBudgetWatch, LATE_MS } from '../alerts/budget-watch.ts'
import type { AlertChannel } from '../alerts/channel.ts'
import { createSpendingLedger, type SpendingLedger } from '../alerts/spending-ledger.ts'
import type { Config } from '../config/config.ts'
import { type Alert, alertText, type ThresholdAlert } from '../domain/alert.ts'
import type { BudgetAlert, BudgetWatch, PassedThreshold, Threshold } from '../domain/budget.ts'
import { type BudgetPlan, createBudgetPlan, earliestOf } from '../domain/budget-plan.ts'
import type { Clock, Timer } from '../domain/clock.ts'
import type { SessionKey } from '../domain/identity.ts'
import type { KnownBudget } from '../domain/managed-budget.ts'
import type { Outcome } from '../domain/session-store.ts'
import { SPIKE_HISTORY_MS } from '../domain/spike.ts'
import type { Log } from '../observability/logger.ts'
import { createBudgetCalendar, createBudgetDays } from '../reports/budget-days.ts'
import { hourText } from '../reports/time-buckets.ts'
import { budgetEvents } from '../sessions/budget-event.ts'
import { policyOf } from '../sessions/policy.ts'
import type { SessionState } from '../sessions/state.ts'
import type { Store } from '../storage/store.ts'
import { hasAlertChannels } from '../alerts/channels.ts'

/** Where the days of budgets begin. */
export function budgetTimeZone({ budgets }: Pick<Config, 'budgets'>): string {
  return budgets.timeZone ?? new Intl.DateTimeFormat().resolvedOptions().timeZone
}

/** What the store watches over: the budgets of the settings. Nothing while none is set. */
export function budgetWatchOf(config: Config): BudgetWatch<SessionState> | undefined {
  const { limits } = config.budgets
  if (Object.keys(limits).length === 0) return undefined
  const policy = policyOf(config.session)
  return {
    limits,
    dayOf: createBudgetDays(budgetTimeZone(config)),
    events: (state, alert) => budgetEvents(state, alert, policy),
    hasChannels: hasAlertChannels(config),
  }
}

export interface Budgets {
  readonly plan: BudgetPlan
  /** Absent where budgets only tell. */
  readonly brake: BudgetBrake | undefined
  /** Reads what was spent; where prompts are refused, resolves once it is known. */
  load(): Promise<void>
  /** Begins to tell: also what a former process left. */
  start(): void
  /** To be told of each commit before its records are answered. */
  committed(outcome: Outcome<unknown>): void
  /** Sessions were deleted or changed. */
  deleted(): void
  /** What commits found, which is durable by now. */
  raise(alerts: readonly BudgetAlert[]): void
  /** Tells an alert that something else found, unless it was told since then. */
  raiseAlert(alert: Alert, sinceMs: number): Promise<void>
  /** Looks for alerts that wait: of another process that shares the store, say. */
  notify(): void
  /** Waits for the alerts under way, for at most `graceMs`. */
  stop(graceMs: number): Promise<void>
}

/** How often budgets and overrides are read again while something can be refused. */
const RULES_MS = 5_000

export interface BudgetsDeps {
  readonly config: Config
  /** Of the settings and the file. */
  readonly fixed: readonly KnownBudget[]
  readonly channels: readonly AlertChannel[]
  readonly store: Pick<Store<unknown>, 'brake' | 'budgets' | 'alerts' | 'pause'>
  readonly betweenCommits: <T>(task: () => Promise<T>) => Promise<T>
  readonly onAlert: (scope: string, threshold: Threshold) => void
  /** Shows an alert in the trace of the session that spent. */
  readonly showInTrace: (session: SessionKey, alert: PassedThreshold) => Promise<void>
  readonly clock: Clock
  readonly log: Log
}

export function createBudgets(deps: BudgetsDeps): Budgets {
  const { config, fixed, store, clock, log } = deps
  const { action, contact = 'whoever runs claude-telemetry', spikes } = config.budgets
  const timeZone = budgetTimeZone(config)
  const calendar = createBudgetCalendar(timeZone)
  const plan = createBudgetPlan({ fixed, store: store.budgets })
  const { channels } = deps
  const names = channels.map(({ name }) => name)
  const isManaged = ({ scope }: KnownBudget) => scope === undefined
  const tellsSpikes = spikes && (channels.length > 0 || fixed.length > 0)

  function needs(nowMs: number) {
    // The store itself watches over those of the settings; only the brake asks the ledger for them.
    const budgets = plan.current().filter((budget) => action !== 'tell' || isManaged(budget))
    if (budgets.length === 0 && !tellsSpikes) return undefined
    const spikesFromMs = tellsSpikes ? nowMs - SPIKE_HISTORY_MS : nowMs
    const rolling = budgets.filter(({ window }) => /\d/.test(window))
    const lateFromMs = earliestOf(budgets.filter(isManaged), nowMs - LATE_MS, calendar)
    return {
      daysFromMs: Math.min(earliestOf(budgets, nowMs, calendar), lateFromMs, spikesFromMs),
      quartersFromMs: Math.min(earliestOf(rolling, nowMs, calendar), spikesFromMs),
    }
  }

  const ledger: SpendingLedger = createSpendingLedger({
    store: store.brake,
    calendar,
    needs,
    prepare: reloadRules,
    onRefreshed: () => void watcher.look(),
    betweenCommits: deps.betweenCommits,
    clock,
    log,
  })
  const brake =
    action === 'tell'
      ? undefined
      : createBudgetBrake({
          ...{ action, contact, calendar, ledger, clock },
          budgets: () => plan.current(),
          store: store.brake,
        })
  let rulesTimer: Timer | undefined
  let isStopped = false
  const senders = channels.map((channel) => senderOf(channel))

  function senderOf(channel: AlertChannel): AlertSender {
    const { address } = channel
    return createAlertSender({
      channel,
      queue: store.alerts.queue(channel.name),
      prepare: () => store.alerts.adopt(names),
      pause: address === undefined ? undefined : store.pause(address),
      clock,
      random: Math.random,
      log,
    })
  }

  async function reloadRules(): Promise<void> {
    await plan.reload()
    await brake?.reload()
  }

  /** What another replica was told of budgets and overrides: nobody stays refused for long. */
  function watchRules(): void {
    rulesTimer = clock.setTimer(() => {
      // What cannot be read stays as it is, and is told with what was spent.
      void reloadRules()
        .catch(() => {})
        .then(() => {
          if (!isStopped) watchRules()
        })
    }, RULES_MS)
  }

  function notify(): void {
    for (const sender of senders) sender.notify()
  }

  function tell(alert: Alert): void {
    log.warn(alert.kind === 'plan' ? { plan: alert } : { budget: alert }, alertText(alert))
    if (alert.kind === 'budget') deps.onAlert(alert.scope, alert.threshold)
  }

  /** It is told already, so a failure costs its EVENT alone. */
  async function showInTrace(session: SessionKey, alert: ThresholdAlert): Promise<void> {
    try {
      await deps.showInTrace(session, alert)
    } catch (error) {
      log.error({ err: error }, 'a budget alert could not be shown in the trace')
    }
  }

  const watcher: Watcher = createBudgetWatch({
    budgets: () => plan.current(),
    tellsSpikes,
    ...{ ledger, calendar, clock, log },
    hourText: (ms) => hourText(ms, timeZone),
    alerts: store.alerts,
    channels: names,
    onRaised: (alert, session) => {
      tell(alert)
      notify()
      if (alert.kind === 'budget' && session !== undefined) void showInTrace(session, alert)
    },
  })

  return {
    plan: {
      ...plan,
      add: async (...of) => {
        const added = await plan.add(...of)
        // What was spent of it before counts from now on.
        if (added.ok) await ledger.refresh()
        return added
      },
    },
    brake,
    load: async () => {
      const loaded = ledger.start()
      if (brake !== undefined) watchRules()
      // Where nothing is refused, nobody has to wait until a month was read.
      if (brake !== undefined) await loaded
    },
    start: () => {
      for (const sender of senders) sender.start()
    },
    committed: (outcome) => {
      ledger.committed(outcome)
      watcher.committed(outcome)
    },
    deleted: () => ledger.deleted(),
    raise: (alerts) => {
      for (const alert of alerts) tell({ kind: 'budget', ...alert })
      if (alerts.length > 0) notify()
    },
    raiseAlert: async (alert, sinceMs) => {
      const isNews = await store.alerts.raise(alert, { sinceMs, channels: names })
      if (!isNews) return
      tell(alert)
      notify()
    },
    notify,
    stop: async (graceMs) => {
      isStopped = true
      rulesTimer?.cancel()
      watcher.stop()
      ledger.stop()
      await Promise.all(senders.map((sender) => sender.stop(graceMs)))
    },
  }
}
