/** `GET /api/sessions/:key/waste` and `GET /api/waste`: where sessions spent money or time to no purpose. */
import { z } from 'zod'
import { filterShape, timeZone } from './filter.ts'
import { count, timeMs, usd } from './quantities.ts'

export const wasteFinding = z
  .object({
    kind: z.enum([
      'retry_loop',
      'repeated_read',
      'cold_cache',
      'compaction',
      'large_result',
      'expensive_subagent',
      'waiting',
    ]),
    /** The tool, file or model that it is about; empty where it is the session as a whole. */
    subject: z.string(),
    /** Times that it happened. */
    count,
    /** Tokens that were sent, written or read for it; null where that is not what it costs. */
    tokens: count.nullable(),
    /** US dollars; null for waiting, which costs none. */
    usd: usd.nullable(),
    /** Time that it took, ms; null where that is not known. */
    ms: z.number().nonnegative().nullable(),
  })
  .meta({ id: 'WasteFinding' })
export type WasteFinding = z.infer<typeof wasteFinding>

export const wasteAnswer = z
  .object({
    /** The most expensive first. */
    findings: z.array(wasteFinding),
    /** Findings beyond those that are listed. */
    omitted: count,
    /** The session has more calls or tools than are looked at. */
    isPartial: z.boolean(),
  })
  .meta({ id: 'Waste' })
export type Waste = z.infer<typeof wasteAnswer>

export const wasteQuery = z.object({ ...filterShape, tz: timeZone })
export type WasteQuery = z.output<typeof wasteQuery>

const { kind, ...amount } = wasteFinding.omit({ subject: true }).shape

export const wasteInRange = z
  .object({
    fromMs: timeMs,
    toMs: timeMs,
    /** Those of the range, and how many of them were looked at: the most expensive. */
    sessions: z.object({ all: count, looked: count }),
    /** What they spent in the range. */
    costUsd: z.object({ all: usd, looked: usd }),
    /** What all that was found cost. */
    usd,
    /** The most expensive first. A session counts with all of it, whatever lies in the range. */
    kinds: z.array(
      z.object({
        kind,
        ...amount,
        /** Sessions in which it was found. */
        sessions: count,
        /** Some of them, the most expensive first. */
        worst: z.array(
          z.object({
            key: z.string(),
            sessionId: z.string(),
            title: z.string().nullable(),
            usd: amount.usd,
            ms: amount.ms,
          }),
        ),
      }),
    ),
  })
  .meta({ id: 'WasteInRange' })
export type WasteInRange = z.infer<typeof wasteInRange>
