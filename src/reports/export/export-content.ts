/** What an exported session says, in words: masked, but not yet in the syntax of a format. Pure. */
import { safeBlock } from '../../domain/safe-text.ts'
import { durationText } from '../../domain/figure-text.ts'
import { usdText } from '../../domain/usd-text.ts'
import type { Costs, Tokens } from '../../api/contract/quantities.ts'
import type { Session, WorkResult } from '../../api/contract/session.ts'
import type { TurnHead } from '../../api/contract/turn.ts'
import type { PlacedItem } from '../../api/contract/turn-tree.ts'
import type { OutlineRow, OutlineTurn, SessionOutline } from '../session-outline.ts'
import type { SharedText } from './shared-text.ts'

export type Fact = readonly [label: string, text: string]

export interface ExportHead {
  readonly title: string
  readonly facts: readonly Fact[]
  readonly models: readonly (readonly string[])[]
  readonly commits: readonly Change[]
  readonly files: readonly string[]
  /** What is not in the file, a sentence each. */
  readonly omissions: readonly string[]
}

/** A commit or a pull request. */
export interface Change {
  readonly kind: 'commit' | 'pull request'
  readonly name: string
  /** `http` or `https`; undefined where there is none, or it is not to be told. */
  readonly url: string | undefined
  readonly where: string
}

export interface ExportTurn {
  readonly number: number
  readonly facts: readonly string[]
  readonly errors: number
  readonly prompt: ExportText
  readonly answer: ExportText
  readonly rows: readonly ExportRow[]
  readonly omittedRows: number
}

/** Text, or why there is none. */
export interface ExportText {
  readonly text: string | undefined
  readonly note: string
}

export interface ExportRow {
  readonly depth: number
  readonly after: string
  readonly kind: string
  readonly name: string
  readonly summary: string
  readonly took: string
  /** For a person. */
  readonly waited: string
  readonly cost: string
  readonly status: string
  readonly level: OutlineRow['level']
}

export const MODEL_COLUMNS = ['Model', 'Calls', 'Failed', 'Cost', 'Tokens'] as const

const MAX_DEPTH = 6
const MAX_FILES = 200
/** A shorter wait is the agent's own work. */
const MIN_WAIT_MS = 500
/** Titles are stored cut at this length. */
const TITLE_LENGTH = 200

const KINDS: Readonly<Record<OutlineRow['kind'], string>> = {
  call: 'model call',
  tool: 'tool',
  subagent: 'subagent',
  waiting: 'waiting',
  note: 'event',
}

export function headOf(
  session: Session,
  outline: SessionOutline,
  shared: SharedText,
  anonymous: boolean,
): ExportHead {
  const { session: row, models, work } = session
  return {
    title: row.title === null ? 'Session without a title' : shared.line(wholeWords(row.title)),
    facts: factsOf(session, anonymous).map(([label, text]) => [label, shared.line(text)]),
    models: models.map((use) => [
      shared.line(use.model),
      countText(use.calls),
      countText(use.errors),
      costText(use),
      countText(sumOf(use.tokens)),
    ]),
    commits: work.map((result) => changeOf(result, shared, anonymous)),
    files: outline.files
      .slice(0, MAX_FILES)
      .map(({ path, times }) => `${shared.line(path)}${times > 1 ? ` (${times} times)` : ''}`),
    omissions: omissionsOf(outline, anonymous),
  }
}

/** What a title was cut in is left out: half a secret is not known as one. */
function wholeWords(title: string): string {
  return title.length < TITLE_LENGTH - 1 ? title : `${title.replace(/\S*$/, '').trimEnd()} …`
}

function factsOf(session: Session, anonymous: boolean): Fact[] {
  const { session: row, strip, agentVersion } = session
  const { tokens } = strip
  const facts: readonly (readonly [string, string | null])[] = [
    ['Agent', `${row.agent} ${agentVersion ?? ''}`.trim()],
    ['Session', row.sessionId],
    ['User', anonymous ? null : row.userId],
    ['Team', anonymous ? null : row.team],
    ['Project', row.project],
    ['Time', timeText(row.firstMs, row.lastMs, row.isOpen)],
    ['Cost', costText(strip)],
    [
      'Tokens',
      `${countText(sumOf(tokens))}: ${countText(tokens.input)} in, ${countText(tokens.output)} out, ` +
        `cache ${countText(tokens.cacheRead)} read, ${countText(tokens.cacheCreation)} written`,
    ],
    ['Prompts', countText(strip.prompts)],
    ['Model calls', counted(strip.modelCalls, [[strip.modelErrors, 'failed']])],
    [
      'Tools',
      counted(strip.toolResults, [
        [strip.toolFailures, 'failed'],
        [strip.toolRefusals, 'refused'],
      ]),
    ],
    ['Errors', strip.errors === 0 ? null : countText(strip.errors)],
    [
      'Lines',
      strip.linesAdded + strip.linesRemoved === 0
        ? null
        : `${countText(strip.linesAdded)} added, ${countText(strip.linesRemoved)} removed`,
    ],
  ]
  return facts.flatMap(([label, text]) => (text === null ? [] : [[label, text] as const]))
}

function counted(count: number, of: readonly (readonly [count: number, what: string])[]): string {
  const parts = of.filter(([some]) => some > 0).map(([some, what]) => `${countText(some)} ${what}`)
  return [countText(count), ...parts].join(', ')
}

