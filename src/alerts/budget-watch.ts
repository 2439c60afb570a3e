/**
 * Finds what is to be told of spending, right behind the commits that spend: thresholds of managed budgets,
 * budgets that will not last, and hours and sessions far above their usual. Budgets of the settings find
 * their thresholds inside of the commit (docs/decisions/0008).
 *
 * What was told is noted in the store, so nothing is told twice after a restart or by several replicas; and
 * what a crash left untold is found by the next look.
 */
import { type Alert, type AlertStore, alertTopic } from '../domain/alert.ts'
import { reachedThreshold, THRESHOLDS } from '../domain/budget.ts'
import type { Clock, Timer } from '../domain/clock.ts'
import { forecastOf } from '../domain/forecast.ts'
import type { SessionKey } from '../domain/identity.ts'
import { type BudgetCalendar, rollingMs, type WindowSpan } from '../domain/budget-subject.ts'
import {
  heldSubject,
  isFor,
  type KnownBudget,
  type SpendingKind,
  spenderOf,
  spendingKind,
  windowAt,
} from '../domain/managed-budget.ts'
import type { Outcome } from '../domain/session-store.ts'
import { hourSpike, hoursToCheck, SPIKE_REST_MS, sessionSpike } from '../domain/spike.ts'
import type { DeliveryLog } from '../exporters/limits.ts'
import type { SpendingLedger } from './spending-ledger.ts'

export interface BudgetWatch {
  /** To be told of each commit, behind the ledger. */
  committed(outcome: Outcome<unknown>): void
  /** Looks at everything that is known, hours included; resolves once it is told. */
  look(): Promise<void>
  stop(): void
}

export interface BudgetWatchDeps {
  readonly budgets: () => readonly KnownBudget[]
  readonly tellsSpikes: boolean
  readonly ledger: Pick<
    SpendingLedger,
    'spentIn' | 'subjectsIn' | 'quartersOf' | 'session' | 'sessions'
  >
  readonly calendar: BudgetCalendar
  /** `2026-11-21 14:00` in the time zone of budgets. */
  readonly hourText: (ms: number) => string
  readonly alerts: Pick<AlertStore, 'raise'>
  readonly channels: readonly string[]
  /** Called with each alert once it is durable, and the session that spent last of it where that is known. */
  readonly onRaised: (alert: Alert, session: SessionKey | undefined) => void
  readonly clock: Clock
  readonly log: DeliveryLog
}

/** Commits within it are looked at together. */
const DELAY_MS = 1_000
/** Another replica may have told it: when that is asked again. */
const ASK_AGAIN_MS = 60_000
/** Topics that are remembered, so that the store is not asked with each commit. */
const MAX_TOLD = 10_000
/** Windows that ended within this time are looked at again when something arrives that was spent in them. */
export const LATE_MS = 7 * 86_400_000
/** A budget that will be spent in the last tenth of its window has as good as lasted. */
const FORECAST_PART = 0.9

/** An alert with when its window began: it is told once since then. */
interface Found {
  readonly alert: Alert
  readonly sinceMs: number
  /** When it may be told again, as far as is known. */
  readonly untilMs: number
  readonly sessionKey?: SessionKey
  /** The newest session that was told of and spent for it. */
  readonly spentBy?: SessionKey | undefined
  /** What it says is implied by another one: it is noted, but not told. */
  readonly isSilent?: boolean
}

