/**
 * What a prompt cache saved, worked out from what was paid, by the ratios of `input-price.ts`. How
 * long written tokens are kept is not told, so for each model there are two prices to find,
 *
 *   cost = price × (input + 0.1 × cache reads + 5 × output) + write price × cache writes
 *
 * and the many sums of sessions and days give them by least squares. Where these say too little
 * (one session alone), or a write price outside of its bounds, it is the nearest bound, or 1.25.
 * Without a cache every read and every write would have been plain input:
 *
 *   saved = 0.9 × price × cache reads − (write price − price) × cache writes
 */
import {
  inputPriceUsd,
  LONG_WRITE_RATIO,
  plainTokens,
  READ_RATIO,
  WRITE_RATIO,
} from './input-price.ts'
import type { Sums } from './sums.ts'

/** Below this the two unknowns cannot be told apart. */
const LEAST_SPREAD = 1e-6

/** The products that least squares need, added up over many sums of one model. */
export interface PriceFit {
  /** Plain tokens, reads and output weighted, squared; and so on. */
  plainPlain: number
  plainWrites: number
  writesWrites: number
  plainCost: number
  writesCost: number
}

export function emptyFit(): PriceFit {
  return { plainPlain: 0, plainWrites: 0, writesWrites: 0, plainCost: 0, writesCost: 0 }
}

/** Takes one sum in. */
export function addToFit(fit: PriceFit, sums: Sums): void {
  const plain = plainTokens(sums)
  const { cacheCreation: writes, costUsd } = sums
  fit.plainPlain += plain * plain
  fit.plainWrites += plain * writes
  fit.writesWrites += writes * writes
  fit.plainCost += plain * costUsd
  fit.writesCost += writes * costUsd
}

export function addFit(into: PriceFit, from: PriceFit): void {
  into.plainPlain += from.plainPlain
  into.plainWrites += from.plainWrites
  into.writesWrites += from.writesWrites
  into.plainCost += from.plainCost
  into.writesCost += from.writesCost
}

/** Dollars; negative where writing cost more than reading saved; undefined without a price. */
export function savedUsd(sums: Sums, fit: PriceFit): number | undefined {
  const ratio = writeRatioOf(fit)
  const price = inputPriceUsd(sums, ratio)
  if (price === undefined) return undefined
  const { cacheRead, cacheCreation } = sums
  return price * ((1 - READ_RATIO) * cacheRead - (ratio - 1) * cacheCreation)
}

/** Tokens read from the cache over all input tokens; undefined when there are none. */
export function cacheHitRatio(tokens: CacheTokens): number | undefined {
  const { input, cacheRead, cacheCreation } = tokens
  const all = input + cacheRead + cacheCreation
  return all > 0 ? cacheRead / all : undefined
}

type CacheTokens = Pick<Sums, 'input' | 'cacheRead' | 'cacheCreation'>

/** What a written token costs beside a plain one, within the bounds. */
function writeRatioOf(fit: PriceFit): number {
  const { plainPlain, plainWrites, writesWrites, plainCost, writesCost } = fit
  const spread = plainPlain * writesWrites - plainWrites * plainWrites
  if (!(spread > LEAST_SPREAD * plainPlain * writesWrites)) return WRITE_RATIO
  const price = (plainCost * writesWrites - writesCost * plainWrites) / spread
  const writePrice = (writesCost * plainPlain - plainCost * plainWrites) / spread
  if (!(price > 0)) return WRITE_RATIO
  return Math.min(LONG_WRITE_RATIO, Math.max(WRITE_RATIO, writePrice / price))
}
