/** The prompt of a turn, as other records than a prompt event tell it. */
import type { Content } from '../../domain/agent-event.ts'
import { shown } from '../content.ts'
import type { Draft } from '../draft.ts'
import { holds } from '../held.ts'
import type { OpenTurn } from '../state.ts'
import { countPrompt, noteTitle } from './prompt-count.ts'

/** The prompt that a call was given, where no other record told it yet. */
export function onPromptOfCall(
  draft: Draft,
  turn: OpenTurn,
  prompt: Content,
  timeMs: number,
): void {
  if (turn.prompted) return
  notePromptOf(draft, turn, prompt, timeMs)
  turn.isPromptOfCall = true
}

/** The prompt of a turn that no prompt event told of. One that a call was given gives way. */
export function notePromptOf(draft: Draft, turn: OpenTurn, prompt: Content, timeMs: number): void {
  const { state, policy } = draft
  if (turn.prompted && (turn.isPromptOfCall !== true || prompt.text === undefined)) return
  countPrompt(draft, turn, timeMs)
  noteTitle(state, { timeMs, prompt })
  turn.prompted = true
  delete turn.isPromptOfCall
  turn.prompt = shown(prompt, policy.maxContentLength)
  if (prompt.text === undefined) turn.isPromptNote = true
  else delete turn.isPromptNote
  turn.promptLength = prompt.length ?? prompt.text?.length
  turn.reportedPrompt = undefined
  holds(draft, turn.prompt)
}
