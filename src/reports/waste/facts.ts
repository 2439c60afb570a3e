/** What the rules of `findings.ts` look at, gathered from a session that is replayed. */
import type { TokenUsage } from '../../domain/agent-event.ts'
import type { Emission, Observation } from '../../domain/emission.ts'
import type { JsonValue } from '../../domain/json-value.ts'
import type { PriceOf } from '../../domain/price.ts'
import { shortHash } from '../../domain/short-hash.ts'
import { ROOT_KEY } from '../../sessions/turns/turn.ts'
import { effectOfTool, isPicture } from './tool-effects.ts'

/** A model call that succeeded. Times are epoch ms. */
export interface CallFact {
  /** The subagent that made it; empty for the main agent. */
  readonly lane: string
  readonly startMs: number
  readonly endMs: number
  readonly model: string
  readonly requestId: string | undefined
  readonly querySource: string
  readonly input: number
  readonly output: number
  readonly cacheRead: number
  readonly cacheCreation: number
  /** US dollars; undefined where it is unknown. */
  readonly usd: number | undefined
  /** US dollars of one token, by what became of it; undefined where the model has no price. */
  readonly prices: TokenPrices | undefined
  /** All that it used, as the price table is asked. */
  readonly usage: TokenUsage
}

export interface TokenPrices {
  /** Sent to the model for the first time: written to the cache where that is used. */
  readonly fresh: number
  /** Sent without the cache. */
  readonly input: number
  /** Read from the cache. */
  readonly cached: number
}

/** A tool that ran. */
export interface ToolFact {
  readonly lane: string
  readonly tool: string
  readonly startMs: number
  readonly endMs: number
  readonly requestId: string | undefined
  readonly failed: boolean
  /** A hash of its input; undefined where that is not recorded. */
  readonly inputHash: string | undefined
  /** The path in its input, and a hash of all else in it: of a tool that reads, the part of the file. */
  readonly file: string | undefined
  readonly range: string
  /** Of its result; undefined where it is not known, or no text. */
  readonly resultBytes: number | undefined
  /** How long it waited for a person. */
  readonly waitedMs: number
}

/** Something was asked of the agent. */
export interface TurnFact {
  readonly startMs: number
  /** A person asked it; else the agent itself, such as when a task in the background is done. */
  readonly isPrompt: boolean
}

export interface Facts {
  /** In order of their ends. */
  readonly calls: readonly CallFact[]
  readonly tools: readonly ToolFact[]
  /** When turns began. */
  readonly turns: readonly TurnFact[]
  /** When the conversation was compacted. */
  readonly compactedMs: readonly number[]
  /** There was more than is looked at. */
  readonly isCut: boolean
}

/** Calls, and tools: those of the longest sessions that were seen. Each takes some 200 bytes. */
const MAX_FACTS = 50_000

export interface FactGathering {
  add(emissions: readonly Emission[]): void
  facts(closing: readonly Emission[]): Facts
}

/** `priceOf` is what the costs of the session were worked out by. */
export function createFactGathering(priceOf?: PriceOf): FactGathering {
  const gathered = emptyFacts()
  return {
    add: (emissions) => addAll(gathered, emissions, priceOf),
    facts: (closing) => {
      const all = {
        calls: new Map(gathered.calls),
        tools: new Map(gathered.tools),
        turns: new Map(gathered.turns),
        compactions: new Map(gathered.compactions),
        isCut: gathered.isCut,
      }
      addAll(all, closing, priceOf)
      const byEnd = (a: { readonly endMs: number }, b: { readonly endMs: number }): number =>
        a.endMs - b.endMs
      return {
        calls: [...all.calls.values()].sort(byEnd),
        tools: [...all.tools.values()].sort(byEnd),
        turns: [...all.turns.values()].sort((a, b) => a.startMs - b.startMs),
        compactedMs: [...all.compactions.values()].sort((a, b) => a - b),
        isCut: all.isCut,
      }
    },
  }
}

