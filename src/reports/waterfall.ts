/** The waterfall of one turn: its observations as items, parents before their children. */
import { jsonText } from '../domain/numbers.ts'
import type { Emission, Observation } from '../domain/emission.ts'
import type { JsonValue } from '../domain/json-value.ts'
import { toolSummary } from '../domain/tool-summary.ts'
import { ROOT_KEY } from '../sessions/turns/turn.ts'
import type { Content } from '../api/contract/quantities.ts'
import type { WaterfallItem } from '../api/contract/turn.ts'
import {
  cutName,
  cutText,
  jsonBytes,
  MAX_LIST_BYTES,
  MAX_WHOLE_LENGTH,
  shortId,
} from './answer-bounds.ts'
import type { RecordedText } from './recorded-text.ts'
import { tokensOf } from './sums.ts'
import { isRoot, turnKeyOf } from './turn-heads.ts'

/** Characters of inputs, outputs and messages, and of facts; and how many of these. */
interface ItemBounds {
  readonly textLength: number
  readonly factLength: number
  readonly facts: number
}

const IN_A_LIST: ItemBounds = { textLength: 2000, factLength: 500, facts: 100 }
const BY_ITSELF: ItemBounds = { textLength: MAX_WHOLE_LENGTH, factLength: 10_000, facts: 1000 }

export interface WaterfallOptions {
  readonly sessionKey: string
  readonly turnKey: string
  readonly text: RecordedText
  /** How many items, in the order in which they ended, come on pages before this one. */
  readonly skipped: number
  readonly limit: number
}

export interface Waterfall {
  add(emissions: readonly Emission[]): void
  /** One with the same items, to which what is added is not added here. */
  fork(): Waterfall
  /** By start, as many as fit; those behind them are only counted. */
  result(): { readonly items: readonly WaterfallItem[]; readonly omitted: number }
}

/** One page of a turn's items. */
export function createWaterfall(options: WaterfallOptions): Waterfall {
  return waterfall(options, { items: [], seen: 0, bytes: 0, isFull: false })
}

interface Gathered {
  readonly items: WaterfallItem[]
  /** Of the turn so far, on this page or not. */
  seen: number
  bytes: number
  isFull: boolean
}

function waterfall(options: WaterfallOptions, gathered: Gathered): Waterfall {
  const { skipped, limit, text } = options

  function add(observation: Observation): void {
    if (!isItem(observation, options)) return
    gathered.seen += 1
    if (gathered.seen <= skipped || gathered.isFull) return
    const item = boundedItem(itemOf(observation, text), IN_A_LIST)
    const bytes = jsonBytes(item)
    const fits = gathered.items.length === 0 || gathered.bytes + bytes <= MAX_LIST_BYTES
    gathered.isFull = gathered.items.length >= limit || !fits
    if (gathered.isFull) return
    gathered.items.push(item)
    gathered.bytes += bytes
  }

  return {
    add: (emissions) => {
      for (const emission of emissions) if (emission.kind === 'observation') add(emission)
    },
    fork: () => waterfall(options, { ...gathered, items: [...gathered.items] }),
    result: () => {
      const { items, seen } = gathered
      const omitted = Math.max(0, seen - skipped - items.length)
      return { items: inOrder(items, skipped === 0 && omitted === 0), omitted }
    },
  }
}

/** One item, with its texts whole as far as they are not huge. */
export function findItem(
  emissions: readonly Emission[],
  { id, text, ...turn }: Pick<WaterfallOptions, 'sessionKey' | 'turnKey' | 'text'> & { id: string },
): WaterfallItem | undefined {
  const found = emissions.find(
    (emission) =>
      emission.kind === 'observation' && shortId(emission.key) === id && isItem(emission, turn),
  )
  return found?.kind === 'observation' ? boundedItem(itemOf(found, text), BY_ITSELF) : undefined
}

function isItem(
  observation: Observation,
  { sessionKey, turnKey }: Pick<WaterfallOptions, 'sessionKey' | 'turnKey'>,
): boolean {
  return turnKeyOf(observation, sessionKey) === turnKey && !isRoot(observation)
}

/** An item without its texts: what its row says. */
export type ItemHead = Omit<WaterfallItem, 'input' | 'output' | 'facts' | 'truncated'>

