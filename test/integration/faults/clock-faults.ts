/** What time can do: the clock is set, or an hour passes while Langfuse is away. */
import type { Fault } from './fault.ts'
import { healthWhen } from './health.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const MINUTES = 60

/** The clock is set by so much while Langfuse fails, and that is undone, or not. */
function setting(name: string, byMs: number): Fault {
  return {
    name,
    ownClock: true,
    inject: async ({ clock, langfuse, random, pause, expect, ...scene }) => {
      await pause(50, 400)
      langfuse.always(() => ({ kind: 'status', status: 500 }))
      await pause(50, 300)
      clock?.set(byMs)
      await pause(50, 600)
      langfuse.always(undefined)
      if (random.oneIn(2)) clock?.set(-byMs)
      const { traffic, subject } = scene
      await traffic
      // Nothing may wait for a time that the clock has to reach first.
      const { delivery } = await healthWhen(subject, (h) => h.delivery.pending === 0, pause)
      expect(delivery.pending === 0, 'items stay in the outbox after the clock was set')
    },
  }
}

export const clockFaults: readonly Fault[] = [
  setting('the clock is set ahead by a day', DAY_MS),
  setting('the clock is set back by an hour', -HOUR_MS),
  setting('the clock is set back by a day', -DAY_MS),
  {
    name: 'Langfuse is down for an hour',
    ownClock: true,
    inject: async ({ clock, langfuse, random, pause, moreTraffic }) => {
      const how = random.pick([{ kind: 'reset' }, { kind: 'status', status: 503 }] as const)
      langfuse.always(() => how)
      await pause(50, 500)
      for (let minute = 0; minute < MINUTES; minute += 1) {
        clock?.pass(HOUR_MS / MINUTES)
        await pause(5, 10)
      }
      await moreTraffic()
      langfuse.always(undefined)
      clock?.pass(HOUR_MS / MINUTES)
    },
  },
]