/** By the key of the observation, which may come again with more. */
interface Gathered {
  readonly calls: Map<string, CallFact>
  readonly tools: Map<string, ToolFact>
  readonly turns: Map<string, TurnFact>
  readonly compactions: Map<string, number>
  isCut: boolean
}

function emptyFacts(): Gathered {
  return {
    calls: new Map(),
    tools: new Map(),
    turns: new Map(),
    compactions: new Map(),
    isCut: false,
  }
}

function addAll(
  gathered: Gathered,
  emissions: readonly Emission[],
  priceOf: PriceOf | undefined,
): void {
  for (const emission of emissions) {
    if (emission.kind === 'observation') add(gathered, emission, priceOf)
  }
}

function add(gathered: Gathered, observation: Observation, priceOf: PriceOf | undefined): void {
  const { type, name, traceKey, key, startMs, endMs, metadata } = observation
  const id = `${traceKey}|${key}`
  if (type === 'generation') {
    const call = callOf(observation, priceOf)
    if (call !== undefined) put(gathered, gathered.calls, id, call)
  } else if (type === 'tool') {
    const tool = toolOf(observation)
    if (tool !== undefined) put(gathered, gathered.tools, id, tool)
  } else if (type === 'agent' && key === ROOT_KEY) {
    put(gathered, gathered.turns, id, { startMs, isPrompt: metadata.synthetic !== true })
  } else if (name === 'compaction') gathered.compactions.set(id, endMs)
}

function put<T>(gathered: Gathered, into: Map<string, T>, id: string, fact: T): void {
  if (into.size < MAX_FACTS || into.has(id)) into.set(id, fact)
  else gathered.isCut = true
}

function callOf(observation: Observation, priceOf: PriceOf | undefined): CallFact | undefined {
  const { startMs, endMs, model, usage, costUsd, level, metadata } = observation
  if (model === undefined || usage === undefined || level === 'ERROR') return undefined
  return {
    lane: textOf(metadata.subagent_id) ?? '',
    startMs,
    endMs,
    model,
    requestId: textOf(metadata.request_id),
    querySource: textOf(metadata.query_source) ?? '',
    input: usage.input,
    output: usage.output,
    cacheRead: usage.cacheRead,
    cacheCreation: usage.cacheCreation,
    usd: costUsd,
    prices: pricesOf(observation, priceOf),
    usage,
  }
}

function pricesOf(
  { model, startMs, usage, costByKind }: Observation,
  priceOf: PriceOf | undefined,
): TokenPrices | undefined {
  if (model === undefined || usage === undefined || costByKind === undefined) return undefined
  const { input: inputUsd = 0, cacheRead: readUsd = 0, cacheCreation: writtenUsd = 0 } = costByKind
  const each = (usd: number, tokens: number): number | undefined =>
    tokens > 0 ? usd / tokens : undefined
  const input = each(inputUsd, usage.input)
  const fresh = each(writtenUsd, usage.cacheCreation) ?? input
  const cached =
    each(readUsd, usage.cacheRead) ?? readingPrice(model, startMs, { usage, costByKind }, priceOf)
  const any = fresh ?? cached
  if (any === undefined || !(any > 0) || cached === undefined) return undefined
  return { fresh: any, input: input ?? any, cached }
}

/** What reading would have cost per token, of a call that read nothing. */
function readingPrice(
  model: string,
  timeMs: number,
  { usage, costByKind }: Required<Pick<Observation, 'usage' | 'costByKind'>>,
  priceOf: PriceOf | undefined,
): number | undefined {
  const asTold = priceOf?.({ model, timeMs, usage })?.usd
  const { cacheCreation5m: _, cacheCreation1h: __, ...rest } = usage
  // As many tokens in all: prices may depend on that.
  const sent = usage.input + usage.cacheCreation
  const asRead = priceOf?.({
    ...{ model, timeMs },
    usage: { ...rest, input: 0, cacheCreation: 0, cacheRead: sent },
  })
  if (asTold === undefined || asRead === undefined || !(asTold > 0) || sent === 0) return undefined
  const { input = 0, output = 0, cacheRead = 0, cacheCreation = 0 } = costByKind
  const usd = input + output + cacheRead + cacheCreation
  return ((asRead.byKind.cacheRead ?? 0) / sent) * (usd / asTold)
}

