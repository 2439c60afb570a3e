/** What the main agent answered: of several answers of a turn the last one given, in whatever order they come. */
import type { Draft } from '../draft.ts'
import { holds } from '../held.ts'
import type { OpenTurn } from '../state.ts'

export function noteAnswer(draft: Draft, turn: OpenTurn, answer: string, timeMs: number): void {
  if (turn.answerMs !== undefined && timeMs < turn.answerMs) return
  turn.answer = answer
  turn.answerMs = timeMs
  // What a hook told of it is shown only while there is no answer.
  turn.reportedAnswer = undefined
  holds(draft, answer)
}
