/**
 * What people are told about money: a threshold of a budget that was passed, a budget that will not last, an
 * hour or a session far above its usual, a plan that is nearly used up. Each is told once, by every channel
 * that is set up.
 */
import type { PassedThreshold } from './budget.ts'
import type { HeldSubject } from './budget-subject.ts'
import { heldName, heldWhen } from './managed-budget.ts'
import { type PlanNews, planWindowText } from './plan-window.ts'
import { usdText } from './usd-text.ts'

/** Spending passed a threshold of a budget. */
export interface ThresholdAlert extends PassedThreshold {
  readonly kind: 'budget'
}

/** At its pace so far, a budget is spent before its window ends. */
export interface ForecastAlert extends HeldSubject {
  readonly kind: 'forecast'
  readonly limitUsd: number
  readonly spentUsd: number
  /** What will have been spent when the window ends. */
  readonly projectedUsd: number
  /** The day on which it is spent, `2026-11-19`. */
  readonly spentOn: string
  /** When it was found, epoch ms; the same below. */
  readonly atMs: number
}

/** An hour, by all or by a user, or a session that cost far more than usual. */
export interface SpikeAlert {
  readonly kind: 'spike'
  readonly scope: 'all' | 'user' | 'session'
  /** The user or the session's key; empty for all. */
  readonly subject: string
  readonly costUsd: number
  /** What nine of ten cost at most. */
  readonly usualUsd: number
  /** The hour, `2026-11-21 14:00`; empty for a session. */
  readonly hour: string
  readonly atMs: number
}

/** A window of a subscription's plan is used to 80 %, or begins anew soon. */
export interface PlanAlert {
  readonly kind: 'plan'
  readonly scope: 'user'
  /** The user; empty where no record named one. */
  readonly subject: string
  readonly agent: string
  /** The window, in the agent's words. */
  readonly plan: string
  readonly about: PlanNews
  readonly usedPercent: number
  /** When it begins anew, `2026-11-21 15:00`; empty where that is not told. */
  readonly resets: string
  readonly atMs: number
}

export type Alert = ThresholdAlert | ForecastAlert | SpikeAlert | PlanAlert

export const ALERT_KINDS: readonly Alert['kind'][] = ['budget', 'forecast', 'spike', 'plan']

/**
 * An alert in one sentence: `passed 80 % of the daily budget of team red: $8.12 of $10.00 spent on 2026-11-21`. `shown` makes names fit for where the sentence goes: agents
 * send them as they like.
 */
export function alertText(alert: Alert, shown: (name: string) => string = (name) => name): string {
  switch (alert.kind) {
    case 'budget': {
      const { threshold, spentUsd, limitUsd } = alert
      const sums = `${usdText(spentUsd)} of ${usdText(limitUsd)} spent${heldWhen(alert)}`
      return `passed ${threshold} % of the ${heldName(alert, shown)}: ${sums}`
    }
    case 'forecast': {
      const { spentUsd, limitUsd, spentOn } = alert
      const sums = `${usdText(spentUsd)} of ${usdText(limitUsd)} spent${heldWhen(alert)}`
      return `at this pace the ${heldName(alert, shown)} is spent on ${spentOn}: ${sums}`
    }
    case 'spike': {
      const { scope, subject, hour, costUsd, usualUsd } = alert
      const name = shown(subject.slice(0, MAX_NAME_LENGTH).toWellFormed())
      const usual = `${usdText(costUsd)}, where nine of ten cost at most ${usdText(usualUsd)}`
      if (scope === 'session') return `session ${name} costs far more than usual: ${usual}`
      const who = scope === 'all' ? 'an hour costs' : `an hour of ${name} costs`
      return `${who} far more than usual: ${usual}, on ${hour}`
    }
    case 'plan': {
      const { subject, agent, plan, about, usedPercent, resets } = alert
      const name = shown(subject.slice(0, MAX_NAME_LENGTH).toWellFormed())
      const whose = subject === '' ? `of ${agent}` : `of ${agent} of ${name}`
      const used = `${Math.floor(usedPercent)} % of the plan's ${planWindowText(plan)} ${whose}`
      if (about === 'reset') return `${used} is used, and it begins anew at ${resets}`
      return resets === '' ? `${used} is used` : `${used} is used; it begins anew at ${resets}`
    }
  }
}

const MAX_NAME_LENGTH = 200

/**
 * What an alert is about, as a text: alerts of the same topic are told once in a window. The limit and the
 * window belong to it, so that a budget that was raised, lowered or given another window is told of again.
 */
export function alertTopic(alert: Alert): string {
  const { kind, scope, subject } = alert
  if (kind === 'spike') return JSON.stringify([kind, scope, subject])
  if (kind === 'plan') return JSON.stringify([kind, subject, alert.agent, alert.plan, alert.about])
  const { budget, window, limitUsd } = alert
  const threshold = kind === 'budget' ? alert.threshold : 0
  return JSON.stringify([kind, scope, subject, budget, window, threshold, limitUsd])
}

/** An alert that a channel has not taken yet, as its sender sees it. */
export interface QueuedAlert {
  /** Unique over all installations, the same at each try and for every channel. */
  readonly id: string
  readonly alert: Alert
  /** Tries that failed so far. */
  readonly attempts: number
  /** Earliest time of the next attempt, epoch ms; 0 for immediately. */
  readonly notBeforeMs: number
}

/** The durable queue of one channel. */
export interface AlertQueue {
  /** The one that may be tried first, also when that is later; undefined when none waits. */
  next(): Promise<QueuedAlert | undefined>
  /** Counts a failed try and puts the alert off. */
  putOff(id: string, notBeforeMs: number): Promise<void>
  /** It was sent, or is given up: it waits no longer. */
  settle(id: string): Promise<void>
}

/** How an alert is noted. */
export interface Raising {
  /** Nothing is noted if there is one of its topic since then, epoch ms. */
  readonly sinceMs: number
  /** Whose queues it goes to. */
  readonly channels: readonly string[]
  /** With it the alert is deleted. */
  readonly sessionKey?: string
}

/** Alerts as a store keeps them: a history, and a queue for each channel. */
export interface AlertStore {
  /** Notes an alert, once over all processes that share the store. Whether it is news. */
  raise(alert: Alert, raising: Raising): Promise<boolean>
  /** Puts what commits found into the queues of the channels. */
  adopt(channels: readonly string[]): Promise<void>
  queue(channel: string): AlertQueue
}