function changeOf(result: WorkResult, shared: SharedText, anonymous: boolean): Change {
  const { kind, name, url, repository, branch } = result
  const isAddress = /^https?:\/\//i.test(name)
  // An address names who owns the repository.
  const last = anonymous && isAddress ? (name.split('/').at(-1) ?? '') : name
  // What it is stands before it.
  const shown = last.replace(/^(?:commit|pull request) (\d+)$/, '$1')
  return {
    kind: kind === 'commit' ? 'commit' : 'pull request',
    name: shared.line(shown),
    url: anonymous || url === null ? undefined : webAddress(shared.mask(url)),
    where: shared.line([anonymous ? null : repository, branch].filter(Boolean).join(' ')),
  }
}

function webAddress(text: string): string | undefined {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return undefined
  return url.href
}

function omissionsOf(outline: SessionOutline, anonymous: boolean): string[] {
  const { omittedTurns, turns, omittedFiles, files } = outline
  const rows = turns.reduce((sum, { omittedRows }) => sum + omittedRows, 0)
  const cut = turns.filter(({ head }) => head.truncated).length
  const unnamed = omittedFiles + Math.max(0, files.length - MAX_FILES)
  return [
    ...(omittedTurns > 0 ? [`The first ${countText(omittedTurns)} turns are left out.`] : []),
    ...(rows > 0 ? [`${countText(rows)} rows of early turns are left out.`] : []),
    ...(cut > 0 ? [`Long prompts or answers of ${countText(cut)} turns are cut.`] : []),
    ...(unnamed > 0 ? [`${countText(unnamed)} changed files are not named.`] : []),
    'Inputs and outputs of model calls and tools are not in this file.',
    anonymous
      ? 'Secrets and e-mail addresses are masked; user, team, home folders and addresses are left out.'
      : 'Secrets are masked.',
  ]
}

export function turnOf({ head, rows, omittedRows }: OutlineTurn, shared: SharedText): ExportTurn {
  return {
    number: head.ordinal,
    facts: [
      instantText(head.startMs),
      durationText(head.endMs - head.startMs),
      costText(head),
      plural(head.modelCalls, 'model call'),
      plural(head.toolResults, 'tool'),
    ],
    errors: head.errors,
    prompt: textOf(head.prompt, shared, promptNote(head)),
    answer: textOf(head.answer, shared, 'not recorded'),
    rows: rows.map((placed) => rowOf(placed, head, shared)),
    omittedRows,
  }
}

function promptNote({ command, isSynthetic }: TurnHead): string {
  if (command !== null) return `/${command}`
  return isSynthetic ? 'sent by the agent itself' : 'not recorded'
}

function textOf(
  { text, note }: TurnHead['prompt'],
  shared: SharedText,
  otherwise: string,
): ExportText {
  return {
    // Masked before it was cut.
    text: text === null ? undefined : safeBlock(text),
    note: shared.line(note ?? otherwise),
  }
}

function rowOf(
  { item, depth }: PlacedItem<OutlineRow>,
  { startMs }: TurnHead,
  shared: SharedText,
): ExportRow {
  const { waitedMs, costUsd, costSource, level } = item
  return {
    depth: Math.min(depth, MAX_DEPTH),
    after: durationText(Math.max(0, item.startMs - startMs)),
    kind: KINDS[item.kind],
    name: shared.line(item.name),
    summary: shared.line(item.summary ?? ''),
    took: item.endMs > item.startMs ? durationText(item.endMs - item.startMs) : '',
    waited: waitedMs !== null && waitedMs >= MIN_WAIT_MS ? durationText(waitedMs) : '',
    cost:
      costUsd === null
        ? ''
        : `${usdText(costUsd)}${costSource === 'estimated' ? ' (estimated)' : ''}`,
    status: shared.line(item.statusMessage ?? ''),
    level,
  }
}

/** `$1.20`, with the part that is estimated and the calls that are not in it. */
export function costText({ costUsd, estimatedUsd, unpricedCalls }: Costs): string {
  const notes = [
    ...(estimatedUsd > 0 ? [`${usdText(estimatedUsd)} of it estimated`] : []),
    ...(unpricedCalls > 0 ? [`the cost of ${plural(unpricedCalls, 'call')} is unknown`] : []),
  ]
  const cost = costUsd === null ? 'unknown' : usdText(costUsd)
  return costUsd === null || notes.length === 0 ? cost : `${cost} (${notes.join('; ')})`
}

function timeText(firstMs: number, lastMs: number, isOpen: boolean): string {
  const span = `${instantText(firstMs)} to ${instantText(lastMs)} (${durationText(lastMs - firstMs)})`
  return isOpen ? `${span}, still open` : span
}

/** `2026-11-27 12:49 UTC`; agents send times that no calendar has. */
function instantText(atMs: number): string {
  if (!Number.isFinite(atMs) || Math.abs(atMs) > 8.64e15) return 'unknown time'
  return `${new Date(atMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

function sumOf({ input, output, cacheRead, cacheCreation }: Tokens): number {
  return input + output + cacheRead + cacheCreation
}

const exact = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })

export function countText(count: number): string {
  return exact.format(count)
}

export function plural(count: number, noun: string): string {
  return `${countText(count)} ${noun}${count === 1 ? '' : 's'}`
}
