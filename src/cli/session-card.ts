/**
 * One session as a card: what it was, what it cost and did, then models, tools and prompts. Lines
 * that would say nothing are left out. Pure.
 */
import type { Session, WorkResult } from '../api/contract/session.ts'
import type { WasteFinding } from '../api/contract/waste.ts'
import { userName } from '../api/contract/user-name.ts'
import { usdText } from '../domain/usd-text.ts'
import { isWorthShowing } from '../api/contract/waste-words.ts'
import type { OutlineTurn } from '../reports/session-outline.ts'
import { cardRows } from './card-rows.ts'
import { costSummary, eventsWarning } from '../domain/cost-text.ts'
import {
  countOfText,
  countText,
  durationText,
  scoreText,
  shareText,
} from '../domain/figure-text.ts'
import { cutTo, plainLine } from './plain-text.ts'
import { modelColumns, promptColumns, toolColumns } from './session-parts.ts'
import { allTokens } from './session-table.ts'
import { type Column, tableLines } from './table.ts'
import { styled, type Terminal, type TextLine } from './terminal.ts'
import { wasteLines } from './waste-text.ts'
import { wrapped } from './wrapped-text.ts'
import { dateTimeText } from './zoned-time.ts'

const LABEL_WIDTH = 11
/** Commits or pull requests named. */
const MAX_RESULTS = 10
const MAX_FILES = 10
/** Agents name their users as they like. */
const MAX_USER_WIDTH = 32

/** Why sessions were closed, in words. */
const closings: Readonly<Record<string, string>> = {
  idle: 'closed as idle',
  shutdown: 'closed when the bridge stopped',
  max_age: 'closed at its maximum age',
  limit: 'closed because too many were open',
  session_end: 'ended',
}

export function sessionCard(
  session: Session,
  waste: readonly WasteFinding[],
  terminal: Terminal,
  timeZone: string,
  rows: readonly OutlineTurn[] = [],
): readonly TextLine[] {
  const { session: row, models, tools, turns, omittedTurns } = session
  const title = plainLine(row.title ?? '(no title: no prompt is stored)')
  const head: readonly TextLine[] = [
    [styled('bold', terminal.isInteractive ? cutTo(title, terminal.columns) : title)],
    [styled('gray', `${row.agent}  ${row.sessionId}`)],
    ...wrapped(whereabouts(session, terminal, timeZone), terminal, 0).map((line) => [
      styled('gray', line),
    ]),
  ]
  const shownWaste = waste.filter(isWorthShowing)
  const table = <R>(columns: readonly Column<R>[], rows: readonly R[]): readonly TextLine[] =>
    rows.length === 0 ? [] : ['', ...tableLines(columns, rows, terminal)]
  const did = cardRows(rows, terminal)
  const omitted =
    omittedTurns > 0
      ? [`(${omittedTurns} earlier prompts are omitted; claude-telemetry export has their records)`]
      : []
  return [
    ...head,
    '',
    ...factsOf(session).flatMap((fact) => factLines(fact, terminal)),
    ...table(modelColumns(models), models),
    ...table(toolColumns, tools),
    ...table(promptColumns(turns, timeZone), turns),
    ...omitted,
    ...(did.length === 0 ? [] : ['', ...did]),
    ...(shownWaste.length === 0 ? [] : ['', ...wasteLines(shownWaste, terminal)]),
  ]
}

function factLines([label, text]: Fact, terminal: Terminal): readonly TextLine[] {
  if (text === undefined) return []
  const [first = '', ...more] = wrapped(text, terminal, LABEL_WIDTH)
  return [[styled('gray', label.padEnd(LABEL_WIDTH)), first], ...more]
}

function whereabouts(
  { session: row, agentVersion }: Session,
  { isInteractive }: Terminal,
  timeZone: string,
): string {
  const state = row.isOpen ? 'open' : (closings[row.closeReason ?? ''] ?? 'closed')
  const parts = [
    row.userId !== null && isInteractive
      ? cutTo(plainLine(userName(row.userId)), MAX_USER_WIDTH)
      : row.userId,
    row.project === null ? null : `project ${row.project}`,
    row.team === null ? null : `team ${row.team}`,
    agentVersion === null ? null : `version ${agentVersion}`,
    dateTimeText(row.firstMs, timeZone),
    state,
  ]
  return parts
    .filter((part) => part !== null)
    .map(plainLine)
    .join(' · ')
}

type Fact = readonly [label: string, text: string | undefined]

