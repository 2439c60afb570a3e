/**
 * The operator's own prices and discounts: a JSON file that `PRICES_FILE` names. Read once, at the
 * start; whatever is wrong with it is said with the entry it stands in.
 */
import { readFileSync } from 'node:fs'
import { err, ok, type Result } from '../domain/result.ts'
import type { Rates } from './rates.ts'

/** One entry. The first that fits a call counts. Plain data: it is handed to a thread. */
export interface OwnPrice {
  /** As the agent names the model; `*` stands for any characters. */
  readonly model: string
  /** Only of this provider, as the agent names it. */
  readonly provider?: string
  /** From this moment on, and before that one; epoch ms. */
  readonly fromMs?: number
  readonly untilMs?: number
  /** Absent: the prices of the table. */
  readonly rates?: Rates
  /** Priced as this model of the table. */
  readonly as?: string
  /** What is taken off, 0 to 1. */
  readonly discount: number
}

const MAX_BYTES = 1_000_000
const RATE_NAMES = ['input', 'output', 'cacheRead', 'cacheWrite5m', 'cacheWrite1h'] as const
const NAMES = new Set<string>([
  'model',
  'provider',
  'from',
  'until',
  'as',
  'discount',
  ...RATE_NAMES,
])

/** The entries of a file; none where no file is named. The error is a sentence for a person. */
export function readOwnPrices(path: string | undefined): Result<readonly OwnPrice[], string> {
  if (path === undefined) return ok([])
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return err(`PRICES_FILE cannot be read: ${reason}`)
  }
  if (text.length > MAX_BYTES)
    return err(`PRICES_FILE ${path} has more than ${MAX_BYTES} characters`)
  const parsed = parseOwnPrices(text)
  return parsed.ok ? parsed : err(`PRICES_FILE ${path}: ${parsed.error}`)
}

/** `{"prices": [{"model": …, …}, …]}`. */
export function parseOwnPrices(text: string): Result<readonly OwnPrice[], string> {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch (error) {
    return err(`it is not JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
  const list = isObject(document) ? document.prices : undefined
  if (!Array.isArray(list)) return err('it has to be an object with a list "prices"')
  const prices: OwnPrice[] = []
  for (const [index, entry] of list.entries()) {
    const price = readEntry(entry)
    if (!price.ok) return err(`entry ${index + 1}: ${price.error}`)
    prices.push(price.value)
  }
  return ok(prices)
}

type Json = Readonly<Record<string, unknown>>

function readEntry(entry: unknown): Result<OwnPrice, string> {
  if (!isObject(entry)) return err('it is not an object')
  const wrong = wrongField(entry)
  if (wrong !== undefined) return err(wrong)
  const { model, provider, as, discount = 0 } = entry as EntryFields
  const rates = readRates(entry)
  if (!rates.ok) return rates
  const from = readSpanEvent(entry, 'from')
  if (!from.ok) return from
  const until = readSpanEvent(entry, 'until')
  if (!until.ok) return until
  if (rates.value !== undefined && as !== undefined) {
    return err('it has both prices and "as": remove one of them')
  }
  if (rates.value === undefined && as === undefined && discount === 0) {
    return err('it has neither prices nor "as" nor a "discount"')
  }
  return ok({
    model,
    discount,
    ...(provider !== undefined && { provider }),
    ...(as !== undefined && { as }),
    ...(rates.value !== undefined && { rates: rates.value }),
    ...(from.value !== undefined && { fromMs: from.value }),
    ...(until.value !== undefined && { untilMs: until.value }),
  })
}

type EntryFields = Pick<OwnPrice, 'model' | 'provider' | 'as'> & { readonly discount?: number }

/** What is wrong with a name or the discount, if anything is. */
function wrongField(entry: Json): string | undefined {
  const strange = Object.keys(entry).find((name) => !NAMES.has(name))
  if (strange !== undefined) {
    return `it has a field ${JSON.stringify(strange)}; known are ${[...NAMES].join(', ')}`
  }
  const { model, provider, as, discount = 0 } = entry
  if (typeof model !== 'string' || model === '') return '"model" has to be a name'
  if (provider !== undefined && typeof provider !== 'string') return '"provider" is not a string'
  if (as !== undefined && typeof as !== 'string') return '"as" has to name a model'
  if (isNumber(discount) && discount <= 1) return undefined
  return `"discount" has to be a number from 0 to 1, not ${JSON.stringify(discount)}`
}

function readRates(entry: Json): Result<Rates | undefined, string> {
  if (RATE_NAMES.every((name) => entry[name] === undefined)) return ok(undefined)
  for (const name of RATE_NAMES) {
    const value = entry[name]
    const isNeeded = name === 'input' || name === 'output'
    if (value === undefined ? isNeeded : !isNumber(value)) {
      return err(
        `"${name}" has to be US dollars for a million tokens, not ${JSON.stringify(value)}`,
      )
    }
  }
  const rates = Object.fromEntries(
    RATE_NAMES.filter((name) => entry[name] !== undefined).map((name) => [name, entry[name]]),
  )
  return ok(rates as unknown as Rates)
}

function readSpanEvent(entry: Json, name: 'from' | 'until'): Result<number | undefined, string> {
  const value = entry[name]
  if (value === undefined) return ok(undefined)
  const ms = typeof value === 'string' && ISO_DATE.test(value) ? Date.parse(value) : Number.NaN
  if (Number.isNaN(ms)) {
    return err(`"${name}" has to be a date like "2026-11-01", not ${JSON.stringify(value)}`)
  }
  return ok(ms)
}

/** A day, which begins in UTC, or a moment with its offset. */
const ISO_DATE = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
