/**
 * What other signals told about calls, tools, subagents and turns before these were known:
 * spans and raw bodies travel apart from events, and either may come first.
 */
import type { Shown } from '../domain/shown.ts'
import type { Ledger } from './ledger.ts'

export interface CallSpan {
  readonly startMs: number
  readonly endMs: number
  readonly attemptsMs: readonly number[]
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
    calls: { ...from.calls },
    tools: { ...from.tools },
    executions: { ...from.executions },
    waits: { ...from.waits },
    executionOwners: { ...from.executionOwners },
    subagentParents: { ...from.subagentParents },
    subagentTools: { ...from.subagentTools },
    requestBodies: { ...from.requestBodies },
    bodies: { ...from.bodies },
    turns: { ...from.turns },
  }
}
