/** The rows of a report as columns and as named values; below it, the tools and the most expensive sessions. Pure. */
import type { ToolUse } from '../api/contract/overview.ts'
import type { SessionRow } from '../api/contract/session-list.ts'
import { addUsd } from '../domain/exact-sum.ts'
import { isCostUnknown } from '../domain/usage.ts'
import { userName } from '../api/contract/user-name.ts'
import type { Costs } from '../api/contract/quantities.ts'
import { costColumns } from './cost-columns.ts'
import { countOfText, countText, shareText } from '../domain/figure-text.ts'
import type { ReportData, ReportRow } from './report-data.ts'
import type { Fields } from './row-format.ts'
import { allTokens, shortId } from './session-table.ts'
import type { Column } from './table.ts'
import { dateText, dateTimeText } from './zoned-time.ts'

/** Empty buckets in a row that are still shown one by one. */
const MAX_EMPTY = 7

/** The first day of the bucket; a month without its day. */
export function periodText(
  startMs: number,
  { period, timeZone }: Pick<ReportData, 'period' | 'timeZone'>,
): string {
  const date = dateText(startMs, timeZone)
  return period === 'month' ? date.slice(0, 7) : date
}

/** A row of the table: a bucket, several empty ones together, or what is not listed of one. */
export type ShownRow = ReportRow & {
  /** The bucket, or from which to which. */
  readonly label: string
  /** Of the model, agent, … by which the report is split; none where there is nothing to name. */
  readonly shownNames: readonly string[]
}

/**
 * The rows of a table: of each bucket the most expensive `limit` names and the others together; many empty
 * buckets in a row are one.
 */
export function shownRows(data: ReportData, limit: number): readonly ShownRow[] {
  const ofBuckets = Map.groupBy(data.rows, ({ startMs }) => startMs)
  const rows = [...ofBuckets].flatMap(([startMs, ofBucket]): ShownRow[] => {
    const label = periodText(startMs, data)
    const named = ofBucket
      .slice(0, limit)
      .map((row) => ({ ...row, label, shownNames: row.names.map((name) => name ?? '(none)') }))
    const rest = ofBucket.slice(limit)
    if (rest.length === 0) return named
    return [...named, { ...together(rest), startMs, label, shownNames: [moreText(rest.length)] }]
  })
  return withoutLongGaps(rows)
}

function withoutLongGaps(rows: readonly ShownRow[]): readonly ShownRow[] {
  const kept: ShownRow[] = []
  let gap: ShownRow[] = []
  for (const row of rows) {
    if (isEmpty(row)) gap.push(row)
    else {
      kept.push(...shortened(gap), row)
      gap = []
    }
  }
  return [...kept, ...shortened(gap)]
}

/** Empty buckets that follow each other. */
function shortened(gap: readonly ShownRow[]): readonly ShownRow[] {
  const [first, last] = [gap[0], gap.at(-1)]
  if (gap.length <= MAX_EMPTY || first === undefined || last === undefined) return gap
  return [{ ...first, label: `${first.label} to ${last.label}` }]
}

/** `… and 23 more`. */
export function moreText(count: number, noun?: string): string {
  return noun === undefined
    ? `… and ${countText(count)} more`
    : `… and ${countOfText(count, `more ${noun}`)}`
}

function isEmpty({ sessions, modelCalls }: ReportRow): boolean {
  return sessions === 0 && modelCalls === 0
}

/** A session counts with each name that its calls have. */
function together(rows: readonly ReportRow[]): Omit<ReportRow, 'startMs'> {
  const sum = (of: (row: ReportRow) => number) => rows.reduce((total, row) => total + of(row), 0)
  return {
    names: [],
    ...costsTogether(rows),
    tokens: {
      input: sum(({ tokens }) => tokens.input),
      output: sum(({ tokens }) => tokens.output),
      cacheRead: sum(({ tokens }) => tokens.cacheRead),
      cacheCreation: sum(({ tokens }) => tokens.cacheCreation),
    },
    sessions: sum(({ sessions }) => sessions),
    modelCalls: sum(({ modelCalls }) => modelCalls),
  }
}

