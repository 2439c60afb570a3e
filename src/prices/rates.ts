/** The rates of a model, and what tokens cost by them. Pure. */
import type { TokenUsage } from '../domain/agent-event.ts'
import type { CostByKind } from '../domain/price.ts'

/** US dollars for a million tokens. Those that are absent follow from the others. */
export interface Rates {
  readonly input: Rate
  readonly output: Rate
  readonly cacheRead?: Rate | undefined
  /** Of what is kept for five minutes. */
  readonly cacheWrite5m?: Rate | undefined
  readonly cacheWrite1h?: Rate | undefined
}

/** One price, or the prices of calls whose whole input has more than so many tokens. */
export type Rate =
  | number
  | {
      readonly base: number
      readonly tiers: readonly { readonly start: number; readonly price: number }[]
    }

const PER = 1_000_000
/**
 * Writing what is kept for an hour costs twice the input at all providers of Anthropic's models, and
 * for five minutes 1.25 times; see Anthropic's pricing page, "Prompt caching".
 */
const WRITE_5M_RATIO = 1.25
const WRITE_1H_RATIO = 2

export interface TokenCost {
  readonly usd: number
  readonly byKind: CostByKind
}

/** What the tokens of one call cost. Kinds of which none were used are left out. */
export function costByRates(usage: TokenUsage, rates: Rates, factor = 1): TokenCost {
  const { cacheCreation, cacheCreation5m = 0, cacheCreation1h = 0, reasoning = 0 } = usage
  const allInput = usage.input + usage.cacheRead + cacheCreation
  const price = (rate: Rate): number => (factor * priceAt(rate, allInput)) / PER
  const input = price(rates.input)
  const output = price(rates.output)
  const read = rates.cacheRead === undefined ? input : price(rates.cacheRead)
  const hasWritePrice = rates.cacheWrite5m !== undefined || rates.cacheWrite1h !== undefined
  const write5m =
    rates.cacheWrite5m === undefined
      ? input * (hasWritePrice ? WRITE_5M_RATIO : 1)
      : price(rates.cacheWrite5m)
  const write1h =
    rates.cacheWrite1h === undefined
      ? input * (hasWritePrice ? WRITE_1H_RATIO : 1)
      : price(rates.cacheWrite1h)
  // Writes whose lifetime is not told are those for five minutes.
  const ofHour = Math.min(cacheCreation1h, cacheCreation)
  const written = ofHour * write1h + (cacheCreation - ofHour) * write5m
  const parts = {
    input: usage.input * input,
    output: usage.output * output,
    cacheRead: usage.cacheRead * read,
    cacheCreation: written,
  }
  const isSplit = ofHour > 0 && cacheCreation5m + cacheCreation1h === cacheCreation
  return {
    usd: parts.input + parts.output + parts.cacheRead + parts.cacheCreation,
    byKind: withoutNothing({
      input: parts.input,
      output: parts.output,
      cacheRead: parts.cacheRead,
      cacheCreation: written,
      cacheCreation5m: isSplit ? cacheCreation5m * write5m : 0,
      cacheCreation1h: isSplit ? cacheCreation1h * write1h : 0,
      reasoning: Math.min(reasoning, usage.output) * output,
    }),
  }
}

/** The tier that the whole input falls into prices all of it. */
function priceAt(rate: Rate, allInput: number): number {
  if (typeof rate === 'number') return rate
  return rate.tiers.findLast(({ start }) => allInput > start)?.price ?? rate.base
}

function withoutNothing(parts: Readonly<Record<keyof TokenUsage, number>>): CostByKind {
  const kept: { -readonly [K in keyof CostByKind]: CostByKind[K] } = {}
  let kind: keyof TokenUsage
  for (kind in parts) if (parts[kind] > 0) kept[kind] = parts[kind]
  return kept
}
