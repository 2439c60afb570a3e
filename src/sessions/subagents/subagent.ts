/**
 * Subagents: an AGENT over their calls and tools, sent when their turn ends, since only then
 * all is known that places it: the tool that started it, its end, its answer; or earlier, when
 * there are too many. One that goes on after that continues below the AGENT already sent.
 */
import type { AgentEvent, SubagentEndEvent } from '../../domain/agent-event.ts'
import type { Draft } from '../draft.ts'
import { shown } from '../content.ts'
import { holds, holdsItem, noteJoin } from '../held.ts'
import { noteSent } from '../turns/ended-turns.ts'
import { look } from '../pending-correlations.ts'
import { reported } from '../hooks/reported-content.ts'
import { shortHash } from '../../domain/short-hash.ts'
import type { ObservationDraft, OpenTurn, SessionState, Subagent } from '../state.ts'
import { count } from '../usage/name-table.ts'
import { typeUsage } from '../usage/untyped-usage.ts'
import { emitInTurn, subagentKey, turnOf } from '../turns/turn.ts'
import { startedBy, subagentTaskOf } from './started-by.ts'

const PREFIX = ':'
/** Subagents at work in one turn; beyond it the one that is quiet for longest is sent. */
const MAX_SUBAGENTS = 100

/** Notes that a subagent did something; does nothing for the main agent. */
export function noteSubagent(
  draft: Draft,
  turn: OpenTurn,
  event: AgentEvent,
  did: (known: Subagent) => Partial<Subagent> = () => ({}),
): void {
  if (event.subagentId === undefined) return
  const key = PREFIX + event.subagentId
  const known = turn.subagents[key] ?? newSubagent(turn, event.subagentId, event.timeMs)
  if (turn.subagents[key] === undefined) {
    if (Object.keys(turn.subagents).length >= MAX_SUBAGENTS) sendOldestSubagent(draft, turn)
    holdsItem(draft, [event.subagentId, event.subagentId])
  }
  const next = {
    ...known,
    startMs: Math.min(known.startMs, event.timeMs),
    lastMs: Math.max(known.lastMs, event.timeMs),
    ...did(known),
  }
  if (next.type !== known.type) holds(draft, next.type)
  if (next.type !== undefined) typeUsage(draft, event.subagentId, next.type)
  turn.subagents[key] = next
}

export function onSubagentEnd(draft: Draft, event: SubagentEndEvent, arrivedMs: number): void {
  const turn = turnOf(draft, event, arrivedMs)
  count(draft.state.totals.subagents, event.subagentType)
  const { place, subagentId } = event
  // Its span hangs below that of the tool that started it.
  if (subagentId !== undefined && place?.within[0] !== undefined) {
    noteJoin(draft, 'subagentParents', subagentId, place.within[0])
  }
  const answer = event.answer && shown(event.answer, draft.policy.maxContentLength)
  holds(draft, answer)
  noteSubagent(draft, turn, event, (known) => ({
    ...(answer !== undefined && { answer }),
    type: event.subagentType,
    startMs: Math.min(known.startMs, event.timeMs - (event.durationMs ?? 0)),
    ended: {
      isBackground: event.isBackground,
      durationMs: event.durationMs,
      totalTokens: event.totalTokens,
      toolUses: event.toolUses,
      model: event.model,
      implausible: event.implausible,
    },
  }))
  holdsItem(draft, [event.model])
}

/** What kind of subagent it is, where anything has told it in a turn that is open. */
export function subagentTypeOf({ turns }: SessionState, subagentId: string): string | undefined {
  for (const turn of Object.values(turns)) {
    const type = turn.subagents[PREFIX + subagentId]?.type
    if (type !== undefined) return type
  }
  return undefined
}

/** Model calls of a subagent in a turn so far. */
export function subagentCalls(turn: OpenTurn, subagentId: string): number {
  return turn.subagents[PREFIX + subagentId]?.modelCalls ?? 0
}

