/**
 * Facts that wait for the thing they belong to, by its id. Plain data, in order of arrival; ids
 * are prefixed, so that none of them is special. They are changed only by the functions of this
 * file.
 */
import { jsonBytes, textBytes } from './json-bytes.ts'
import type { JsonValue } from '../domain/json-value.ts'

export type Correlations<T> = Record<string, T>

/** How much may wait; beyond it the oldest facts are forgotten. */
export interface CorrelationBounds {
  readonly entries: number
  /** As JSON. */
  readonly bytes: number
}

/** How much waits. */
interface Size {
  entries: number
  bytes: number
}

const PREFIX = ':'
/** Share of its bounds that is kept when there is too much: to forget one by one is slow. */
const KEPT_SHARE = 0.75

/** Computed when first needed, and kept up from then on. */
const sizes = new WeakMap<Correlations<unknown>, Size>()

/** Notes a fact, in the place of an earlier one of that id. `onForgotten` gets what had to go. */
export function note<T>(
  facts: Correlations<T>,
  id: string,
  fact: T,
  bounds: CorrelationBounds,
  onForgotten?: (fact: T) => void,
): void {
  put(facts, PREFIX + id, fact)
  if (!isWithin(sizeOf(facts), bounds)) forgetOldest(facts, shareOf(bounds), onForgotten)
}

/** Notes a fact under a key that is no bare id. */
export function put<T>(facts: Correlations<T>, key: string, fact: T): void {
  const size = sizeOf(facts)
  if (facts[key] !== undefined) remove(facts, size, key)
  facts[key] = fact
  size.entries += 1
  size.bytes += entryBytes(key, fact)
}

export function look<T>(facts: Correlations<T>, id: string | undefined): T | undefined {
  // Most of them are empty most of the time, and then the key need not be made.
  return id === undefined || isEmpty(facts) ? undefined : facts[PREFIX + id]
}

/** The fact, which is then forgotten. */
export function take<T>(facts: Correlations<T>, id: string | undefined): T | undefined {
  const fact = look(facts, id)
  if (id !== undefined && fact !== undefined) remove(facts, sizeOf(facts), PREFIX + id)
  return fact
}

/** The fact under a key that is no bare id; it is then forgotten. */
export function drop<T>(facts: Correlations<T>, key: string): T | undefined {
  const fact = Object.hasOwn(facts, key) ? facts[key] : undefined
  if (fact !== undefined) remove(facts, sizeOf(facts), key)
  return fact
}

/** Forgets the oldest facts until they are within the bounds. Returns how many. */
export function forgetOldest<T>(
  facts: Correlations<T>,
  bounds: CorrelationBounds,
  onForgotten?: (fact: T) => void,
): number {
  const size = sizeOf(facts)
  let forgotten = 0
  if (isWithin(size, bounds)) return forgotten
  for (const [key, fact] of Object.entries(facts)) {
    if (isWithin(size, bounds)) break
    remove(facts, size, key)
    onForgotten?.(fact)
    forgotten += 1
  }
  return forgotten
}

/** Whether more than half of what may wait does. */
export function isHalfFull(facts: Correlations<unknown>, bounds: CorrelationBounds): boolean {
  const { entries, bytes } = sizeOf(facts)
  return entries > bounds.entries / 2 || bytes > bounds.bytes / 2
}

/** Approximate size in bytes, as JSON. */
export function bytesOf(facts: Correlations<unknown>): number {
  return isEmpty(facts) ? 0 : sizeOf(facts).bytes
}

export function isEmpty(facts: Correlations<unknown>): boolean {
  const size = sizes.get(facts)
  if (size !== undefined) return size.entries === 0
  for (const _ in facts) return sizeOf(facts).entries === 0
  return true
}

/**
 * A copy that shares its facts with the original. Every commit copies some thirty of these, most of
 * them empty: an empty one needs no size.
 */
export function copyCorrelations<T>(from: Correlations<T>): Correlations<T> {
  const copy: Correlations<T> = {}
  if (isEmpty(from)) return copy
  // With many facts, to spread them takes twice as long.
  for (const key in from) copy[key] = from[key] as T
  const size = sizes.get(from)
  if (size !== undefined) sizes.set(copy, { ...size })
  return copy
}

function isWithin(size: Size, bounds: CorrelationBounds): boolean {
  return size.entries <= bounds.entries && size.bytes <= bounds.bytes
}

function shareOf({ entries, bytes }: CorrelationBounds): CorrelationBounds {
  return { entries: entries * KEPT_SHARE, bytes: bytes * KEPT_SHARE }
}

function remove(facts: Correlations<unknown>, size: Size, key: string): void {
  size.entries -= 1
  size.bytes -= entryBytes(key, facts[key])
  delete facts[key]
}

function sizeOf(facts: Correlations<unknown>): Size {
  const known = sizes.get(facts)
  if (known !== undefined) return known
  const size = { entries: 0, bytes: 0 }
  for (const [key, fact] of Object.entries(facts)) {
    size.entries += 1
    size.bytes += entryBytes(key, fact)
  }
  sizes.set(facts, size)
  return size
}

