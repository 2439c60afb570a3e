/**
 * The memory of turns that have ended, which decides whether a record begins a turn or continues
 * one. It is exact and bounded: the newest turns are kept with all that a continuation needs by
 * name, older ones in short, and what is older still is dropped.
 *
 * The invariant: a root's key is used once. A turn that is remembered continues below its root. One
 * that is not remembered gets a root of its own; and once the session has dropped a turn, so that
 * this one may be it, a trace key of its own as well.
 */
import type { SessionPolicy } from './policy.ts'
import { shortHash } from './short-hash.ts'
import type { EndedTurn, OpenTurn, SessionState, ShortTurn } from './state.ts'

/** Turns kept in short, about 18 bytes of the state each; the oldest page of them is dropped. */
const TURNS_PER_PAGE = 64
const MAX_PAGES = 32

/** What is remembered of an ended turn. `traceId` is that of the record that asks. */
export function endedTurn(
  state: SessionState,
  key: string,
  traceId: string | undefined,
): EndedTurn | undefined {
  const known = state.ended[key]
  if (known !== undefined) return known
  const short = forgottenTurn(state, shortHash(key))
  if (short === undefined) return undefined
  if (typeof short === 'number') return plainTurn(short)
  const { ordinal, segment, isTraced, isApart, subagents } = short
  // An agent that traces has one trace for a prompt, so the record names it.
  return { ordinal, segment, agentTraceId: isTraced ? traceId : undefined, isApart, subagents }
}

/** Notes that a turn's root, or what continues it, was sent. */
export function rememberTurn(state: SessionState, turn: OpenTurn, policy: SessionPolicy): void {
  // Behind all others: those that nothing was heard of for longest go first.
  delete state.ended[turn.key]
  state.ended[turn.key] = {
    ordinal: turn.ordinal,
    segment: turn.segment,
    agentTraceId: turn.agentTraceId,
    isApart: turn.isApart,
    subagents: sentSubagents(turn),
  }
  const keys = Object.keys(state.ended)
  if (keys.length <= policy.maxEndedTurns) return
  // What names no turn, and no trace either, is shown in the current one.
  const oldest = keys.find((key) => key !== state.currentTurn)
  if (oldest !== undefined) forgetTurn(state, oldest)
}

/** How many segments of each subagent were sent, for when the turn goes on. */
function sentSubagents(turn: OpenTurn): Record<string, number> {
  const sent: Record<string, number> = { ...turn.sentSubagents }
  for (const { id, segment } of Object.values(turn.subagents)) sent[shortHash(id)] = segment
  return sent
}

function forgetTurn(state: SessionState, key: string): void {
  const turn = state.ended[key] as EndedTurn
  delete state.ended[key]
  const forgotten = [shortHash(key), inShort(turn)] as const
  const pages = [...state.forgotten]
  const last = pages.at(-1)
  if (last === undefined || last.length === TURNS_PER_PAGE) pages.push([forgotten])
  else pages[pages.length - 1] = [...last, forgotten]
  if (pages.length > MAX_PAGES) {
    pages.shift()
    state.hasDroppedTurns = true
  }
  state.forgotten = pages
}

/** The newest of that hash: a turn may have been taken up again, and forgotten again. */
function forgottenTurn(state: SessionState, hash: string): number | ShortTurn | undefined {
  return state.forgotten
    .findLast((page) => page.some(([known]) => known === hash))
    ?.findLast(([known]) => known === hash)?.[1]
}

function inShort(turn: EndedTurn): number | ShortTurn {
  const { ordinal, segment, agentTraceId, isApart, subagents } = turn
  const isTraced = agentTraceId !== undefined
  const isPlain = segment === 1 && !isTraced && !isApart && Object.keys(subagents).length === 0
  return isPlain ? ordinal : { ordinal, segment, isTraced, isApart, subagents }
}

function plainTurn(ordinal: number): EndedTurn {
  return { ordinal, segment: 1, agentTraceId: undefined, isApart: false, subagents: {} }
}
