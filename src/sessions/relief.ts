/**
 * What open turns let go when they hold too much: what can be sent is sent as it is, the oldest
 * first; only what could not be shown without the rest is forgotten, and counted.
 */
import type { Draft } from './draft.ts'
import { heldBytes, sizeOf } from './held.ts'
import { jsonBytes } from './json-bytes.ts'
import { bytesOf, type Correlations } from './pending-correlations.ts'
import { forgetExchange } from './calls/exchange.ts'
import { forgetAnswers, sendOldestCall } from './calls/model-call.ts'
import { byteBounds } from './policy.ts'
import { forgetReports } from './hooks/reported-content.ts'
import type { OpenTurn } from './state.ts'
import { sendOldestSubagent } from './subagents/subagent.ts'
import { leaveOldestTool, sendOldestTool } from './tools/tool-call.ts'
import { openTurns } from './turns/turn.ts'
import { endTurn } from './turns/turn-end.ts'

/** Share of the bound that is kept: to let go one thing for each that comes is slow. */
const KEPT_SHARE = 0.5

/** Keeps what open turns hold below its bound. */
export function boundHeld(draft: Draft): void {
  const { state, policy } = draft
  const maxBytes = byteBounds(policy).turns
  let bytes = heldBytes(state, maxBytes)
  if (bytes <= maxBytes) return
  for (const freed of relieve(draft)) {
    bytes -= freed
    if (bytes <= maxBytes * KEPT_SHARE) break
  }
  state.held = sizeOf(bytes, maxBytes)
}

/** Lets go one thing after the other, until nobody asks for more; yields the bytes that each freed. */
function* relieve(draft: Draft): Generator<number> {
  const turns = openTurns(draft)
  for (const turn of turns) {
    yield* bytesOfEach(() => sendOldestTool(draft, turn))
    yield* bytesOfEach(() => sendOldestCall(draft, turn))
  }
  const newest = turns.pop()
  for (const turn of turns) {
    const bytes = jsonBytes(turn)
    endTurn(draft, turn, 'limit')
    yield bytes
  }
  if (newest !== undefined) yield* relieveTurn(draft, newest)
}

function* relieveTurn(draft: Draft, turn: OpenTurn): Generator<number> {
  for (const share of [0.5, 0]) {
    yield freedIn(turn.earlyAnswers, () => forgetAnswers(draft, turn, share))
    yield freedIn(turn.reportedTools, () => forgetReports(draft, turn, share))
  }
  yield jsonBytes(forgetExchange(draft, turn))
  yield* bytesOfEach(() => sendOldestSubagent(draft, turn))
  yield* bytesOfEach(() => leaveOldestTool(draft, turn))
  yield* bytesOfEach(() => turn.shownTools.shift())
}

function* bytesOfEach(letGo: () => unknown): Generator<number> {
  for (let gone = letGo(); gone !== undefined; gone = letGo()) yield jsonBytes(gone)
}

function freedIn(facts: Correlations<unknown>, forget: () => void): number {
  const before = bytesOf(facts)
  forget()
  return before - bytesOf(facts)
}
