/**
 * The prompts of a session: how many there were, when the first was, and what stands for a title. By the
 * prompt's id, whatever events tell of it.
 */
import type { PromptEvent } from '../../domain/agent-event.ts'
import type { Draft } from '../draft.ts'
import type { OpenTurn, SessionState } from '../state.ts'
import { takeBackPrompt } from '../usage/transcript-sums.ts'
import { addPrompts } from '../usage/usage.ts'

/** Characters of the first prompt that stand for a title. */
const TITLE_LENGTH = 200

/** A prompt that comes late, after the turn that the session is in had begun. */
export function isEarlier(
  { turns, currentTurn }: SessionState,
  { timeMs }: Pick<PromptEvent, 'timeMs'>,
): boolean {
  const current = currentTurn === undefined ? undefined : turns[currentTurn]
  return current !== undefined && timeMs < current.startMs
}

/**
 * Counts the prompt of a turn, once, whatever tells of it: the prompt itself, which some versions do not
 * send for what is typed, or an answer of the main agent.
 */
export function countPrompt(draft: Draft, turn: OpenTurn, timeMs: number): void {
  const { state } = draft
  state.firstPromptMs = Math.min(state.firstPromptMs ?? timeMs, timeMs)
  if (turn.counted) return
  takeBackPrompt(draft, turn.promptId)
  turn.counted = true
  turn.countedMs = timeMs
  state.totals.prompts += 1
  addPrompts(draft.usage, timeMs, 1)
}

/**
 * An answer tells of a prompt that has not come. Of a turn that may have been forgotten it tells
 * nothing new.
 */
export function countAnswered(draft: Draft, turn: OpenTurn, startMs: number): void {
  if (turn.counted || turn.isApart || turn.promptId === undefined) return
  countPrompt(draft, turn, startMs)
}

/** Its prompt, which comes behind an answer to it, was sent by nobody. */
export function uncount(draft: Draft, turn: OpenTurn): void {
  const { countedMs } = turn
  turn.counted = true
  if (countedMs === undefined) return
  turn.countedMs = undefined
  draft.state.totals.prompts -= 1
  addPrompts(draft.usage, countedMs, -1)
}

/** `/review`, `/mcp`: what was meant stands in no title. */
const SLASH_COMMAND = /^\/[\w:-]+(?=\s|$)/

/** The first prompt that says something names a session that has no title. */
export function noteTitle(
  state: SessionState,
  { timeMs, prompt, command }: Pick<PromptEvent, 'timeMs' | 'prompt' | 'command'>,
): void {
  const { text } = prompt
  if (text === undefined || command !== undefined || SLASH_COMMAND.test(text)) return
  const titledMs =
    state.titledMs ?? (state.firstPrompt === undefined ? undefined : state.firstPromptMs)
  if (titledMs !== undefined && titledMs <= timeMs) return
  state.titledMs = timeMs
  state.firstPrompt = text.slice(0, TITLE_LENGTH)
}
