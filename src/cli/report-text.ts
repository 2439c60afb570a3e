/** A report in each of its formats. Pure. */
import { addUsd } from '../domain/exact-sum.ts'
import { costSummary } from '../domain/cost-text.ts'
import {
  costComparison,
  countOfText,
  durationText,
  shareText,
  tokensText,
} from '../domain/figure-text.ts'
import { jsonDocument, type Report } from './outcome.ts'
import { limitOf, type LimitOptions } from './output-options.ts'
import { type RoiAssumptions, type RoiFigures, roiOf } from '../reports/roi.ts'
import { isOfSessions } from '../domain/usage-group.ts'
import { dayOf } from '../reports/time-buckets.ts'
import type { ReportData } from './report-data.ts'
import {
  mostExpensiveColumns,
  moreText,
  periodText,
  reportColumns,
  reportFields,
  shownRows,
  toolRateColumns,
} from './report-rows.ts'
import { type Format, markdownTable, markdownText, objectOf, rowsText } from './row-format.ts'
import { ROI_TITLE, roiFacts } from './roi-text.ts'
import { sessionFields } from './session-fields.ts'
import { allTokens } from './session-table.ts'
import { dimensionShares, type Overview } from '../api/contract/overview.ts'
import type { WasteInRange } from '../api/contract/waste.ts'
import { usdText } from '../domain/usd-text.ts'
import { type Column, tableLines } from './table.ts'
import { styled, type Terminal, type TextLine } from './terminal.ts'
import { tipText } from './tip-text.ts'
import { wasteJson, wasteSectionLines, wasteSectionMarkdown } from './waste-section.ts'
import { wrapped } from './wrapped-text.ts'
import { dateText, dateTimeText } from './zoned-time.ts'

/** Names of each bucket in a table. */
const USUAL_NAMES = 20
/** Tools and sessions listed below it. */
const USUAL_LISTED = 10
const HOW_ALL = '--all, --limit N or --json shows the rest'
const TIPS_TITLE = 'Worth a look'
const ROI_LABEL_WIDTH = 18

/** What the return is worked out from. */
export interface Returned {
  readonly figures: RoiFigures
  readonly assumed: RoiAssumptions
}

/** A report with what the sessions of its range wasted, where that was looked for. */
export interface Reported extends ReportData {
  readonly waste?: WasteInRange | undefined
}

export function reportIn(
  format: Format,
  data: Reported,
  options: LimitOptions,
  terminal: Terminal,
  returned?: Returned,
): Report {
  const names = limitOf(options, format, USUAL_NAMES)
  const listed = limitOf(options, format, USUAL_LISTED)
  switch (format) {
    case 'json':
      return { document: jsonDocument({ ...jsonOf(data, listed), ...roiJson(returned) }) }
    case 'csv':
      return { document: rowsText('csv', reportFields(data), data.rows) }
    case 'markdown':
      return { document: markdownOf(data, names, listed, returned) }
    case 'table':
      return { lines: linesOf(data, names, listed, terminal, returned) }
  }
}

function linesOf(
  data: Reported,
  names: number,
  listed: number,
  terminal: Terminal,
  returned: Returned | undefined,
): readonly TextLine[] {
  const tips = data.tips.flatMap((tip) => {
    const [first = '', ...more] = wrapped(tipText(tip), terminal, 2)
    return [`• ${first}`, ...more]
  })
  return [
    [styled('bold', titleOf(data))],
    ...notesOf(data).flatMap((line) => wrapped(line, terminal, 0)),
    ...summaryOf(data.overview).flatMap((line) => wrapped(line, terminal, 0)),
    ...sectionsOf(data, names, listed).flatMap(({ lines }) => ['', ...lines(terminal)]),
    ...wasteSectionLines(data.waste, terminal),
    ...roiLines(returned, terminal),
    ...(tips.length === 0 ? [] : ['', [styled('bold', TIPS_TITLE)], ...tips]),
  ]
}

function roiLines(returned: Returned | undefined, terminal: Terminal): readonly TextLine[] {
  if (returned === undefined) return []
  const { figures, assumed } = returned
  return [
    '',
    [styled('bold', ROI_TITLE)],
    ...roiFacts(roiOf(figures, assumed), figures, assumed).flatMap(([label, text]) => {
      const [first = '', ...more] = wrapped(text, terminal, ROI_LABEL_WIDTH)
      return [[styled('gray', label.padEnd(ROI_LABEL_WIDTH)), first], ...more]
    }),
  ]
}

function roiMarkdown({ figures, assumed }: Returned): string {
  const facts = roiFacts(roiOf(figures, assumed), figures, assumed)
  return [`## ${ROI_TITLE}`, ...facts.map(([label, text]) => `- ${label}: ${text}`)].join('\n')
}

function roiJson(returned: Returned | undefined) {
  if (returned === undefined) return {}
  const { figures, assumed } = returned
  return { roi: { ...roiOf(figures, assumed), assumed } }
}

function markdownOf(
  data: Reported,
  names: number,
  listed: number,
  returned: Returned | undefined,
): string {
  const tips = data.tips.map((tip) => `- ${tipText(tip, markdownText)}`)
  return [
    [`## ${titleOf(data)}`, ...notesOf(data), ...summaryOf(data.overview)].join('\n'),
    ...sectionsOf(data, names, listed).map(({ markdown }) => markdown()),
    ...wasteSectionMarkdown(data.waste),
    ...(returned === undefined ? [] : [roiMarkdown(returned)]),
    ...(tips.length === 0 ? [] : [[`## ${TIPS_TITLE}`, ...tips].join('\n')]),
  ].join('\n\n')
}

/** A table, and what is said below it of rows that are not in it. */
interface Section {
  readonly lines: (terminal: Terminal) => readonly TextLine[]
  readonly markdown: () => string
}