function entryBytes(key: string, fact: unknown): number {
  return textBytes(key) + jsonBytes(fact) + 2
}

// What other signals told about calls, tools, subagents and turns before these were known: spans
// and raw bodies travel apart from events, and either may come first. Bounded by entries and by
// bytes: of what waits for something that never comes, the oldest is forgotten.

export interface CallSpan {
  readonly startMs: number
  readonly endMs: number
  /** The first of them. */
  readonly attemptsMs: readonly number[]
  /** All of them; absent in states of before they were counted. */
  readonly attempts?: number
  readonly stopReason: string | undefined
}

export interface ToolSpan {
  readonly spanId: string
  readonly startMs: number
  readonly endMs: number
  readonly output: string | undefined
}

export interface Interval {
  readonly startMs: number
  readonly endMs: number
}

export interface Bodies {
  readonly input: JsonValue | undefined
  readonly output: JsonValue
}

/** The end of a turn as its span tells it. */
export interface TurnSpan extends Interval {
  readonly outsideParentId: string | undefined
}

export interface Joins {
  /** By request id. */
  calls: Correlations<CallSpan>
  /** By tool use id. */
  tools: Correlations<ToolSpan>
  executions: Correlations<Interval>
  /** Times a tool waited for the user, by the id of the tool's span. */
  waits: Correlations<Interval>
  /** Which tool use an execution span belongs to, by the span's id. */
  executionOwners: Correlations<string>
  /** The span under which a subagent's first span hangs, by subagent id. */
  subagentParents: Correlations<string>
  /** Which tool use started a subagent, as hooks tell, by subagent id. */
  subagentTools: Correlations<string>
  /** Messages sent, by the body's id; then both bodies, by request id. */
  requestBodies: Correlations<JsonValue>
  bodies: Correlations<Bodies>
  /** By trace id. */
  turns: Correlations<TurnSpan>
}

export function emptyJoins(): Joins {
  return {
    calls: {},
    tools: {},
    executions: {},
    waits: {},
    executionOwners: {},
    subagentParents: {},
    subagentTools: {},
    requestBodies: {},
    bodies: {},
    turns: {},
  }
}

export function copyJoins(from: Joins): Joins {
  return {
    calls: copyCorrelations(from.calls),
    tools: copyCorrelations(from.tools),
    executions: copyCorrelations(from.executions),
    waits: copyCorrelations(from.waits),
    executionOwners: copyCorrelations(from.executionOwners),
    subagentParents: copyCorrelations(from.subagentParents),
    subagentTools: copyCorrelations(from.subagentTools),
    requestBodies: copyCorrelations(from.requestBodies),
    bodies: copyCorrelations(from.bodies),
    turns: copyCorrelations(from.turns),
  }
}

const MAX_ENTRIES = 1000

/** Bytes of each kind as JSON; those with content are bounded together, by `contentBytes`. */
const MAX_BYTES: Readonly<Record<keyof Joins, number>> = {
  calls: 30_000,
  tools: Number.POSITIVE_INFINITY,
  executions: 20_000,
  waits: 20_000,
  executionOwners: 30_000,
  subagentParents: 15_000,
  subagentTools: 15_000,
  requestBodies: Number.POSITIVE_INFINITY,
  bodies: Number.POSITIVE_INFINITY,
  turns: 10_000,
}

const WITH_CONTENT = ['tools', 'requestBodies', 'bodies'] as const

/**
 * Notes a fact, and forgets the oldest facts that are then too many or, together with all other
 * content, more than `contentBytes`. Returns how many facts with content were forgotten.
 */
export function noteFact<K extends keyof Joins>(
  joins: Joins,
  kind: K,
  id: string,
  fact: Joins[K][string],
  contentBytes: number,
): number {
  let forgotten = 0
  const facts: Correlations<unknown> = joins[kind]
  const isContent = WITH_CONTENT.some((name) => name === kind)
  note(facts, id, fact, { entries: MAX_ENTRIES, bytes: MAX_BYTES[kind] }, () => {
    forgotten += 1
  })
  return isContent ? forgotten + boundContent(joins, contentBytes) : 0
}

/** Bytes of all of it as JSON, about. */
export function joinsBytes(joins: Joins): number {
  const kinds: readonly Correlations<unknown>[] = Object.values(joins)
  return kinds.reduce((sum, facts) => sum + bytesOf(facts), 0)
}

/** The largest kind gives way first. */
function boundContent(joins: Joins, maxBytes: number): number {
  const kinds = WITH_CONTENT.map((kind): Correlations<unknown> => joins[kind])
  const total = () => kinds.reduce((sum, facts) => sum + bytesOf(facts), 0)
  let forgotten = 0
  if (total() <= maxBytes) return 0
  for (const facts of kinds.sort((a, b) => bytesOf(b) - bytesOf(a))) {
    const excess = total() - maxBytes * KEPT_SHARE
    if (excess <= 0) break
    const bytes = Math.max(0, bytesOf(facts) - excess)
    forgotten += forgetOldest(facts, { entries: MAX_ENTRIES, bytes })
  }
  return forgotten
}