/** As of one row: unknown where it is known of no call of any of them. */
function costsTogether(rows: readonly ReportRow[]): Costs {
  const sum = (of: (row: ReportRow) => number) =>
    rows.reduce((total, row) => addUsd(total, of(row)), 0)
  const costUsd = sum((row) => row.costUsd ?? 0)
  const unpricedCalls = sum((row) => row.unpricedCalls)
  const calls = sum(({ modelCalls }) => modelCalls)
  const isUnknown = isCostUnknown({ costUsd, unpricedCalls, calls, tokens: sum(allTokens) })
  return {
    costUsd: isUnknown ? null : costUsd,
    estimatedUsd: sum(({ estimatedUsd }) => estimatedUsd),
    metricsUsd: sum(({ metricsUsd }) => metricsUsd),
    unpricedCalls,
  }
}

export function reportColumns(
  { period, groups }: ReportData,
  rows: readonly ShownRow[],
): readonly Column<ShownRow>[] {
  const named = groups.map(({ label }, at) => ({
    title: label.toUpperCase(),
    text: ({ shownNames }: ShownRow) => shownNames[at] ?? '',
    shrinksTo: 12,
  }))
  return [
    { title: period === 'week' ? 'WEEK OF' : period.toUpperCase(), text: ({ label }) => label },
    ...named,
    ...costColumns(rows, ({ modelCalls }) => modelCalls),
    { title: 'TOKENS', align: 'right', text: (row) => countText(allTokens(row)) },
    { title: 'CACHE', align: 'right', text: cacheText },
    { title: 'SESSIONS', align: 'right', text: ({ sessions }) => countText(sessions) },
    { title: 'CALLS', align: 'right', text: ({ modelCalls }) => countText(modelCalls), rank: 1 },
  ]
}

export function reportFields(data: ReportData): Fields<ReportRow> {
  const { period, groups } = data
  const named = groups.map(({ name }, at): [string, (row: ReportRow) => string | null] => {
    return [name.replaceAll('-', '_'), ({ names }) => names[at] ?? null]
  })
  return {
    [period]: ({ startMs }) => periodText(startMs, data),
    ...Object.fromEntries(named),
    cost_usd: ({ costUsd }) => costUsd,
    input_tokens: ({ tokens }) => tokens.input,
    output_tokens: ({ tokens }) => tokens.output,
    cache_read_tokens: ({ tokens }) => tokens.cacheRead,
    cache_creation_tokens: ({ tokens }) => tokens.cacheCreation,
    sessions: ({ sessions }) => sessions,
    model_calls: ({ modelCalls }) => modelCalls,
    estimated_usd: ({ estimatedUsd }) => estimatedUsd,
    metrics_usd: ({ metricsUsd }) => metricsUsd,
    unpriced_calls: ({ unpricedCalls }) => unpricedCalls,
  }
}

export const toolRateColumns: readonly Column<ToolUse>[] = [
  { title: 'TOOL', text: ({ tool }) => tool, shrinksTo: 16 },
  { title: 'RESULTS', align: 'right', text: ({ results }) => countText(results) },
  { title: 'FAILED', align: 'right', text: ({ failures }) => countText(failures) },
  {
    title: 'ERROR RATE',
    align: 'right',
    text: ({ results, failures }) => (results === 0 ? '–' : shareText(failures / results)),
  },
  { title: 'REFUSED', align: 'right', text: ({ refusals }) => countText(refusals), rank: 1 },
]

export function mostExpensiveColumns(
  rows: readonly SessionRow[],
  timeZone: string,
): readonly Column<SessionRow>[] {
  return [
    { title: 'MOST EXPENSIVE', text: ({ sessionId }) => shortId(sessionId) },
    ...costColumns(rows, ({ modelCalls }) => modelCalls),
    { title: 'TOKENS', align: 'right', text: (row) => countText(allTokens(row)) },
    { title: 'LAST', text: ({ lastMs }) => dateTimeText(lastMs, timeZone), rank: 1 },
    {
      title: 'USER',
      text: ({ userId }) => (userId === null ? '' : userName(userId)),
      atMost: 24,
      shrinksTo: 12,
      rank: 2,
    },
    { title: 'TITLE', text: ({ title }) => title ?? '', shrinksTo: 16 },
  ]
}

/** Tokens read from the cache over all input. */
function cacheText({ tokens }: ReportRow): string {
  const input = tokens.input + tokens.cacheRead + tokens.cacheCreation
  return input === 0 ? '–' : shareText(tokens.cacheRead / input)
}