function section<R>(
  columns: readonly Column<R>[],
  rows: readonly R[],
  below: readonly string[],
): Section {
  return {
    lines: (terminal) => [...tableLines(columns, rows, terminal), ...below],
    markdown: () => {
      const titles = columns.map(({ title }) => title)
      const cells = rows.map((row) => columns.map(({ text }) => text(row)))
      return [markdownTable(titles, cells), ...below].join('\n\n')
    },
  }
}

function sectionsOf(data: ReportData, names: number, listed: number): readonly Section[] {
  return [bucketsOf(data, names), ...toolsOf(data, listed), ...sessionsOf(data, listed)]
}

function bucketsOf(data: ReportData, names: number): Section {
  const { rows, groups, period } = data
  if (rows.every(({ sessions, modelCalls }) => sessions === 0 && modelCalls === 0)) {
    const nothing = 'Nothing was recorded in this time.'
    return { lines: () => [nothing], markdown: () => nothing }
  }
  const ofBuckets = [...Map.groupBy(rows, ({ startMs }) => startMs).values()]
  const isCut = ofBuckets.some(({ length }) => length > names)
  const noun = groups.length === 1 ? groups[0]?.label : 'name'
  const isShared = !groups.every(isOfSessions)
  const below = [
    ...(isCut ? [`Each ${period} lists its ${names} most expensive ${noun}s; ${HOW_ALL}.`] : []),
    ...(isShared && ofBuckets.some(({ length }) => length > 1)
      ? ['A session may appear in several groups.']
      : []),
  ]
  const shown = shownRows(data, names)
  return section(reportColumns(data, shown), shown, below)
}

function toolsOf({ tools }: ReportData, listed: number): readonly Section[] {
  if (tools.length === 0) return []
  const rest = tools.length - listed
  const below = rest > 0 ? [`${moreText(rest, 'tool')}; ${HOW_ALL}.`] : []
  return [section(toolRateColumns, tools.slice(0, listed), below)]
}

function sessionsOf({ mostExpensive, timeZone }: ReportData, listed: number): readonly Section[] {
  if (mostExpensive.length === 0) return []
  const rest = mostExpensive.slice(listed)
  const restUsd = rest.reduce((sum, { costUsd }) => addUsd(sum, costUsd ?? 0), 0)
  const more = `${moreText(rest.length, 'session')} (together ${usdText(restUsd)}); ${HOW_ALL}.`
  const below = rest.length > 0 ? [more] : []
  const shown = mostExpensive.slice(0, listed)
  return [section(mostExpensiveColumns(shown, timeZone), shown, below)]
}

/** Dates, or times where the range that was asked for does not consist of whole days. */
export function titleOf({ fromMs, toMs, asked, timeZone }: ReportData): string {
  const isWithinDay = (ms: number) => dayOf(ms, timeZone).fromMs !== ms
  const begins = asked.from !== undefined && isWithinDay(fromMs)
  const ends = asked.to !== undefined && isWithinDay(toMs)
  if (begins || ends) {
    const text = (ms: number) => dateTimeText(ms, timeZone)
    return `What agents cost from ${text(fromMs)} to ${text(toMs)}`
  }
  const last = dateText(toMs - 1, timeZone)
  return `What agents cost from ${dateText(fromMs, timeZone)} to ${last}`
}

/** What the reader should know about the range. */
function notesOf({ fromMs, toMs, asked }: ReportData): readonly string[] {
  const isMoved = (asked.from ?? fromMs) !== fromMs || (asked.to ?? toMs) !== toMs
  return isMoved ? ['Reports cover whole quarter hours.'] : []
}

/** At most two lines of sums. */
function summaryOf(overview: Overview): readonly string[] {
  const { totals, cache, firstCommit, previous, previousIsPartial } = overview
  const change =
    previous === null || previousIsPartial
      ? undefined
      : costComparison(totals.costUsd, previous.costUsd, 'the period before')
  const spent = [
    costSummary(totals, totals.modelCalls),
    change,
    tokensText(allTokens(totals)),
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

function jsonOf(data: Reported, listed: number) {
  const { overview, rows, shares, tools, mostExpensive, tips, period, groups, timeZone } = data
  const { totals, previous, previousIsPartial, cache, edits, firstCommit } = overview
  const byGroup = (values: readonly (string | null)[]) =>
    Object.fromEntries(groups.map(({ name }, at) => [name, values[at] ?? null]))
  return {
    from: new Date(data.fromMs).toISOString(),
    to: new Date(data.toMs).toISOString(),
    timeZone,
    by: period,
    group: groups.length === 0 ? null : groups.map(({ name }) => name).join(','),
    totals,
    previous,
    previousIsPartial,
    cache,
    edits,
    firstCommit,
    rows: rows.map(({ startMs, names, links, ...row }) => ({
      start: new Date(startMs).toISOString(),
      [period]: periodText(startMs, data),
      ...(groups.length < 2 && { name: names[0] ?? null }),
      names: byGroup(names),
      ...(links !== undefined && { links: byGroup(links) }),
      ...row,
    })),
    byModel: shares.model,
    byAgent: shares.agent,
    byProject: shares.project,
    byTeam: shares.team,
    byUser: shares.user,
    ...dimensionShares(shares.of),
    tools: tools.slice(0, listed).map((use) => ({
      ...use,
      errorRate: use.results === 0 ? null : use.failures / use.results,
    })),
    mostExpensive: mostExpensive.slice(0, listed).map((row) => objectOf(sessionFields, row)),
    ...(data.waste !== undefined && { waste: wasteJson(data.waste) }),
    tips: tips.map((tip) => ({ ...tip, text: tipText(tip) })),
  }
}
