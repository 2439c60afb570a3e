/** `GET /api/plan-windows`: how much of subscriptions' allowances is used, and was. */
import { z } from 'zod'
import { timeMs } from './quantities.ts'

export const planWindowsQuery = z.strictObject({
  /** How far back. */
  days: z.coerce.number().int().min(1).max(31).default(7),
})
export type PlanWindowsQuery = z.infer<typeof planWindowsQuery>

const percent = z.number().min(0)

export const planWindow = z
  .object({
    agent: z.string(),
    /** Null where no record named one. */
    user: z.string().nullable(),
    /** In the agent's own words: `five_hour`, `seven_day`. */
    window: z.string(),
    /** The same for a person: `5-hour window`. */
    label: z.string(),
    /** As it was told last; 0 once it has begun anew since. */
    usedPercent: percent,
    resetsMs: timeMs.nullable(),
    /** When it was told last, to a quarter of an hour. */
    atMs: timeMs,
    /** The highest of each hour in which it was told, in order. */
    history: z.array(z.object({ atMs: timeMs, usedPercent: percent })),
  })
  .meta({ id: 'PlanWindow' })
export type PlanWindow = z.infer<typeof planWindow>

/** The fullest first, at most 50. Only agents whose status line tells them have any. */
export const planWindowsAnswer = z
  .object({ windows: z.array(planWindow) })
  .meta({ id: 'PlanWindows' })
export type PlanWindows = z.infer<typeof planWindowsAnswer>
