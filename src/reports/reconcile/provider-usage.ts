/**
 * Usage as the provider reports it: the CSV files that Anthropic's console exports, of usage
 * (`usage_date_utc`, `model_version`, a column for each kind of token) or of cost (`usage_date_utc`,
 * `model`, `token_type`, `cost_usd`). Their days are UTC. Pure.
 */
import { addUsd } from '../../domain/exact-sum.ts'
import { err, ok, type Result } from '../../domain/result.ts'

/** A day in UTC; what the file has no column for is undefined. */
export interface ProviderDay {
  /** `2026-11-26`. */
  readonly date: string
  readonly tokens: number | undefined
  readonly costUsd: number | undefined
}

const TOKEN_COLUMNS =
  /^usage_(?:input_tokens_(?:no_cache|cache_write(?:_5m|_1h)?|cache_read)|output_tokens)$/
const DATE = /^\d{4}-\d\d-\d\d/

/** The days of a file, in order. The error says what is wrong with it. */
export function readProviderUsage(text: string): Result<readonly ProviderDay[], string> {
  const [header = [], ...rows] = csvRows(text.replace(/^\u{feff}/u, ''))
  const names = header.map((name) => name.trim().toLowerCase())
  const dateAt = names.indexOf('usage_date_utc')
  const costAt = names.indexOf('cost_usd')
  const tokensAt = names.flatMap((name, index) => (TOKEN_COLUMNS.test(name) ? [index] : []))
  if (dateAt < 0 || (costAt < 0 && tokensAt.length === 0)) {
    return err(
      "it lacks the column usage_date_utc, or usage_input_tokens_… and cost_usd, which the exports of Anthropic's console have",
    )
  }
  const days = new Map<string, { tokens: number; costUsd: number }>()
  for (const [index, row] of rows.entries()) {
    if (row.every((cell) => cell.trim() === '')) continue
    const date = DATE.exec((row[dateAt] ?? '').trim())?.[0]
    const tokens = tokensAt.map((at) => numberOf(row[at]))
    const costUsd = costAt < 0 ? 0 : numberOf(row[costAt])
    if (date === undefined || costUsd === undefined || tokens.includes(undefined)) {
      return err(`line ${index + 2} has no date, or a figure that is not a number`)
    }
    const day = days.get(date) ?? { tokens: 0, costUsd: 0 }
    for (const count of tokens) day.tokens += count ?? 0
    day.costUsd = addUsd(day.costUsd, costUsd)
    days.set(date, day)
  }
  return ok(
    [...days]
      .toSorted(([a], [b]) => a.localeCompare(b))
      .map(([date, { tokens, costUsd }]) => ({
        date,
        tokens: tokensAt.length > 0 ? tokens : undefined,
        costUsd: costAt >= 0 ? costUsd : undefined,
      })),
  )
}

/** An empty cell is nothing. */
function numberOf(cell = ''): number | undefined {
  const value = Number(cell.trim().replace(/^\$/, '').replaceAll(',', ''))
  return Number.isFinite(value) ? value : undefined
}

/** RFC 4180. */
function csvRows(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/gy
  while (cell.lastIndex < text.length) {
    const found = cell.exec(text)
    // A quote that never ends: the rest is one cell.
    if (found === null) break
    row.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? '')
    if (found[3] === ',') continue
    rows.push(row)
    row = []
  }
  if (row.length > 0) rows.push(row)
  return rows
}

/** What the store has of the same day. */
export interface TotalOfDay {
  readonly tokens: number
  readonly costUsd: number
}

const SAME_USD = 0.005

/** Why the provider's figures of a day differ from the store's; undefined where they do not. */
export function causeOfDay(
  provider: ProviderDay,
  total: TotalOfDay | undefined,
  neighbours: readonly {
    readonly provider: ProviderDay | undefined
    readonly total: TotalOfDay | undefined
  }[],
): string | undefined {
  const difference = differenceOf(provider, total)
  if (isNothing(difference)) return undefined
  const isMoved = neighbours.some((day) => {
    const other = differenceOf(day.provider, day.total)
    if (isNothing(other)) return false
    return isNothing({
      tokens: difference.tokens + other.tokens,
      costUsd: difference.costUsd + other.costUsd,
    })
  })
  if (isMoved) return 'the provider counts calls around midnight UTC on the other day'
  if (total === undefined) {
    return 'nothing of that day is stored: it was before claude-telemetry was installed, or on another machine'
  }
  const isMore = difference.tokens > 0 || (difference.tokens === 0 && difference.costUsd > 0)
  if (provider.costUsd !== undefined && provider.tokens === undefined) {
    return isMore
      ? "the file includes other machines, keys or programs, or prices here are lower than the provider's"
      : "the file leaves out workspaces, keys or subscriptions, or prices here are higher than the provider's"
  }
  return isMore
    ? 'the file includes other machines, keys or programs, or calls without telemetry and transcript'
    : 'the file leaves out workspaces, keys or subscriptions, or was exported before the day was over'
}

function differenceOf(provider: ProviderDay | undefined, total: TotalOfDay | undefined) {
  const { tokens, costUsd } = provider ?? { tokens: 0, costUsd: 0 }
  return {
    tokens: tokens === undefined ? 0 : tokens - (total?.tokens ?? 0),
    costUsd: costUsd === undefined ? 0 : costUsd - (total?.costUsd ?? 0),
  }
}

function isNothing({ tokens, costUsd }: TotalOfDay): boolean {
  return tokens === 0 && Math.abs(costUsd) < SAME_USD
}
