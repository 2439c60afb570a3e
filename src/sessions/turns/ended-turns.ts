/**
 * The memory of turns that have ended, which decides whether a record begins a turn or continues
 * one. It is exact and bounded: the newest turns are kept with all that a continuation needs by
 * name, older ones in short, and what is older still is dropped.
 *
 * The invariant: a root's key is used once. A turn that is remembered continues below its root. One
 * that is not remembered gets a root of its own; and once the session has dropped a turn, so that
 * this one may be it, a trace key of its own as well.
 */
import type { SessionPolicy } from '../policy.ts'
import { jsonBytes } from '../json-bytes.ts'
import {
  bytesOf,
  copyCorrelations,
  drop,
  type Correlations,
  type CorrelationBounds,
  note,
  put,
} from '../pending-correlations.ts'
import { shortHash } from '../../domain/short-hash.ts'
import type { EndedTurn, OpenTurn, SessionState, ShortTurn, Subagent } from '../state.ts'

/** Turns kept in short, about 18 bytes of the state each; the oldest page of them is dropped. */
const TURNS_PER_PAGE = 64
const MAX_PAGES = 32
/** Of the full pages, as JSON: turns of many subagents take more. */
const MAX_PAGES_BYTES = 100_000
/** What a turn remembers of subagents that were sent. */
const SENT_SUBAGENTS: CorrelationBounds = { entries: 1000, bytes: 50_000 }
/** Of the turns kept by name, as JSON. */
const MAX_ENDED_BYTES = 64_000

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
  const { isTraced, ...turn } = short
  // An agent that traces has one trace for a prompt, so the record names it.
  return { ...turn, agentTraceId: isTraced ? traceId : undefined }
}

/** Notes that a turn's root, or what continues it, was sent. */
export function rememberTurn(state: SessionState, turn: OpenTurn, policy: SessionPolicy): void {
  const { ordinal, segment, agentTraceId, isApart } = turn
  // Behind all others: those that nothing was heard of for longest go first.
  put(state.ended, turn.key, {
    ordinal,
    segment,
    agentTraceId,
    isApart,
    ...(!turn.counted && { isUncounted: true }),
    subagents: sentSubagents(turn),
  })
  // What names no turn, and no trace either, is shown in the current one.
  const oldest = Object.keys(state.ended).filter((key) => key !== state.currentTurn)
  let entries = Object.keys(state.ended).length
  for (const key of oldest) {
    if (entries <= policy.maxEndedTurns && bytesOf(state.ended) <= MAX_ENDED_BYTES) break
    forgetTurn(state, key)
    entries -= 1
  }
}

/** How many segments of each subagent were sent, for when the turn goes on. */
function sentSubagents(turn: OpenTurn): Correlations<number> {
  const sent = copyCorrelations(turn.sentSubagents)
  for (const subagent of Object.values(turn.subagents)) noteSent(sent, subagent)
  return sent
}

/** Notes how many segments of a subagent were sent, for when it goes on. */
export function noteSent(sent: Correlations<number>, { id, segment }: Subagent): void {
  note(sent, shortHash(id), segment, SENT_SUBAGENTS)
}

function forgetTurn(state: SessionState, key: string): void {
  const turn = drop(state.ended, key)
  if (turn === undefined) return
  const forgotten = [shortHash(key), inShort(turn)] as const
  const pages = [...state.forgotten]
  const last = pages.at(-1)
  if (last !== undefined && last.length < TURNS_PER_PAGE) {
    pages[pages.length - 1] = [...last, forgotten]
  } else {
    while (pages.length >= MAX_PAGES || jsonBytes(pages) > MAX_PAGES_BYTES) {
      pages.shift()
      state.hasDroppedTurns = true
    }
    pages.push([forgotten])
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
  const { agentTraceId, ...kept } = turn
  const { ordinal, segment, isApart, isUncounted, subagents } = kept
  const isTraced = agentTraceId !== undefined
  const isPlain = segment === 1 && !isTraced && !isApart && isUncounted !== true
  return isPlain && Object.keys(subagents).length === 0 ? ordinal : { ...kept, isTraced }
}

function plainTurn(ordinal: number): EndedTurn {
  return { ordinal, segment: 1, agentTraceId: undefined, isApart: false, subagents: {} }
}
