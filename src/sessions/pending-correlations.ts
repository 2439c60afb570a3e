/**
 * Facts that wait for the thing they belong to, by its id. Plain data, in order of arrival; ids
 * are prefixed, so that none of them is special. A ledger is written to by the functions of this
 * file alone.
 */
import { jsonBytes, textBytes } from './json-bytes.ts'
import type { JsonValue } from '../domain/json-value.ts'

export type Ledger<T> = Record<string, T>

/** What a ledger may hold; beyond it the oldest facts are forgotten. */
export interface LedgerBounds {
  readonly entries: number
  /** As JSON. */
  readonly bytes: number
}

/** What a ledger holds. */
interface Size {
  entries: number
  bytes: number
}

const PREFIX = ':'
/** Share of its bounds that a ledger keeps when it is too large: to forget one by one is slow. */
const KEPT_SHARE = 0.75

/** Worked out when a ledger is first asked for, and kept up from then on. */
const sizes = new WeakMap<Ledger<unknown>, Size>()

/** Notes a fact, in the place of an earlier one of that id. `onForgotten` gets what had to go. */
export function note<T>(
  ledger: Ledger<T>,
  id: string,
  fact: T,
  bounds: LedgerBounds,
  onForgotten?: (fact: T) => void,
): void {
  put(ledger, PREFIX + id, fact)
  if (!isWithin(sizeOf(ledger), bounds)) forgetOldest(ledger, shareOf(bounds), onForgotten)
}

/** Notes a fact under a key that is no bare id. */
export function put<T>(ledger: Ledger<T>, key: string, fact: T): void {
  const size = sizeOf(ledger)
  if (ledger[key] !== undefined) remove(ledger, size, key)
  ledger[key] = fact
  size.entries += 1
  size.bytes += entryBytes(key, fact)
}

export function look<T>(ledger: Ledger<T>, id: string | undefined): T | undefined {
  // Most ledgers are empty most of the time, and then the key need not be made.
  return id === undefined || isEmpty(ledger) ? undefined : ledger[PREFIX + id]
}

/** The fact, which is then forgotten. */
export function take<T>(ledger: Ledger<T>, id: string | undefined): T | undefined {
  const fact = look(ledger, id)
  if (id !== undefined && fact !== undefined) remove(ledger, sizeOf(ledger), PREFIX + id)
  return fact
}

/** The fact under a key that is no bare id; it is then forgotten. */
export function drop<T>(ledger: Ledger<T>, key: string): T | undefined {
  const fact = Object.hasOwn(ledger, key) ? ledger[key] : undefined
  if (fact !== undefined) remove(ledger, sizeOf(ledger), key)
  return fact
}

/** Forgets the oldest facts until the ledger is within the bounds. Returns how many. */
export function forgetOldest<T>(
  ledger: Ledger<T>,
  bounds: LedgerBounds,
  onForgotten?: (fact: T) => void,
): number {
  const size = sizeOf(ledger)
  let forgotten = 0
  if (isWithin(size, bounds)) return forgotten
  for (const [key, fact] of Object.entries(ledger)) {
    if (isWithin(size, bounds)) break
    remove(ledger, size, key)
    onForgotten?.(fact)
    forgotten += 1
  }
  return forgotten
}

/** Bytes of the ledger as JSON, about. */
export function bytesOf(ledger: Ledger<unknown>): number {
  return isEmpty(ledger) ? 0 : sizeOf(ledger).bytes
}

export function isEmpty(ledger: Ledger<unknown>): boolean {
  const size = sizes.get(ledger)
  if (size !== undefined) return size.entries === 0
  for (const _ in ledger) return sizeOf(ledger).entries === 0
  return true
}

/**
 * A copy that shares its facts with the original. Every commit copies some thirty ledgers, most of
 * them empty: those need no size.
 */
export function copyLedger<T>(from: Ledger<T>): Ledger<T> {
  if (isEmpty(from)) return {}
  const copy = { ...from }
  const size = sizes.get(from)
  if (size !== undefined) sizes.set(copy, { ...size })
  return copy
}

function isWithin(size: Size, bounds: LedgerBounds): boolean {
  return size.entries <= bounds.entries && size.bytes <= bounds.bytes
}

function shareOf({ entries, bytes }: LedgerBounds): LedgerBounds {
  return { entries: entries * KEPT_SHARE, bytes: bytes * KEPT_SHARE }
}

function remove(ledger: Ledger<unknown>, size: Size, key: string): void {
  size.entries -= 1
  size.bytes -= entryBytes(key, ledger[key])
  delete ledger[key]
}

function sizeOf(ledger: Ledger<unknown>): Size {
  const known = sizes.get(ledger)
  if (known !== undefined) return known
  const size = { entries: 0, bytes: 0 }
  for (const [key, fact] of Object.entries(ledger)) {
    size.entries += 1
    size.bytes += entryBytes(key, fact)
  }
  sizes.set(ledger, size)
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
  calls: Ledger<CallSpan>
  /** By tool use id. */
  tools: Ledger<ToolSpan>
  executions: Ledger<Interval>
  /** Times a tool waited for the user, by the id of the tool's span. */
  waits: Ledger<Interval>
  /** Which tool use an execution span belongs to, by the span's id. */
  executionOwners: Ledger<string>
  /** The span under which a subagent's first span hangs, by subagent id. */
  subagentParents: Ledger<string>
  /** Which tool use started a subagent, as hooks tell, by subagent id. */
  subagentTools: Ledger<string>
  /** Messages sent, by the body's id; then both bodies, by request id. */
  requestBodies: Ledger<JsonValue>
  bodies: Ledger<Bodies>
  /** By trace id. */
  turns: Ledger<TurnSpan>
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
    calls: copyLedger(from.calls),
    tools: copyLedger(from.tools),
    executions: copyLedger(from.executions),
    waits: copyLedger(from.waits),
    executionOwners: copyLedger(from.executionOwners),
    subagentParents: copyLedger(from.subagentParents),
    subagentTools: copyLedger(from.subagentTools),
    requestBodies: copyLedger(from.requestBodies),
    bodies: copyLedger(from.bodies),
    turns: copyLedger(from.turns),
  }
}

const MAX_ENTRIES = 1000

/** Bytes of each ledger as JSON; those with content are bounded together, by `contentBytes`. */
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
  const ledger: Ledger<unknown> = joins[kind]
  const isContent = WITH_CONTENT.some((name) => name === kind)
  note(ledger, id, fact, { entries: MAX_ENTRIES, bytes: MAX_BYTES[kind] }, () => {
    forgotten += 1
  })
  return isContent ? forgotten + boundContent(joins, contentBytes) : 0
}

/** Bytes of all of it as JSON, about. */
export function joinsBytes(joins: Joins): number {
  const ledgers: readonly Ledger<unknown>[] = Object.values(joins)
  return ledgers.reduce((sum, ledger) => sum + bytesOf(ledger), 0)
}

/** The largest ledger gives way first. */
function boundContent(joins: Joins, maxBytes: number): number {
  const ledgers = WITH_CONTENT.map((kind): Ledger<unknown> => joins[kind])
  const total = () => ledgers.reduce((sum, ledger) => sum + bytesOf(ledger), 0)
  let forgotten = 0
  if (total() <= maxBytes) return 0
  for (const ledger of ledgers.sort((a, b) => bytesOf(b) - bytesOf(a))) {
    const excess = total() - maxBytes * KEPT_SHARE
    if (excess <= 0) break
    const bytes = Math.max(0, bytesOf(ledger) - excess)
    forgotten += forgetOldest(ledger, { entries: MAX_ENTRIES, bytes })
  }
  return forgotten
}