export function createBudgetWatch(deps: BudgetWatchDeps): BudgetWatch {
  const { budgets, tellsSpikes, ledger, calendar, alerts, channels, clock, log } = deps
  const changed = new Set<SessionKey>()
  /** When the earliest of what arrived since the last look was spent. */
  let earliestMs = Number.POSITIVE_INFINITY
  /** Until when a topic needs no further look. */
  const told = new Map<string, number>()
  let timer: Timer | undefined
  let running: Promise<void> | undefined
  let isStopped = false

  async function tell(found: Found): Promise<void> {
    const { alert, sinceMs, untilMs, sessionKey, spentBy, isSilent } = found
    const topic = alertTopic(alert)
    const nowMs = clock.now()
    if (nowMs < (told.get(topic) ?? 0)) return
    const isNews = await alerts.raise(alert, {
      sinceMs,
      channels: isSilent === true ? [] : channels,
      ...(sessionKey !== undefined && { sessionKey }),
    })
    told.delete(topic)
    told.set(topic, isNews ? untilMs : Math.min(untilMs, nowMs + ASK_AGAIN_MS))
    for (const oldest of told.keys()) {
      if (told.size <= MAX_TOLD) break
      told.delete(oldest)
    }
    if (isNews && isSilent !== true) deps.onRaised(alert, spentBy)
  }

  function* thresholds(
    budget: KnownBudget,
    subject: string,
    spentUsd: number,
    span: WindowSpan | undefined,
    spentBy: SessionKey | undefined,
  ): Generator<Found> {
    const { limitUsd, window } = budget
    const reached = reachedThreshold(spentUsd, limitUsd)
    if (reached === undefined) return
    const nowMs = clock.now()
    const lengthMs = rollingMs(window)
    const common = {
      sinceMs: span?.fromMs ?? 0,
      untilMs:
        span === undefined
          ? Number.POSITIVE_INFINITY
          : lengthMs === undefined
            ? Math.max(span.toMs, nowMs + ASK_AGAIN_MS)
            : nowMs + lengthMs,
      ...(span === undefined && { sessionKey: subject }),
    }
    const held = heldSubject(budget, subject, span?.date ?? '')
    for (const threshold of THRESHOLDS.toReversed()) {
      if (threshold > reached) continue
      const alert = { kind: 'budget', ...held, threshold, limitUsd, spentUsd, atMs: nowMs } as const
      yield { ...common, alert, spentBy, isSilent: threshold < reached }
    }
  }

  function* forecast(
    budget: KnownBudget,
    subject: string,
    spentUsd: number,
    span: WindowSpan,
  ): Generator<Found> {
    const { limitUsd, window } = budget
    if (window !== 'week' && window !== 'month') return
    const { fromMs, toMs, date } = span
    const nowMs = clock.now()
    const found = forecastOf({ spentUsd, limitUsd, fromMs, toMs, nowMs })
    const spentAtMs = found?.spentAtMs
    if (found === undefined || spentAtMs === undefined) return
    if (spentAtMs > fromMs + (toMs - fromMs) * FORECAST_PART) return
    const { projectedUsd } = found
    const held = heldSubject(budget, subject, date)
    const spentOn = calendar('day', spentAtMs).date
    yield {
      alert: {
        ...({ kind: 'forecast', ...held, limitUsd, spentUsd } as const),
        ...{ projectedUsd, spentOn, atMs: nowMs },
      },
      sinceMs: fromMs,
      untilMs: toMs,
    }
  }

  function* ofWindows(
    budget: KnownBudget,
    span: WindowSpan,
    keys: ReadonlySet<SessionKey>,
    isFull: boolean,
  ): Generator<Found> {
    const of = spendingKind(budget)
    // Not read yet: the next look goes back as far again.
    if (ledger.spentIn(of, '', span) === undefined) earliestMs = Math.min(earliestMs, span.fromMs)
    const newest = newestOf(of, keys)
    // A session has several models, and may have spent for another project than it is of by now.
    const hasSeveral = of === 'model' || of === 'project'
    const spenders = isFull || hasSeveral ? undefined : newest.keys()
    for (const each of spenders ?? ledger.subjectsIn(of, span)) {
      if (!isFor(budget, each)) continue
      const spentUsd = ledger.spentIn(of, each, span)?.costUsd
      if (spentUsd === undefined) continue
      yield* thresholds(budget, each, spentUsd, span, newest.get(each))
      if (span.toMs > clock.now()) yield* forecast(budget, each, spentUsd, span)
    }
  }

  function* ofSessions(budget: KnownBudget, keys: Iterable<SessionKey>): Generator<Found> {
    for (const key of keys) {
      const session = ledger.session(key)
      const subject = session && spenderOf(budget.of, session)
      if (session === undefined || subject === undefined || !isFor(budget, subject)) continue
      yield* thresholds(budget, key, session.costUsd, undefined, key)
    }
  }

  function* sessionSpikes(keys: ReadonlySet<SessionKey>): Generator<Found> {
    const costs = Array.from(ledger.sessions()).filter(({ costUsd }) => costUsd > 0)
    for (const key of keys) {
      const session = ledger.session(key)
      if (session === undefined) continue
      const others = costs.flatMap((each) => (each.key === key ? [] : [each.costUsd]))
      const spike = sessionSpike(session.costUsd, others)
      if (spike === undefined) continue
      const atMs = clock.now()
      yield {
        alert: { kind: 'spike', scope: 'session', subject: key, ...spike, hour: '', atMs },
        sinceMs: 0,
        untilMs: Number.POSITIVE_INFINITY,
        sessionKey: key,
      }
    }
  }

  function* hourSpikes(): Generator<Found> {
    const nowMs = clock.now()
    for (const hourMs of hoursToCheck(nowMs)) {
      const span = { fromMs: hourMs, toMs: nowMs + 1, date: '' }
      const users = Array.from(ledger.subjectsIn('member', span), (user) => ['user', user] as const)
      for (const [scope, subject] of [['all', ''] as const, ...users]) {
        const spike = hourSpike(
          ledger.quartersOf(scope === 'user' ? 'member' : scope, subject),
          hourMs,
        )
        if (spike === undefined) continue
        yield {
          alert: {
            ...({ kind: 'spike', scope, subject, ...spike } as const),
            ...{ hour: deps.hourText(hourMs), atMs: nowMs },
          },
          sinceMs: nowMs - SPIKE_REST_MS,
          untilMs: nowMs + SPIKE_REST_MS,
        }
      }
    }
  }

  /** Whom sessions spent for, and the newest session of each. */
  function newestOf(of: SpendingKind, keys: ReadonlySet<SessionKey>): Map<string, SessionKey> {
    const newest = new Map<string, SessionKey>()
    for (const key of keys) {
      const session = ledger.session(key)
      const spender = session && spenderOf(of, session)
      if (spender !== undefined) newest.set(spender, key)
    }
    return newest
  }

  /** The current window, and those before it in which something was spent that has just arrived. */
  function windowsOf(budget: KnownBudget, sinceMs: number): readonly WindowSpan[] {
    const { window } = budget
    let span = windowAt(window, clock.now(), calendar)
    const spans: WindowSpan[] = []
    while (span !== undefined) {
      spans.push(span)
      if (rollingMs(window) !== undefined || span.fromMs <= sinceMs) break
      span = windowAt(window, span.fromMs - 1, calendar)
    }
    return spans
  }

  /** What these sessions have to do with; with `isFull`, all that is known. */
  function* everything(
    keys: ReadonlySet<SessionKey>,
    sinceMs: number,
    isFull: boolean,
  ): Generator<Found> {
    for (const budget of budgets()) {
      if (budget.scope !== undefined) continue
      const spans = windowsOf(budget, sinceMs)
      if (spans.length === 0) yield* ofSessions(budget, keys)
      for (const span of spans) yield* ofWindows(budget, span, keys, isFull)
    }
    if (!tellsSpikes) return
    yield* sessionSpikes(keys)
    if (isFull) yield* hourSpikes()
  }

  async function round(isFull: boolean): Promise<void> {
    const keys = new Set(changed)
    const sinceMs = Math.max(earliestMs, clock.now() - LATE_MS)
    changed.clear()
    earliestMs = Number.POSITIVE_INFINITY
    try {
      for (const found of everything(keys, sinceMs, isFull)) await tell(found)
    } catch (error) {
      for (const key of keys) changed.add(key)
      earliestMs = Math.min(earliestMs, sinceMs)
      log.error({ err: error }, 'cannot store budget alerts, retrying')
    }
  }

  /** One after the other. */
  function look(isFull: boolean): Promise<void> {
    const next = (running ?? Promise.resolve()).then(() => round(isFull))
    running = next
    return next
  }

  return {
    committed: ({ sessions, usage }) => {
      for (const { key } of sessions) {
        // The newest comes last.
        changed.delete(key)
        changed.add(key)
      }
      for (const { models } of usage.map((used) => used.usage)) {
        for (const { bucketMs, costUsd } of models) {
          if (costUsd > 0) earliestMs = Math.min(earliestMs, bucketMs)
        }
      }
      if (usage.length === 0 || timer !== undefined || isStopped) return
      timer = clock.setTimer(() => {
        timer = undefined
        void look(false)
      }, DELAY_MS)
    },
    look: () => look(true),
    stop: () => {
      isStopped = true
      timer?.cancel()
    },
  }
}