function factsOf(session: Session): readonly Fact[] {
  const { strip, scores, reconciliation, langfuseUrl } = session
  const { tokens } = strip
  return [
    ['Cost', costSummary(strip, strip.modelCalls)],
    ['Warning', eventsWarning(strip)],
    [
      'Tokens',
      `${countText(allTokens(strip))}: ${countText(tokens.input)} in, ` +
        `${countText(tokens.output)} out, cache ${countText(tokens.cacheRead)} read, ` +
        `${countText(tokens.cacheCreation)} written`,
    ],
    [
      'Cache',
      strip.cacheHitRatio === null
        ? undefined
        : `${shareText(strip.cacheHitRatio)} of all input was read from it`,
    ],
    ['Time', timeText(strip)],
    ['Prompts', countText(strip.prompts)],
    ['Calls', counted(strip.modelCalls, [[strip.modelErrors, 'failed']])],
    [
      'Tools',
      counted(strip.toolResults, [
        [strip.toolFailures, 'failed'],
        [strip.toolRefusals, 'refused'],
      ]),
    ],
    ['Subagents', strip.subagents === 0 ? undefined : countText(strip.subagents)],
    ['Errors', strip.errors === 0 ? undefined : countText(strip.errors)],
    ['Work', workText(strip)],
    ['Commits', resultsText(session.work, 'commit')],
    ['Requests', resultsText(session.work, 'pull_request')],
    ['Files', filesText(session)],
    ['Masked', maskedText(session.masked)],
    [
      'Scores',
      scores.length === 0
        ? undefined
        : scores
            .map(({ name, value, max }) => `${name.replaceAll('_', ' ')} ${scoreText(value, max)}`)
            .join(', '),
    ],
    ['Metrics', reconciliationText(reconciliation)],
    ['Langfuse', langfuseUrl ?? undefined],
  ]
}

function timeText({ durationMs, activeUserS, activeAgentS }: Session['strip']): string {
  const active = [
    activeUserS > 0 ? `you ${durationText(activeUserS * 1000)}` : undefined,
    activeAgentS > 0 ? `the agent ${durationText(activeAgentS * 1000)}` : undefined,
  ].filter((part) => part !== undefined)
  const whole = durationText(durationMs)
  return active.length === 0 ? whole : `${whole}, active: ${active.join(', ')}`
}

function workText(strip: Session['strip']): string | undefined {
  const { linesAdded, linesRemoved, commits, pullRequests, editsAccepted, editsRejected } = strip
  const edits = editsAccepted + editsRejected
  const parts = [
    linesAdded + linesRemoved > 0 ? `+${linesAdded} −${linesRemoved} lines` : undefined,
    commits > 0 ? countOfText(commits, 'commit') : undefined,
    pullRequests > 0 ? countOfText(pullRequests, 'pull request') : undefined,
    edits > 0 ? `${editsAccepted} of ${countOfText(edits, 'edit')} accepted` : undefined,
  ].filter((part) => part !== undefined)
  return parts.length === 0 ? undefined : parts.join(', ')
}

/** `3 changed: src/a.ts (2×), b.md, …`. */
function filesText({ files, omittedFiles }: Session): string | undefined {
  if (files.length === 0) return undefined
  const named = files.slice(0, MAX_FILES).map(({ path, times }) => {
    return plainLine(times === 1 ? path : `${path} (${times}×)`)
  })
  const more = files.length - named.length
  const text = [...named, ...(more > 0 ? [`${countText(more)} more`] : [])].join(', ')
  // Of those beyond the bound nobody knows how many they are.
  return `${omittedFiles > 0 ? 'more than ' : ''}${countText(files.length)} changed: ${text}`
}

/** `1a2b3c4 on feature, …`; of pull requests their addresses. */
function resultsText(work: Session['work'], kind: WorkResult['kind']): string | undefined {
  const all = work.filter((result) => result.kind === kind)
  if (all.length === 0) return undefined
  const named = all.slice(-MAX_RESULTS).map(({ name, branch }) => {
    return kind === 'commit' && branch !== null ? `${name} on ${branch}` : name
  })
  const more = all.length - named.length
  const before = more > 0 ? [`${countText(more)} earlier`] : []
  return [...before, ...named].map(plainLine).join(', ')
}

function counted(count: number, parts: readonly (readonly [number, string])[]): string {
  const shown = parts.filter(([some]) => some > 0).map(([some, what]) => `${some} ${what}`)
  return [countText(count), ...shown].join(', ')
}

/** Secrets by rule, the most first. */
function maskedText(masked: Session['masked']): string | undefined {
  const rules = Object.entries(masked).sort(([, a], [, b]) => b - a)
  if (rules.length === 0) return undefined
  const secrets = rules.reduce((sum, [, times]) => sum + times, 0)
  const byRule = rules.map(([rule, times]) => `${rule} ${times}`).join(', ')
  return `${countOfText(secrets, 'secret')}: ${byRule}`
}

/** Nothing where they agree, or where either side reports no cost. */
function reconciliationText(reconciliation: Session['reconciliation']): string | undefined {
  const { eventsUsd = null, metricsUsd = null } = reconciliation ?? {}
  if (eventsUsd === null || metricsUsd === null) return undefined
  const apart = metricsUsd - eventsUsd
  if (Math.abs(apart) < 0.005) return undefined
  return `report ${usdText(metricsUsd)}, ${usdText(apart)} different from the events`
}
