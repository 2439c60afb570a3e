/** The prompt of a turn, as other records than a prompt event tell it. */
import type { Content, PromptEvent } from '../../domain/agent-event.ts'
import { shown } from '../content.ts'
import type { Draft } from '../draft.ts'
import { holds } from '../held.ts'
import type { OpenTurn, SessionState } from '../state.ts'
import { addPrompt } from '../usage/usage.ts'

/** Characters of the first prompt that stand for a title. */
const TITLE_LENGTH = 200

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
  if (!turn.prompted) {
    state.totals.prompts += 1
    addPrompt(draft.usage, timeMs)
  }
  notePrompt(state, { timeMs, prompt })
  turn.prompted = true
  delete turn.isPromptOfCall
  turn.prompt = shown(prompt, policy.maxContentLength)
  turn.promptLength = prompt.length ?? prompt.text?.length
  turn.reportedPrompt = undefined
  holds(draft, turn.prompt)
}

/** The first prompt names a session that has no title, and begins the time to its first commit. */
export function notePrompt(
  state: SessionState,
  { timeMs, prompt }: Pick<PromptEvent, 'timeMs' | 'prompt'>,
): void {
  if (state.firstPromptMs !== undefined && state.firstPromptMs <= timeMs) return
  state.firstPromptMs = timeMs
  state.firstPrompt = prompt.text?.slice(0, TITLE_LENGTH)
}
