/**
 * Budgets put together from the settings: what the store watches over inside its commits, and what
 * becomes of an alert once it is durable (a line in the log, the webhook).
 */
import { createBudgetDays } from '../reports/budget-days.ts'
import type { Config } from '../config/config.ts'
import {
  type BudgetBrake,
  type BudgetBrakeDeps,
  createBudgetBrake,
} from '../alerts/budget-brake.ts'
import { createWebhookClient } from '../alerts/webhook-client.ts'
import { createWebhookSender } from '../alerts/webhook-sender.ts'
import {
  type AlertQueue,
  type BudgetAlert,
  budgetText,
  type BudgetWatch,
} from '../domain/budget.ts'
import type { Clock } from '../domain/clock.ts'
import type { DestinationPause } from '../domain/destination-pause.ts'
import type { Log } from '../observability/logger.ts'
import { budgetEvents } from '../sessions/budget-event.ts'
import { policyOf } from '../sessions/policy.ts'
import type { SessionState } from '../sessions/state.ts'

const WEBHOOK_TIMEOUT_MS = 10_000

/** Where the days of budgets begin. */
export function budgetTimeZone({ budgets }: Config): string {
  return budgets.timeZone ?? new Intl.DateTimeFormat().resolvedOptions().timeZone
}

/** Nothing while no budget is set. */
export function budgetWatchOf(config: Config): BudgetWatch<SessionState> | undefined {
  const { limits, webhookUrl } = config.budgets
  if (Object.keys(limits).length === 0) return undefined
  const policy = policyOf(config.session)
  return {
    limits,
    dayOf: createBudgetDays(budgetTimeZone(config)),
    events: (state, alert) => budgetEvents(state, alert, policy),
    hasWebhook: webhookUrl !== undefined,
  }
}

/** Nothing unless spent budgets refuse something. */
export function budgetBrakeOf(
  config: Config,
  deps: Pick<BudgetBrakeDeps, 'store' | 'betweenCommits' | 'clock' | 'log'>,
): BudgetBrake | undefined {
  const { action, limits, contact = 'whoever runs claude-telemetry' } = config.budgets
  if (action === 'tell' || Object.keys(limits).length === 0) return undefined
  const dayOf = createBudgetDays(budgetTimeZone(config))
  return createBudgetBrake({ ...deps, action, limits, contact, dayOf })
}

export interface BudgetAlarm {
  /** Takes up what a former process left for the webhook. */
  start(): void
  /** Looks for alerts that wait: of another process that shares the store, say. */
  notify(): void
  /** Tells alerts, which are durable by now. */
  raise(alerts: readonly BudgetAlert[]): void
  /** Waits for the alert under way, for at most `graceMs`. */
  stop(graceMs: number): Promise<void>
}

export interface BudgetAlarmDeps {
  readonly config: Config
  readonly queue: AlertQueue
  /** Of the webhook at an address. */
  readonly pauseOf: (url: string) => DestinationPause
  readonly clock: Clock
  readonly log: Log
}

export function createBudgetAlarm({
  config,
  queue,
  pauseOf,
  clock,
  log,
}: BudgetAlarmDeps): BudgetAlarm {
  const { webhookUrl: url } = config.budgets
  const sender =
    url === undefined
      ? undefined
      : createWebhookSender({
          queue,
          client: createWebhookClient({ url, timeoutMs: WEBHOOK_TIMEOUT_MS }),
          pause: pauseOf(url),
          clock,
          random: Math.random,
          log,
        })

  return {
    start: () => sender?.start(),
    notify: () => sender?.notify(),
    raise: (alerts) => {
      for (const alert of alerts) log.warn({ budget: alert }, budgetText(alert))
      sender?.notify()
    },
    stop: async (graceMs) => sender?.stop(graceMs),
  }
}
