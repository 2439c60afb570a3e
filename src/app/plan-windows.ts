/** Plan windows as status lines tell them: stored, and told where one is nearly used up or begins anew. */
import type { Alert } from '../domain/alert.ts'
import {
  type PlanReading,
  type PlanWindowStore,
  planNews,
  planSinceMs,
  readPlanWindows,
} from '../domain/plan-window.ts'
import type { Clock } from '../domain/clock.ts'
import { bucketOf } from '../domain/usage.ts'
import type { Log } from '../observability/logger.ts'
import { minuteText } from '../reports/time-buckets.ts'

export interface PlanWindows {
  /** What a status line of a session told under `rate_limits`. Nobody waits for it. */
  told(sessionKey: string, limits: unknown): void
}

export interface PlanWindowsDeps {
  readonly store: PlanWindowStore
  /** Tells an alert, unless it was told since then. */
  readonly raise: (alert: Alert, sinceMs: number) => Promise<void>
  readonly timeZone: string
  readonly clock: Clock
  readonly log: Log
}

/** Sessions whose last reading is remembered. */
const MAX_SESSIONS = 1000

export function createPlanWindows(deps: PlanWindowsDeps): PlanWindows {
  const { store, raise, timeZone, clock, log } = deps
  /** What was noted of a session last: runs of a status line mostly tell what the one before did. */
  const noted = new Map<string, string>()
  /** What is to be noted, the newest of each session. */
  const waiting = new Map<string, readonly PlanReading[]>()
  let isRunning = false

  /** One session after the other: however many tell, they take one connection of a database. */
  async function work(): Promise<void> {
    if (isRunning) return
    isRunning = true
    for (const [sessionKey, readings] of waiting) {
      waiting.delete(sessionKey)
      try {
        await note(sessionKey, readings)
      } catch (error) {
        noted.delete(sessionKey)
        log.error({ err: error }, 'cannot store plan windows')
      }
    }
    isRunning = false
  }

  async function note(sessionKey: string, readings: readonly PlanReading[]): Promise<void> {
    const nowMs = clock.now()
    const news = JSON.stringify([
      bucketOf(nowMs),
      readings.map((each) => [each.window, Math.floor(each.usedPercent), planNews(each, nowMs)]),
    ])
    if (noted.get(sessionKey) === news) return
    noted.delete(sessionKey)
    noted.set(sessionKey, news)
    for (const oldest of noted.keys()) {
      if (noted.size <= MAX_SESSIONS) break
      noted.delete(oldest)
    }
    const whose = await store.note(sessionKey, readings, nowMs)
    if (whose === undefined) return
    for (const reading of readings) {
      for (const about of planNews(reading, nowMs)) {
        const { window: plan, usedPercent, resetsMs } = reading
        const alert: Alert = {
          ...({ kind: 'plan', scope: 'user', subject: whose.userId ?? '' } as const),
          ...{ agent: whose.agent, plan, about, usedPercent, atMs: nowMs },
          resets: resetsMs === undefined ? '' : minuteText(resetsMs, timeZone),
        }
        await raise(alert, planSinceMs(reading, nowMs))
      }
    }
  }

  return {
    told: (sessionKey, limits) => {
      const readings = readPlanWindows(limits)
      // Those who wait already tell again soon.
      if (readings.length === 0 || waiting.size >= MAX_SESSIONS) return
      waiting.set(sessionKey, readings)
      void work()
    },
  }
}
