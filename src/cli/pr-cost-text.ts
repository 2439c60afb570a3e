/** What a pull request cost, in each of its formats. Pure. */
import type { UsageRow } from '../api/contract/usage.ts'
import type { PullRequestCost } from '../reports/pull-request-cost.ts'
import { costNote, costSummary, costText } from '../domain/cost-text.ts'
import { costColumns } from './cost-columns.ts'
import { countOfText, countText, tokensText } from '../domain/figure-text.ts'
import { jsonDocument, type Report } from './outcome.ts'
import { plainLine } from './plain-text.ts'
import { markdownLabel, markdownTable, markdownText } from './row-format.ts'
import { allTokens } from './session-table.ts'
import { type Column, tableLines } from './table.ts'
import { styled, type Terminal, type TextLine } from './terminal.ts'
import { dateText } from './zoned-time.ts'

export const COST_FORMATS = ['text', 'markdown', 'json'] as const
export type CostFormat = (typeof COST_FORMATS)[number]

/** Rows of each table; JSON has all of them. */
const MAX_ROWS = 20
/** By which a comment is found again, to be replaced. */
const MARK = '<!-- claude-telemetry pr-cost -->'
const ESTIMATES = 'Estimated costs are worked out from a price list; the agent did not report them.'
const UNPRICED = 'Calls without a price are in no sum.'

export function pullRequestReport(
  format: CostFormat,
  cost: PullRequestCost,
  { timeZone, terminal }: { readonly timeZone: string; readonly terminal: Terminal },
): Report {
  switch (format) {
    case 'json':
      return { document: jsonDocument(jsonOf(cost)) }
    case 'markdown':
      return { document: markdownOf(cost, timeZone) }
    case 'text':
      return { lines: linesOf(cost, timeZone, terminal) }
  }
}

/** `acme/widgets#7`, or what else is known of it. */
function nameOf({ pullRequest, repository, branch }: PullRequestCost): string {
  const path = pullRequest && /^https?:\/\/[^/]+\/(.+?)(?:\/-)?\/[a-z_-]+\/(\d+)$/.exec(pullRequest)
  if (path) return `${path[1]}#${path[2]}`
  if (pullRequest !== undefined) return pullRequest
  return [repository, branch].filter((part) => part !== undefined).join(' ')
}

/** `3 sessions, 42 calls, 1.2M tokens, 2026-11-20 to 2026-11-22`. */
function usedText({ total, fromMs, toMs }: PullRequestCost, timeZone: string): string {
  const [first, last] = [dateText(fromMs, timeZone), dateText(toMs - 1, timeZone)]
  return [
    countOfText(total.sessions, 'session'),
    countOfText(total.modelCalls, 'call'),
    tokensText(allTokens(total)),
    first === last ? first : `${first} to ${last}`,
  ].join(', ')
}

function notesOf({ total }: PullRequestCost): readonly string[] {
  return [
    ...(total.estimatedUsd > 0 ? [ESTIMATES] : []),
    ...(total.unpricedCalls > 0 ? [UNPRICED] : []),
  ]
}

function tablesOf({ models, people, commits }: PullRequestCost) {
  return [
    { title: 'Model', rows: models, none: '(none)' },
    { title: 'Person', rows: people, none: '(not named)' },
    { title: 'Commit', rows: commits, none: '(none)' },
  ].filter(({ rows }) => rows.length > 0)
}

function markdownOf(cost: PullRequestCost, timeZone: string): string {
  const { pullRequest, total } = cost
  const name = nameOf(cost)
  // An address that is written as such is a link, with nothing in it that could be markup.
  const isPage = pullRequest !== undefined && /^https?:\/\/[\w.:/~%-]+$/.test(pullRequest)
  const title = isPage ? `[${markdownLabel(name)}](${pullRequest})` : markdownText(name)
  const note = costNote(total, total.modelCalls)
  const tables = tablesOf(cost).map(({ title: head, rows, none }) => {
    const cells = rows
      .slice(0, MAX_ROWS)
      .map((row) => [
        row.names[0] ?? none,
        costCell(row),
        countText(row.modelCalls),
        countText(allTokens(row)),
        countText(row.sessions),
      ])
    const rest = rows.length - MAX_ROWS
    const table = markdownTable([head, 'Cost', 'Calls', 'Tokens', 'Sessions'], cells)
    return rest > 0 ? `${table}\n\n… and ${countText(rest)} more` : table
  })
  return [
    MARK,
    `### Coding agents on ${title}`,
    `**${costText(total.costUsd)}**${note === undefined ? '' : ` (${note})`}: ${usedText(cost, timeZone)}`,
    ...tables,
    ...notesOf(cost),
  ].join('\n\n')
}

/** With what is to be known of it. */
function costCell(row: UsageRow): string {
  return costSummary(row, row.modelCalls)
}

function linesOf(cost: PullRequestCost, timeZone: string, terminal: Terminal): readonly TextLine[] {
  const { pullRequest, total } = cost
  const name = nameOf(cost)
  return [
    [styled('bold', plainLine(name))],
    ...(pullRequest === undefined || pullRequest === name ? [] : [plainLine(pullRequest)]),
    `${costSummary(total, total.modelCalls)}: ${usedText(cost, timeZone)}`,
    ...tablesOf(cost).flatMap(({ title, rows, none }) => {
      const shown = rows.slice(0, MAX_ROWS)
      const rest = rows.length - shown.length
      const table = tableLines(columnsOf(title, none, shown), shown, terminal)
      return ['', ...table, ...(rest > 0 ? [`… and ${countText(rest)} more; --json has all`] : [])]
    }),
    ...notesOf(cost).flatMap((text) => ['', text]),
  ]
}

function columnsOf(
  title: string,
  none: string,
  rows: readonly UsageRow[],
): readonly Column<UsageRow>[] {
  return [
    { title: title.toUpperCase(), text: ({ names: [name] }) => name ?? none, shrinksTo: 12 },
    ...costColumns(rows, ({ modelCalls }) => modelCalls),
    { title: 'CALLS', align: 'right', text: ({ modelCalls }) => countText(modelCalls) },
    { title: 'TOKENS', align: 'right', text: (row) => countText(allTokens(row)) },
    { title: 'SESSIONS', align: 'right', text: ({ sessions }) => countText(sessions), rank: 1 },
  ]
}

function jsonOf({
  pullRequest,
  repository,
  branch,
  fromMs,
  toMs,
  total,
  ...tables
}: PullRequestCost) {
  const { names: _, ...totals } = total
  const rows = (of: readonly UsageRow[]) =>
    of.map(({ names, links, ...figures }) => ({
      name: names[0] ?? null,
      ...(links?.[0] != null && { url: links[0] }),
      ...figures,
    }))
  return {
    pullRequest: pullRequest ?? null,
    repository: repository ?? null,
    branch: branch ?? null,
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    totals,
    byModel: rows(tables.models),
    byPerson: rows(tables.people),
    byCommit: rows(tables.commits),
  }
}
