/** `GET /api/sessions/:key/waste`: where a session spent money or time to no purpose. */
import { z } from 'zod'
import { count, usd } from './quantities.ts'

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
