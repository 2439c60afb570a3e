/**
 * A turn's items as the rows of a table, as the page and the command line show them: in place below their
 * parents, runs of one tool folded. Pure.
 */
import type { WaterfallItem } from './turn.ts'
import { type PlacedItem, placedItems } from './turn-tree.ts'

/** A shorter wait is the agent's own work. */
const MIN_WAIT_MS = 500
/** Fewer tools in a row are shown one by one. */
const MIN_RUN = 4

export interface ItemRow extends PlacedItem {
  readonly kind: 'item'
  /** The run that it is of, where that is open. */
  readonly runId?: string
}

/** Several tools of one name, one after the other, none of which failed or has anything below it. */
export interface RunRow {
  readonly kind: 'run'
  /** That of its first item. */
  readonly id: string
  readonly items: readonly WaterfallItem[]
  readonly depth: number
  readonly isOpen: boolean
}

export type Row = ItemRow | RunRow

export interface RowOptions {
  /** Only items that say this somewhere, and none folded; empty for all. */
  readonly find?: string
  /** Runs that are open, by id. */
  readonly openRuns?: ReadonlySet<string>
}

export function rowsOf(
  items: readonly WaterfallItem[],
  { find = '', openRuns = new Set() }: RowOptions = {},
): readonly Row[] {
  const wanted = find.trim().toLowerCase()
  const rows = placedItems(items).map((placed): ItemRow => ({ kind: 'item', ...placed }))
  if (wanted !== '') return rows.filter(({ item }) => says(item, wanted))
  return folded(rows, openRuns)
}

/** The id of the run that an item is folded into. */
export function runIdOf(items: readonly WaterfallItem[], id: string): string | undefined {
  const run = rowsOf(items).find(
    (row) => row.kind === 'run' && row.items.some((item) => item.id === id),
  )
  return run?.kind === 'run' ? run.id : undefined
}

/** Items that failed or were refused, by start: what a reader looks for first. */
export function errorsOf(items: readonly WaterfallItem[]): readonly WaterfallItem[] {
  return items.filter(({ level }) => level === 'error').toSorted((a, b) => a.startMs - b.startMs)
}

/** Characters of what a call said, and of what went wrong, in its row. */
const MAX_SAID = 90

/**
 * What a model call came to, in a line: what it said, else the tools that it asked for (`asks for Read × 3,
 * Bash`); null of anything else, and where that is not recorded.
 */
