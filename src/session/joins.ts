/**
 * What other signals told about calls, tools, subagents and turns before these were known:
 * spans and raw bodies travel apart from events, and either may come first. Bounded by entries
 * and by bytes: of what waits for something that never comes, the oldest is forgotten.
 */
import type { Shown } from '../domain/shown.ts'
import { bytesOf, copyLedger, forgetOldest, type Ledger, note } from './ledger.ts'

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
  readonly input: Shown | undefined
  readonly output: Shown
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
  requestBodies: Ledger<Shown>
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
/** Share of the bound that the content keeps when it is too large. */
const KEPT_SHARE = 0.75

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
