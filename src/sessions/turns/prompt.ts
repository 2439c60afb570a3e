/** A prompt opens its turn and ends every other of its process: an agent answers one at a time. */
import type { PromptEvent, TurnEvent } from '../../domain/agent-event.ts'
import { cut, shown } from '../content.ts'
import type { Draft } from '../draft.ts'
import { holds } from '../held.ts'
import {
  MAX_FAILURE_LENGTH,
  namedTurnKey,
  openTurn,
  openTurns,
  turnOf,
  unnamedTurnKey,
} from './turn.ts'
import { isOfOtherProcess } from './process.ts'
import { countPrompt, isEarlier, noteTitle, uncount } from './prompt-count.ts'
import { endTurn } from './turn-end.ts'
import { notePromptOf } from './turn-prompt.ts'

export function onPrompt(draft: Draft, event: PromptEvent, arrivedMs: number): void {
  const { state, policy } = draft
  const key = namedTurnKey(event) ?? unnamedTurnKey(event)
  // A hook may have opened the turn of a later prompt already.
  const earlier = openTurns(draft).filter((turn) => turn.startMs <= event.timeMs)
  for (const turn of earlier) {
    if (turn.key === key || isOfOtherProcess(state, turn, event.sequence)) continue
    endTurn(draft, turn, 'next_prompt')
  }
  if (!isEarlier(state, event)) state.currentTurn = key
  const turn = openTurn(draft, key, event, arrivedMs)
  if (event.isSynthetic === true) {
    state.totals.syntheticPrompts += 1
    uncount(draft, turn)
  } else {
    countPrompt(draft, turn, event.timeMs)
    noteTitle(state, event)
  }
  if (turn.prompted) return
  turn.prompted = true
  turn.synthetic = event.isSynthetic === true
  turn.prompt = shown(event.prompt, policy.maxContentLength)
  if (event.prompt.text === undefined) turn.isPromptNote = true
  turn.promptLength = event.prompt.length ?? event.prompt.text?.length
  turn.command = event.command
  turn.implausible = event.implausible
  // What a hook told of it is shown only while there is no prompt.
  turn.reportedPrompt = undefined
  holds(draft, turn.prompt)
}

/**
 * A turn told as a whole. Its prompt counts as one where no prompt event told of it, and what is
 * known already of prompt and answer stays.
 */
export function onTurn(draft: Draft, event: TurnEvent, arrivedMs: number): void {
  const { policy } = draft
  const turn = turnOf(draft, event, arrivedMs)
  turn.startMs = Math.min(turn.startMs, event.startMs)
  if (event.prompt !== undefined) notePromptOf(draft, turn, event.prompt, event.startMs)
  if (turn.answer === undefined && event.answer !== undefined) {
    turn.answer = shown(event.answer, policy.maxContentLength)
    turn.reportedAnswer = undefined
    holds(draft, turn.answer)
  }
  if (event.error !== undefined) {
    turn.failure = cut(event.error, Math.min(MAX_FAILURE_LENGTH, policy.maxContentLength))
    holds(draft, turn.failure)
  }
  if (!event.isOver) return
  turn.mainFinished = true
  turn.overAtMs ??= arrivedMs + policy.joinTimeoutMs
  turn.overBy ??= 'turn_span'
}
