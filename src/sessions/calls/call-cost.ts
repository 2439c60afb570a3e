/**
 * What a call cost: what the agent says, else what the price table says, else unknown. A cost of 0
 * beside tokens is how agents and gateways write that they know no price.
 */
import type { Cost, ModelCallEvent, TokenUsage } from '../../domain/agent-event.ts'
import type { CostByKind, PriceOf } from '../../domain/price.ts'

/** What is known of the cost of a call. */
export interface CallCost {
  /** Undefined: unknown. */
  readonly cost: Cost | undefined
  /** The same by kind of token, where the price table knows the model. Adds up to about the cost. */
  readonly byKind: CostByKind | undefined
}

type PricedEvent = Pick<
  ModelCallEvent,
  'model' | 'provider' | 'timeMs' | 'usage' | 'webSearches' | 'cost'
>

/** US dollars; see Anthropic's pricing page, "Web search tool". */
const WEB_SEARCH_USD = 10 / 1000

export function costOfCall(
  { model, provider, timeMs, usage, webSearches = 0, cost: told }: PricedEvent,
  priceOf: PriceOf | undefined,
): CallCost {
  const price = usage && priceOf?.({ model, provider, timeMs, usage })
  if (told !== undefined && (told.usd > 0 || usage === undefined || isNothing(usage))) {
    return { cost: told, byKind: price && scaled(price.byKind, told.usd, price.usd) }
  }
  if (price === undefined) return { cost: undefined, byKind: undefined }
  const usd = price.usd + webSearches * WEB_SEARCH_USD
  return { cost: { usd, source: price.source }, byKind: price.byKind }
}

function isNothing({ input, output, cacheRead, cacheCreation }: TokenUsage): boolean {
  return input + output + cacheRead + cacheCreation === 0
}

/** The agent's figure by the proportions of the price table. */
function scaled(byKind: CostByKind, usd: number, priceUsd: number): CostByKind | undefined {
  if (!(priceUsd > 0)) return undefined
  const parts: { -readonly [K in keyof CostByKind]: CostByKind[K] } = {}
  let kind: keyof CostByKind
  for (kind in byKind) parts[kind] = ((byKind[kind] ?? 0) * usd) / priceUsd
  return parts
}