/** Sends the subagents of a turn that ends; after its tools, under which they may hang. */
export function emitSubagents(draft: Draft, turn: OpenTurn): void {
  for (const subagent of Object.values(turn.subagents)) emitSubagent(draft, turn, subagent)
}

/** Sends the subagent that is quiet for longest before its turn ends, and returns it. */
export function sendOldestSubagent(draft: Draft, turn: OpenTurn): Subagent | undefined {
  const oldest = quietest(turn)
  if (oldest !== undefined) sendSubagent(draft, turn, oldest)
  return oldest
}

/** If it goes on, a continuation follows. */
function sendSubagent(draft: Draft, turn: OpenTurn, subagent: Subagent): void {
  emitSubagent(draft, turn, subagent)
  delete turn.subagents[PREFIX + subagent.id]
  noteSent(turn.sentSubagents, subagent)
}

function emitSubagent(draft: Draft, turn: OpenTurn, subagent: Subagent): void {
  if (subagent.segment === 1) emitInTurn(draft, turn, observationOf(draft, turn, subagent))
  else if (subagent.answer !== undefined || subagent.ended !== undefined) {
    emitInTurn(draft, turn, continuationOf(draft, subagent))
  }
}

function quietest(turn: OpenTurn): Subagent | undefined {
  let quiet: Subagent | undefined
  for (const subagent of Object.values(turn.subagents)) {
    if (quiet === undefined || subagent.lastMs < quiet.lastMs) quiet = subagent
  }
  return quiet
}

function newSubagent(turn: OpenTurn, id: string, timeMs: number): Subagent {
  return {
    id,
    segment: (look(turn.sentSubagents, shortHash(id)) ?? 0) + 1,
    type: undefined,
    startMs: timeMs,
    lastMs: timeMs,
    modelCalls: 0,
    toolResults: 0,
    costUsd: 0,
    answer: undefined,
    reportedAnswer: undefined,
    ended: undefined,
  }
}

function observationOf(draft: Draft, turn: OpenTurn, subagent: Subagent): ObservationDraft {
  return {
    ...sharedOf(draft, subagent),
    key: subagentKey(subagent.id),
    parentKey: startedBy(draft, turn, subagent),
    name: `subagent ${subagent.type ?? 'unknown'}`,
    ...taskOf(draft, turn, subagent),
  }
}

function taskOf(draft: Draft, turn: OpenTurn, { id }: Subagent): Pick<ObservationDraft, 'input'> {
  const task = subagentTaskOf(draft, turn, id)
  return task === undefined ? {} : { input: task.prompt }
}

function continuationOf(draft: Draft, subagent: Subagent): ObservationDraft {
  return {
    ...sharedOf(draft, subagent),
    key: `${subagentKey(subagent.id)}|${subagent.segment}`,
    parentKey: subagentKey(subagent.id),
    name: `subagent ${subagent.type ?? 'unknown'} (continued)`,
  }
}

function sharedOf(draft: Draft, subagent: Subagent) {
  const { ended } = subagent
  const answer = subagent.answer ?? reported(draft, subagent.reportedAnswer)
  return {
    type: 'agent',
    startMs: subagent.startMs,
    endMs: subagent.lastMs,
    ...(answer !== undefined && { output: answer }),
    level: 'DEFAULT',
    metadata: {
      subagent_id: subagent.id,
      model_calls: subagent.modelCalls,
      tool_results: subagent.toolResults,
      cost_usd: isPriced(subagent) ? subagent.costUsd : undefined,
      ended: ended !== undefined,
      background: ended?.isBackground,
      duration_ms: ended?.durationMs,
      total_tokens: ended?.totalTokens,
      tool_uses: ended?.toolUses,
      model: ended?.model,
      implausible: ended?.implausible,
    },
  } as const
}

/** Whether the cost of any of its calls is known, or it made none. */
function isPriced({ modelCalls, pricedCalls = modelCalls }: Subagent): boolean {
  return modelCalls === 0 || pricedCalls > 0
}
