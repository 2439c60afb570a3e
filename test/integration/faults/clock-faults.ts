/** What time can do: the clock is set, or an hour passes while Langfuse is away. */
import type { Fault, Scene } from './fault.ts'

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
      expect(await isEmptied(subject, pause), 'items stay in the outbox after the clock was set')
    },
  }
}

async function isEmptied(subject: Scene['subject'], pause: Scene['pause']): Promise<boolean> {
  for (let tries = 0; tries < 80; tries += 1) {
    const answer = await fetch(`${subject.url() ?? ''}/health`)
    const { delivery } = (await answer.json()) as { delivery: { pending: number } }
    if (delivery.pending === 0) return true
    await pause(100, 100)
  }
  return false
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