function toolOf(observation: Observation): ToolFact | undefined {
  const { name, startMs, endMs, input, output, level, metadata } = observation
  // Refused. One without a result may have done something.
  const isUnfinished = level === 'WARNING'
  if (isUnfinished && metadata.decision === 'reject') return undefined
  const text = typeof input === 'string' && !isNote(input) ? input : undefined
  const fields = text === undefined ? fieldsOf(input) : fieldsOf(parsed(text))
  const file = PATHS.map((path) => textOf(fields?.[path])).find((path) => path !== undefined)
  return {
    lane: textOf(metadata.subagent_id) ?? '',
    tool: name,
    startMs,
    endMs,
    requestId: textOf(metadata.request_id),
    failed: level === 'ERROR' || isUnfinished,
    inputHash: isUnfinished ? undefined : hashOf(text, fields),
    file,
    range: effectOfTool(name) === 'read' ? rangeOf(fields) : '',
    resultBytes: isPicture(name, file, output)
      ? undefined
      : (numberOf(metadata.result_bytes) ?? bytesOf(output)),
    waitedMs: isUnfinished || !isPermission(name, metadata) ? 0 : blockedMs(metadata),
  }
}

function blockedMs({ blocked_on_user_ms: blocked }: Observation['metadata']): number {
  return numberOf(blocked) ?? 0
}

/** Tools that are there to be answered by a person. */
const ASKS = /^(?:ask_?user_?question|ask_?followup_?question|ask_?user|exit_?plan_?mode)$/i

/** Whether a tool that waited did so for a permission that a person gave; who gave it may be unknown. */
function isPermission(tool: string, { decided_by: by }: Observation['metadata']): boolean {
  return !ASKS.test(tool) && (typeof by !== 'string' || by.startsWith('user'))
}

/** How agents call the path of a file. */
const PATHS = [
  ...['file_path', 'filePath', 'absolute_path', 'path', 'notebook_path', 'relative_path'],
  ...['target_file', 'filename', 'file'],
]
/** What says nothing of the part of a file that is read. */
const NO_RANGE: ReadonlySet<string> = new Set([...PATHS, 'description', 'explanation'])

/** Whatever else a tool is told may be a part of the file, or a way to read it. */
function rangeOf(fields: Fields | undefined): string {
  const rest = Object.entries(fields ?? {})
    .filter(([name]) => !NO_RANGE.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return rest.length === 0 ? '' : shortHash(JSON.stringify(rest))
}

/** Ends a text of which an agent, or the product, left something out: `…[5129 chars]`, `… [cut: 9 of 99 characters]`. */
const CUT = /…\s?\[(?:cut: )?\d+[^\]]{0,40}\]/

/** Undefined where it is not known, or not whole: two that are cut may be different. */
function hashOf(text: string | undefined, fields: Fields | undefined): string | undefined {
  if (text === undefined && fields === undefined) return undefined
  if (CUT.test(text ?? JSON.stringify(fields))) return undefined
  // Notes of the agent for people differ between two tries of the same.
  const { description: _, ...rest } = fields ?? {}
  return shortHash(fields === undefined ? (text ?? '') : JSON.stringify(rest))
}

type Fields = Readonly<Record<string, unknown>>

function fieldsOf(value: unknown): Fields | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return value as Fields
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Says why there is no text. */
function isNote(text: string): boolean {
  return text.startsWith('[') && text.endsWith(']') && fieldsOf(parsed(text)) === undefined
}

function bytesOf(output: JsonValue | undefined): number | undefined {
  if (typeof output !== 'string') return undefined
  return isNote(output) ? undefined : Buffer.byteLength(output)
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined
}
