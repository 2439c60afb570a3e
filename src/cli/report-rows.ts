/** The rows of a report as columns and as named values; below it, the tools and the dearest. Pure. */
import type { ToolUse } from '../web/contract/overview.ts'
import type { SessionRow } from '../web/contract/session-list.ts'
import { countText, shareText, usdText } from './figures.ts'
import type { Group, ReportData, ReportRow } from './report-data.ts'
import type { Fields } from './row-format.ts'
import { allTokens, shortId } from './session-table.ts'
import type { Column } from './table.ts'
import { dateText, dateTimeText } from './zoned-time.ts'

const titles: Readonly<Record<Group, string>> = {
  model: 'MODEL',
  user: 'USER',
  team: 'TEAM',
  project: 'PROJECT',
}

/** The first day of the bucket; a month without its day. */
export function periodText(startMs: number, { period, timeZone }: ReportData): string {
  const date = dateText(startMs, timeZone)
  return period === 'month' ? date.slice(0, 7) : date
}

export function reportColumns(data: ReportData): readonly Column<ReportRow>[] {
  const { period, group } = data
  const named: readonly Column<ReportRow>[] =
    group === undefined
      ? []
      : [{ title: titles[group], text: ({ name }) => name ?? '(none)', shrinksTo: 12 }]
  return [
    {
      title: period === 'week' ? 'WEEK OF' : period.toUpperCase(),
      text: ({ startMs }) => periodText(startMs, data),
    },
    ...named,
    { title: 'COST', align: 'right', text: ({ costUsd }) => usdText(costUsd) },
    { title: 'TOKENS', align: 'right', text: (row) => countText(allTokens(row)) },
    { title: 'CACHE', align: 'right', text: cacheText },
    { title: 'SESSIONS', align: 'right', text: ({ sessions }) => countText(sessions) },
    { title: 'CALLS', align: 'right', text: ({ modelCalls }) => countText(modelCalls), rank: 1 },
  ]
}

export function reportFields(data: ReportData): Fields<ReportRow> {
  const { period, group } = data
  return {
    [period]: ({ startMs }) => periodText(startMs, data),
    ...(group !== undefined && { [group]: ({ name }: ReportRow) => name }),
    cost_usd: ({ costUsd }) => costUsd,
    input_tokens: ({ tokens }) => tokens.input,
    output_tokens: ({ tokens }) => tokens.output,
    cache_read_tokens: ({ tokens }) => tokens.cacheRead,
    cache_creation_tokens: ({ tokens }) => tokens.cacheCreation,
    sessions: ({ sessions }) => sessions,
    model_calls: ({ modelCalls }) => modelCalls,
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

export function dearestColumns(timeZone: string): readonly Column<SessionRow>[] {
  return [
    { title: 'DEAREST', text: ({ sessionId }) => shortId(sessionId) },
    { title: 'COST', align: 'right', text: ({ costUsd }) => usdText(costUsd) },
    { title: 'TOKENS', align: 'right', text: (row) => countText(allTokens(row)) },
    { title: 'LAST', text: ({ lastMs }) => dateTimeText(lastMs, timeZone), rank: 1 },
    { title: 'USER', text: ({ userId }) => userId ?? '', atMost: 24, shrinksTo: 12, rank: 2 },
    { title: 'TITLE', text: ({ title }) => title ?? '', shrinksTo: 16 },
  ]
}

/** Tokens read from the cache over all input. */
function cacheText({ tokens }: ReportRow): string {
  const input = tokens.input + tokens.cacheRead + tokens.cacheCreation
  return input === 0 ? '–' : shareText(tokens.cacheRead / input)
}
