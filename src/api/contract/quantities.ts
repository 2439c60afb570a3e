/**
 * The quantities of the JSON API. Money is US dollars, times are epoch ms, durations ms, as plain
 * numbers. `null` says that something is not known or does not apply; no key is ever left out.
 * Figures that come from agents are taken as they are: the contract does not judge them.
 */
import { z } from 'zod'

/** Epoch milliseconds; fractions are allowed. */
export const timeMs = z.number().meta({ description: 'epoch milliseconds' })
export const durationMs = z.number().meta({ description: 'milliseconds' })
export const seconds = z.number().meta({ description: 'seconds' })
export const usd = z.number().meta({ description: 'US dollars' })
export const count = z.number()

/** What was spent. */
export const costShape = {
  /** All that counts; null where calls were made and the cost of none of them is known. */
  costUsd: usd.nullable(),
  /** The part of it that no agent told: estimates by the price table, and the operator's own prices. */
  estimatedUsd: usd,
  /** The part of it that metrics alone told, because the events of a session do not arrive. */
  metricsUsd: usd,
  /** Calls whose cost is not known; they are in none of the above. */
  unpricedCalls: count,
} as const
const costs = z.object(costShape)
export type Costs = z.infer<typeof costs>

/** Who says what a call cost; null where nobody does. */
export const costSource = z.enum(['agent', 'estimated', 'override']).nullable()
/** From 0 to 1; null when there is nothing to divide by. */
export const ratio = z.number().nullable().meta({ description: '0 to 1; null: nothing to divide' })

/** A team and a user of 200 characters each, percent-encoded, and the longest session id. */
const MAX_STORED_KEY_CHARS = 4000

/** Tokens in buckets that do not overlap: `input` has no cached tokens in it. */
export const tokens = z
  .object({ input: count, output: count, cacheRead: count, cacheCreation: count })
  .meta({ id: 'Tokens' })
export type Tokens = z.infer<typeof tokens>

/**
 * `<agent>/<session id>`, with whatever characters an agent uses; percent-encode it in paths. New ones
 * have 1000 bytes at most; earlier versions stored longer ones, which are answered like any other.
 */
export const sessionKey = z.string().min(1).max(MAX_STORED_KEY_CHARS)

/** A name, value and explanation of a score, as the README's table has them. */
export const score = z
  .object({
    name: z.string(),
    value: z.number(),
    /** 1 for rates, 100 for `quality` and `efficiency`. */
    max: z.number(),
    /** The numbers behind it. */
    comment: z.string(),
  })
  .meta({ id: 'Score' })
export type Score = z.infer<typeof score>

/** Text that the agent may have kept back; `note` says why there is none. */
export const content = z
  .object({ text: z.string().nullable(), note: z.string().nullable() })
  .meta({ id: 'Content' })
export type Content = z.infer<typeof content>
