/**
 * What a plain input token cost, worked out from what was paid for all kinds of tokens together. No
 * list of prices is kept here; the ratios between prices are the same for all of Anthropic's
 * models: where an input token costs 1, reading one from the cache costs 0.1, an output token 5, and
 * writing one to the cache 1.25 (kept for five minutes) to 2 (for an hour).
 */
import type { Sums } from './sums.ts'

export const READ_RATIO = 0.1
/** Of what is kept for five minutes. */
export const WRITE_RATIO = 1.25
/** Of what is kept for an hour. */
export const LONG_WRITE_RATIO = 2
const OUTPUT_RATIO = 5

/**
 * Dollars; undefined where nothing was paid, or nothing used. Without a ratio cache writes count as
 * the cheaper ones, so that a loss is never overstated.
 */
export function inputPriceUsd(sums: Sums, writeRatio = WRITE_RATIO): number | undefined {
  const tokens = plainTokens(sums) + writeRatio * sums.cacheCreation
  return sums.costUsd > 0 && tokens > 0 ? sums.costUsd / tokens : undefined
}

/** All tokens but those written to the cache, each as many as the plain input tokens it costs. */
export function plainTokens({ input, output, cacheRead }: Sums): number {
  return input + READ_RATIO * cacheRead + OUTPUT_RATIO * output
}
