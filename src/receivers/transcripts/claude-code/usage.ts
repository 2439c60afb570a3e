/** What the API says that an answer used. */
import { countOf, type Line, objectOf } from '../source.ts'

export interface Usage {
  readonly input: number
  readonly output: number
  readonly cacheRead: number
  readonly cacheCreation: number
  readonly cacheCreation5m?: number | undefined
  readonly cacheCreation1h?: number | undefined
  readonly reasoning?: number | undefined
  readonly webSearches?: number | undefined
}

/** The last version of which it is known that it prices all cache writes alike. */
const ONE_CACHE_PRICE = [2, 1, 150] as const

/** Whether that version's own figure of a call's cost tells cache writes apart by their lifetime. */
export function pricesLifetimes(version: string | undefined): boolean {
  const parts = (version ?? '').split('.').map(Number)
  for (const [index, part] of ONE_CACHE_PRICE.entries()) {
    const own = parts[index] ?? 0
    if (own !== part) return own > part
  }
  return false
}

export function usageOf(usage: Line | undefined, hasLifetimes: boolean): Usage | undefined {
  if (usage === undefined) return undefined
  const creation = hasLifetimes ? objectOf(usage.cache_creation) : undefined
  const thinking = countOf(objectOf(usage.output_tokens_details)?.thinking_tokens) ?? 0
  const searches = countOf(objectOf(usage.server_tool_use)?.web_search_requests) ?? 0
  return {
    input: countOf(usage.input_tokens) ?? 0,
    output: countOf(usage.output_tokens) ?? 0,
    cacheRead: countOf(usage.cache_read_input_tokens) ?? 0,
    cacheCreation: countOf(usage.cache_creation_input_tokens) ?? 0,
    cacheCreation5m: countOf(creation?.ephemeral_5m_input_tokens),
    cacheCreation1h: countOf(creation?.ephemeral_1h_input_tokens),
    ...(thinking > 0 && { reasoning: thinking }),
    ...(searches > 0 && { webSearches: searches }),
  }
}

export function tokensOf(usage: Usage | undefined): Record<string, number | undefined> {
  if (usage === undefined) return {}
  return {
    input_tokens: usage.input,
    output_tokens: usage.output,
    cache_read_tokens: usage.cacheRead,
    cache_creation_tokens: usage.cacheCreation,
    cache_creation_5m_tokens: usage.cacheCreation5m,
    cache_creation_1h_tokens: usage.cacheCreation1h,
    reasoning_tokens: usage.reasoning,
    web_search_requests: usage.webSearches,
  }
}
