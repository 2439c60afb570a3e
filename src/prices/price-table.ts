/**
 * What a call costs where the agent does not say it: by the operator's own prices, else by the price
 * list of `@pydantic/genai-prices`, which is dated and comes with the package; nothing is fetched.
 */
import { createRequire } from 'node:module'
import type { calcPrice, ConditionalPrice, ModelPrice } from '@pydantic/genai-prices'
import type { Price, PriceOf, PriceQuery } from '../domain/price.ts'
import { pricedNames } from './model-names.ts'
import type { OwnPrice } from './own-prices.ts'
import { costByRates, type Rates } from './rates.ts'

/** Models, providers and days whose rates are remembered: to look one up takes 0.1 ms. */
const MAX_REMEMBERED = 1000
const DAY_MS = 86_400_000
/** To ask for a price, something has to have been used. */
const ANY_USAGE = { input_tokens: 1, output_tokens: 1 }

export function createPriceTable(own: readonly OwnPrice[] = []): PriceOf {
  const ownPrices = own.map((price) => ({ ...price, isOf: matcherOf(price.model) }))
  const listed = createRateList()

  return ({ provider, model, timeMs, usage }: PriceQuery): Price | undefined => {
    const isOwn = (price: (typeof ownPrices)[number]): boolean =>
      price.isOf(model) &&
      (price.provider === undefined || price.provider === provider) &&
      timeMs >= (price.fromMs ?? Number.NEGATIVE_INFINITY) &&
      timeMs < (price.untilMs ?? Number.POSITIVE_INFINITY)
    const ownPrice = ownPrices.find(isOwn)
    if (ownPrice === undefined) {
      const rates = listed(model, provider, timeMs)
      return rates && { ...costByRates(usage, rates), source: 'estimated' }
    }
    const { as, discount } = ownPrice
    const rates =
      ownPrice.rates ??
      (as === undefined ? listed(model, provider, timeMs) : listed(as, undefined, timeMs))
    return rates && { ...costByRates(usage, rates, 1 - discount), source: 'override' }
  }
}

/** `*` stands for any characters; upper and lower case are alike. */
function matcherOf(pattern: string): (model: string) => boolean {
  const source = pattern.replace(/[\\^$.|?+()[\]{}/-]/g, '\\$&').replaceAll('*', '.*')
  const whole = new RegExp(`^${source}$`, 'is')
  return (model) => whole.test(model)
}

type RatesOf = (model: string, provider: string | undefined, timeMs: number) => Rates | undefined

function createRateList(): RatesOf {
  const remembered = new Map<string, Rates | null>()
  return (model, provider, timeMs) => {
    const key = JSON.stringify([model, provider, Math.floor(timeMs / DAY_MS)])
    const known = remembered.get(key)
    if (known !== undefined) return known ?? undefined
    const { rates, isOfDay } = lookUp(model, provider, timeMs)
    if (isOfDay) {
      if (remembered.size >= MAX_REMEMBERED) remembered.clear()
      remembered.set(key, rates ?? null)
    }
    return rates
  }
}

interface LookedUp {
  readonly rates: Rates | undefined
  /** It is the same all day. */
  readonly isOfDay: boolean
}

function lookUp(model: string, provider: string | undefined, timeMs: number): LookedUp {
  for (const name of pricedNames(model, provider)) {
    const found = ask(name.model, name.provider, timeMs)
    if (found !== undefined) return found
  }
  return { rates: undefined, isOfDay: true }
}

function ask(model: string, providerId: string | undefined, timeMs: number): LookedUp | undefined {
  const options = { timestamp: new Date(timeMs), ...(providerId !== undefined && { providerId }) }
  try {
    const found = priceList().calcPrice(ANY_USAGE, model, options)
    const rates = found && ratesOf(found.model_price)
    if (!rates) return undefined
    return { rates, isOfDay: !isByTimeOfDay(found.model.prices) }
  } catch {
    // It throws on what it finds contradictory: such a model has no price here.
    return undefined
  }
}

function isByTimeOfDay(prices: ModelPrice | ConditionalPrice[]): boolean {
  return (
    Array.isArray(prices) && prices.some(({ constraint }) => constraint?.type === 'time_of_date')
  )
}

/** A model that is priced by something else than tokens has none. */
function ratesOf(price: ModelPrice): Rates | undefined {
  const { input_mtok: input, output_mtok: output } = price
  if (input === undefined || output === undefined) return undefined
  return {
    input,
    output,
    cacheRead: price.cache_read_mtok,
    cacheWrite5m: price.cache_write_5m_mtok ?? price.cache_write_mtok,
    cacheWrite1h: price.cache_write_1h_mtok,
  }
}

/** Loaded when the first call is priced: most commands, and a bridge at rest, need none. */
let loaded: { readonly calcPrice: typeof calcPrice } | undefined

function priceList(): { readonly calcPrice: typeof calcPrice } {
  loaded ??= createRequire(import.meta.url)('@pydantic/genai-prices') as NonNullable<typeof loaded>
  return loaded
}