export function saidBy({ kind, output }: Pick<WaterfallItem, 'kind' | 'output'>): string | null {
  const text = output?.text ?? null
  if (kind !== 'call' || text === null) return null
  // An answer that asked for nothing is its text, also where that is JSON.
  if (!/^\s*\{\s*"role"/.test(text)) return firstLine(text)
  try {
    const { content, tool_calls: calls = [] } = JSON.parse(text) as AskedMessage
    if (typeof content === 'string' && content.trim() !== '') return firstLine(content)
    const names = Map.groupBy(calls, (call) => call.function?.name ?? 'a tool')
    if (names.size === 0) return null
    const asked = [...names].map(([name, of]) => (of.length > 1 ? `${name} × ${of.length}` : name))
    return firstLine(`asks for ${asked.join(', ')}`)
  } catch {
    // It is cut.
    return null
  }
}

/** As far as it is read; it was made by an agent or a model. */
interface AskedMessage {
  readonly content?: unknown
  readonly tool_calls?: readonly { readonly function?: { readonly name?: string } }[]
}

/** What went wrong, in a line; null where nothing did. */
export function problemOf({
  level,
  statusMessage,
}: Pick<WaterfallItem, 'level' | 'statusMessage'>): string | null {
  return level === 'default' || statusMessage === null ? null : firstLine(statusMessage)
}

function firstLine(text: string): string | null {
  const line =
    text
      .split('\n')
      .find((one) => one.trim() !== '')
      ?.trim() ?? ''
  if (line === '') return null
  if (line.length <= MAX_SAID) return line
  // No half of a surrogate pair stands at its end.
  return `${line.slice(0, MAX_SAID - 1).replace(/[\uD800-\uDBFF]$/, '')}…`
}

/** How long it waited for a person, and how long it worked; null where that is not told, or too short to matter. */
export function waitingOf({ kind, facts, startMs, endMs }: WaterfallItem) {
  const waited = kind === 'tool' ? Number(facts.blocked_on_user_ms ?? Number.NaN) : Number.NaN
  if (!(waited >= MIN_WAIT_MS)) return null
  const worked = Number(facts.execution_ms ?? Number.NaN)
  return {
    waitedMs: waited,
    workedMs: Number.isFinite(worked) ? worked : Math.max(0, endMs - startMs - waited),
  }
}

/** What the one row of a run says. */
export interface RunFigures {
  /** Of the tool. */
  readonly name: string
  readonly tools: number
  /** The model calls that only asked for them. */
  readonly calls: number
  /** While at least one of the tools worked: what ran side by side took its time once. */
  readonly workedMs: number
  /** Of the calls; null where none of them has a price. */
  readonly costUsd: number | null
  /** What the first and the last tool were used for. */
  readonly subjects: readonly string[]
}

export function runFigures({ items }: Pick<RunRow, 'items'>): RunFigures {
  const tools = items.filter(({ kind }) => kind === 'tool')
  const costs = items.flatMap(({ costUsd }) => costUsd ?? [])
  const summaries = [tools[0], tools.at(-1)].flatMap((tool) => tool?.summary ?? [])
  return {
    name: tools[0]?.name ?? '',
    tools: tools.length,
    calls: items.length - tools.length,
    workedMs: coveredMs(tools.map(workOf)),
    costUsd: costs.length === 0 ? null : costs.reduce((sum, usd) => sum + usd, 0),
    subjects: [...new Set(summaries)],
  }
}

type Stretch = readonly [fromMs: number, toMs: number]

/** It waits before it works. */
function workOf(item: WaterfallItem): Stretch {
  const workedMs = waitingOf(item)?.workedMs ?? item.endMs - item.startMs
  return [Math.max(item.startMs, item.endMs - workedMs), item.endMs]
}

/** How much of the time at least one of the stretches covers. */
function coveredMs(stretches: readonly Stretch[]): number {
  let coveredMs = 0
  let untilMs = Number.NEGATIVE_INFINITY
  for (const [fromMs, toMs] of stretches.toSorted(([a], [b]) => a - b)) {
    coveredMs += Math.max(0, toMs - Math.max(fromMs, untilMs))
    untilMs = Math.max(untilMs, toMs)
  }
  return coveredMs
}

function folded(rows: readonly ItemRow[], openRuns: ReadonlySet<string>): readonly Row[] {
  const shown: Row[] = []
  for (let at = 0; at < rows.length; ) {
    const run = runAt(rows, at)
    const [first] = run
    if (first === undefined || toolsIn(run) < MIN_RUN) {
      shown.push(...rows.slice(at, at + Math.max(1, run.length)))
      at += Math.max(1, run.length)
      continue
    }
    const { id } = first.item
    const isOpen = openRuns.has(id)
    const items = run.map(({ item }) => item)
    shown.push({ kind: 'run', id, items, depth: first.depth, isOpen })
    if (isOpen) shown.push(...run.map((row) => ({ ...row, depth: row.depth + 1, runId: id })))
    at += run.length
  }
  return shown
}

function toolsIn(run: readonly ItemRow[]): number {
  return run.filter(({ item }) => item.kind === 'tool').length
}

/** The tools of one name that begin at that row, with the calls between them that only asked for these. */
function runAt(rows: readonly ItemRow[], at: number): readonly ItemRow[] {
  const first = rows[at]
  if (first === undefined || !isPlain(rows, at, first)) return []
  let end = at + 1
  for (let next = end; next < rows.length; next += 1) {
    const row = rows[next]
    if (row === undefined || row.depth !== first.depth) break
    if (isPlain(rows, next, first)) end = next + 1
    else if (!onlyAsks(row.item)) break
  }
  return rows.slice(at, end)
}

/** A call that said nothing but which tools it wants, as far as that is recorded. */
function onlyAsks({ kind, level, output }: WaterfallItem): boolean {
  if (kind !== 'call' || level !== 'default') return false
  const text = output?.text ?? null
  return text === null || /^\{[^[]*"content":\s*null/.test(text)
}

function isPlain(rows: readonly ItemRow[], at: number, like: ItemRow): boolean {
  const row = rows[at]
  if (row?.item.kind !== 'tool' || row.item.level !== 'default') return false
  const hasChildren = (rows[at + 1]?.depth ?? 0) > row.depth
  return row.depth === like.depth && row.item.name === like.item.name && !hasChildren
}

function says(item: WaterfallItem, wanted: string): boolean {
  const { name, summary, statusMessage, input, output } = item
  return [name, summary, statusMessage, input?.text, output?.text].some(
    (text) => typeof text === 'string' && text.toLowerCase().includes(wanted),
  )
}