export function itemHead(observation: Observation): ItemHead {
  const { key, parentKey, startMs, endMs, level, statusMessage } = observation
  const { completionStartMs, usage, costUsd } = observation
  return {
    id: shortId(key),
    parentId: parentKey === undefined || parentKey === ROOT_KEY ? null : shortId(parentKey),
    kind: kindOf(observation),
    name: cutName(nameOf(observation)),
    summary: summaryOf(observation),
    startMs,
    endMs: Math.max(startMs, endMs),
    level: levels[level],
    statusMessage: statusMessage ?? null,
    costUsd: costUsd ?? null,
    costSource: costUsd === undefined ? null : (observation.costSource ?? 'agent'),
    tokens: usage === undefined ? null : tokensOf(usage),
    ttftMs: completionStartMs === undefined ? null : Math.max(0, completionStartMs - startMs),
  }
}

function itemOf(observation: Observation, text: RecordedText): WaterfallItem {
  const { output, statusMessage } = observation
  const isFailure = output === `[failed: ${statusMessage ?? ''}]`
  return {
    ...itemHead(observation),
    input: text.contentOf(observation.input),
    output: isFailure ? null : text.contentOf(output),
    facts: factsOf(observation),
    truncated: false,
  }
}

/** The item with its texts cut to the bounds. */
function boundedItem(item: WaterfallItem, bounds: ItemBounds): WaterfallItem {
  let truncated = false
  const cut = (text: string, maxLength: number): string => {
    truncated ||= text.length > maxLength
    // A copy: a slice would keep all of the text in memory.
    return text.length > maxLength ? Buffer.from(cutText(text, maxLength)).toString() : text
  }
  const content = (of: Content | null): Content | null =>
    typeof of?.text === 'string' ? { ...of, text: cut(of.text, bounds.textLength) } : of
  const facts = Object.entries(item.facts)
  truncated = facts.length > bounds.facts
  const { statusMessage } = item
  const cutItem = {
    ...item,
    statusMessage: statusMessage === null ? null : cut(statusMessage, bounds.textLength),
    input: content(item.input),
    output: content(item.output),
    facts: Object.fromEntries(
      facts
        .slice(0, bounds.facts)
        .map(([name, value]) => [cutName(name), cut(value, bounds.factLength)]),
    ),
  }
  return { ...cutItem, truncated }
}

const levels = { DEFAULT: 'default', WARNING: 'warning', ERROR: 'error' } as const

function kindOf({ type, key }: Observation): WaterfallItem['kind'] {
  switch (type) {
    case 'generation':
      return 'call'
    case 'tool':
      return 'tool'
    case 'agent':
      return 'subagent'
    case 'span':
      return key.endsWith('|wait') ? 'waiting' : 'note'
    case 'event':
      return 'note'
  }
}

function nameOf({ type, name, model }: Observation): string {
  if (type === 'generation') return model ?? name
  return type === 'agent' ? name.replace(/^subagent /, '') : name
}

function summaryOf({ type, name, input }: Observation): string | null {
  return type === 'tool' ? (toolSummary(name, input) ?? null) : null
}

function factsOf({ metadata, modelParameters }: Observation): Record<string, string> {
  const facts: Record<string, string> = {}
  for (const [name, value] of Object.entries({ ...modelParameters, ...metadata })) {
    if (value !== undefined && value !== null) facts[name] = factText(value)
  }
  return facts
}

function factText(value: Exclude<JsonValue, null>): string {
  return typeof value === 'string' ? value : jsonText(value)
}

/**
 * By start, but no child before its parent. Where these are all items, a parent that is not among them
 * counts as none; else it may stand on another page.
 */
function inOrder(items: readonly WaterfallItem[], areAll: boolean): WaterfallItem[] {
  const byId = new Map(items.map((item) => [item.id, item]))
  const ordered: WaterfallItem[] = []
  const placed = new Set<string>()

  function place(item: WaterfallItem): void {
    if (placed.has(item.id)) return
    placed.add(item.id)
    const parent = item.parentId === null ? undefined : byId.get(item.parentId)
    if (parent !== undefined) place(parent)
    ordered.push(parent === undefined && areAll ? { ...item, parentId: null } : item)
  }

  for (const item of items.toSorted((a, b) => a.startMs - b.startMs)) place(item)
  return ordered
}
