/** A report in each of its formats. Pure. */
import { countOfText, durationText, shareText, usdText } from './figures.ts'
import type { ReportData } from './report-data.ts'
import {
  dearestColumns,
  periodText,
  reportColumns,
  reportFields,
  toolRateColumns,
} from './report-rows.ts'
import { type Format, markdownTable, objectOf, rowsText } from './row-format.ts'
import { sessionFields } from './session-fields.ts'
import { allTokens } from './session-table.ts'
import { type Column, tableText } from './table.ts'
import { paint, type Terminal } from './terminal.ts'
import { tipText } from './tip-text.ts'
import { wrapped } from './wrapped-text.ts'
import { dateText } from './zoned-time.ts'

/** Tools and sessions listed below the rows. */
const MAX_LISTED = 10

export function reportText(data: ReportData, format: Format, terminal: Terminal): string {
  switch (format) {
    case 'json':
      return JSON.stringify(jsonOf(data), null, 2)
    case 'csv':
      return rowsText('csv', reportFields(data), data.rows)
    case 'markdown':
      return sections(data, '## ', markdownOf, (tips) => tips.map((tip) => `- ${tip}`).join('\n'))
    case 'table':
      return sections(
        data,
        '',
        (columns, rows) => tableText(columns, rows, terminal),
        (tips) => tips.map((tip) => `• ${wrapped(tip, terminal, 2)}`).join('\n'),
        terminal,
      )
  }
}

function markdownOf<R>(columns: readonly Column<R>[], rows: readonly R[]): string {
  return markdownTable(
    columns.map(({ title }) => title),
    rows.map((row) => columns.map(({ text }) => text(row))),
  )
}

function sections(
  data: ReportData,
  mark: string,
  table: <R>(columns: readonly Column<R>[], rows: readonly R[]) => string,
  list: (texts: readonly string[]) => string,
  terminal?: Terminal,
): string {
  const { overview, rows, tips, timeZone } = data
  const emphasised = (title: string) => (terminal ? paint(terminal, 'bold', title) : title)
  const summary = summaryOf(data).map((line) => (terminal ? wrapped(line, terminal, 0) : line))
  const tools = overview.tools.slice(0, MAX_LISTED)
  const dearest = overview.dearest.filter(({ costUsd }) => costUsd > 0).slice(0, MAX_LISTED)
  const parts = [
    [emphasised(`${mark}${titleOf(data)}`), ...summary].join('\n'),
    rows.length === 0 ? 'Nothing was recorded in this time.' : table(reportColumns(data), rows),
    ...(tools.length > 0 ? [table(toolRateColumns, tools)] : []),
    ...(dearest.length > 0 ? [table(dearestColumns(timeZone), dearest)] : []),
    ...(tips.length > 0
      ? [`${emphasised(`${mark}Worth a look`)}\n${list(tips.map(tipText))}`]
      : []),
  ]
  return parts.join('\n\n')
}

function titleOf({ overview, timeZone, rows }: ReportData): string {
  if (rows.length === 0) return 'What agents cost'
  const last = dateText(overview.toMs - 1, timeZone)
  return `What agents cost from ${dateText(overview.fromMs, timeZone)} to ${last}`
}

/** At most two lines of sums. */
function summaryOf({ overview }: ReportData): readonly string[] {
  const { totals, cache, firstCommit, previous } = overview
  const change =
    previous === null || previous.costUsd === 0
      ? undefined
      : `${changeText(totals.costUsd / previous.costUsd - 1)} on the time before`
  const spent = [
    usdText(totals.costUsd),
    change,
    countOfText(allTokens(totals), 'token'),
    countOfText(totals.sessions, 'session'),
    countOfText(totals.prompts, 'prompt'),
  ]
  const done = [
    cache.hitRatio === null ? undefined : cacheText(cache.hitRatio, cache.savedUsd),
    firstCommit.medianMs === null
      ? undefined
      : `first commit after ${durationText(firstCommit.medianMs)} (median of ${countOfText(firstCommit.sessions, 'session')})`,
    totals.commits > 0 ? countOfText(totals.commits, 'commit') : undefined,
    totals.pullRequests > 0 ? countOfText(totals.pullRequests, 'pull request') : undefined,
  ]
  const line = (parts: readonly (string | undefined)[]) =>
    parts.filter((part) => part !== undefined).join(', ')
  return [line(spent), line(done)].filter((text) => text !== '')
}

function cacheText(hitRatio: number, savedUsd: number | null): string {
  const share = `${shareText(hitRatio)} of the input from the cache`
  return savedUsd === null ? share : `${share} (about ${usdText(savedUsd)} saved)`
}

function changeText(change: number): string {
  return `${change < 0 ? '−' : '+'}${shareText(Math.abs(change))}`
}

function jsonOf(data: ReportData) {
  const { overview, rows, tips, period, group, timeZone } = data
  const { totals, cache, tools, firstCommit, dearest } = overview
  return {
    from: new Date(overview.fromMs).toISOString(),
    to: new Date(overview.toMs).toISOString(),
    timeZone,
    by: period,
    group: group ?? null,
    totals,
    cache,
    firstCommit,
    rows: rows.map((row) => ({
      start: new Date(row.startMs).toISOString(),
      [period]: periodText(row.startMs, data),
      name: row.name,
      costUsd: row.costUsd,
      tokens: row.tokens,
      sessions: row.sessions,
      modelCalls: row.modelCalls,
    })),
    tools: tools.map((use) => ({
      ...use,
      errorRate: use.results === 0 ? null : use.failures / use.results,
    })),
    dearest: dearest.map((row) => objectOf(sessionFields, row)),
    tips: tips.map((tip) => ({ ...tip, text: tipText(tip) })),
  }
}
