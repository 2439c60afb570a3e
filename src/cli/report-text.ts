/** A report in each of its formats. Pure. */
import { countOfText, durationText, shareText, usdText } from './figures.ts'
import { jsonDocument, type Report } from './outcome.ts'
import type { ReportData } from './report-data.ts'
import {
  dearestColumns,
  periodText,
  reportColumns,
  reportFields,
  toolRateColumns,
} from './report-rows.ts'
import { type Format, markdownTable, markdownText, objectOf, rowsText } from './row-format.ts'
import { sessionFields } from './session-fields.ts'
import { allTokens } from './session-table.ts'
import { type Column, tableLines } from './table.ts'
import { styled, type Terminal, type TextLine } from './terminal.ts'
import { tipText } from './tip-text.ts'
import { wrapped } from './wrapped-text.ts'
import { dateText } from './zoned-time.ts'

/** Tools and sessions listed below the rows. */
const MAX_LISTED = 10
const TIPS_TITLE = 'Worth a look'

export function reportIn(format: Format, data: ReportData, terminal: Terminal): Report {
  switch (format) {
    case 'json':
      return { document: jsonDocument(jsonOf(data)) }
    case 'csv':
      return { document: rowsText('csv', reportFields(data), data.rows) }
    case 'markdown':
      return { document: markdownOf(data) }
    case 'table':
      return { lines: linesOf(data, terminal) }
  }
}

function linesOf(data: ReportData, terminal: Terminal): readonly TextLine[] {
  const tips = data.tips.flatMap((tip) => {
    const [first = '', ...more] = wrapped(tipText(tip), terminal, 2)
    return [`• ${first}`, ...more]
  })
  return [
    [styled('bold', titleOf(data))],
    ...summaryOf(data).flatMap((line) => wrapped(line, terminal, 0)),
    ...sectionsOf(data).flatMap(({ lines }) => ['', ...lines(terminal)]),
    ...(tips.length === 0 ? [] : ['', [styled('bold', TIPS_TITLE)], ...tips]),
  ]
}

function markdownOf(data: ReportData): string {
  const tips = data.tips.map((tip) => `- ${tipText(tip, markdownText)}`)
  return [
    [`## ${titleOf(data)}`, ...summaryOf(data)].join('\n'),
    ...sectionsOf(data).map(({ markdown }) => markdown()),
    ...(tips.length === 0 ? [] : [[`## ${TIPS_TITLE}`, ...tips].join('\n')]),
  ].join('\n\n')
}

interface Section {
  readonly lines: (terminal: Terminal) => readonly TextLine[]
  readonly markdown: () => string
}

function section<R>(columns: readonly Column<R>[], rows: readonly R[]): Section {
  return {
    lines: (terminal) => tableLines(columns, rows, terminal),
    markdown: () =>
      markdownTable(
        columns.map(({ title }) => title),
        rows.map((row) => columns.map(({ text }) => text(row))),
      ),
  }
}

function sectionsOf(data: ReportData): readonly Section[] {
  const { overview, rows, timeZone } = data
  const tools = overview.tools.slice(0, MAX_LISTED)
  const dearest = overview.dearest.filter(({ costUsd }) => costUsd > 0).slice(0, MAX_LISTED)
  const nothing = 'Nothing was recorded in this time.'
  return [
    rows.length === 0
      ? { lines: () => [nothing], markdown: () => nothing }
      : section(reportColumns(data), rows),
    ...(tools.length > 0 ? [section(toolRateColumns, tools)] : []),
    ...(dearest.length > 0 ? [section(dearestColumns(timeZone), dearest)] : []),
  ]
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
