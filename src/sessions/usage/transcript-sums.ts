/**
 * The part of a session's sums that transcripts alone told, and what is remembered of it so that it can
 * be taken back.
 */
import { joinKeyOfPrompt } from '../../domain/transcript-join.ts'
import { countTranscribedCall } from '../calls/call-usage.ts'
import type { Draft } from '../draft.ts'
import { type CorrelationBounds, note, take } from '../pending-correlations.ts'
import { takeBackMetricSpending } from './metric-spending.ts'
import { keyOf } from './name-table.ts'
import { addPromptCount, countTranscribed } from './totals.ts'
import type { Transcribed } from './transcribed.ts'
import { addPrompts, addToolRefusal, addToolResult } from './usage.ts'

/** Those that were told last: telemetry of what was forgotten is shown, and counts nothing. */
const TRANSCRIBED: CorrelationBounds = { entries: 3000, bytes: 400_000 }

/** Remembers under which key it was told. */
export function keepTranscribed({ state }: Draft, joinKey: string, told: Transcribed): void {
  state.transcribed ??= {}
  note(state.transcribed, joinKey, told, TRANSCRIBED)
}

/** What was told under that key, which is then forgotten; undefined where it was forgotten before. */
export function takeTranscribed(
  { state }: Draft,
  joinKey: string | undefined,
): Transcribed | undefined {
  if (joinKey === undefined || state.transcribed === undefined) return undefined
  return take(state.transcribed, joinKey)
}

/** Telemetry counts a prompt by its id, whatever tells of it. */
export function takeBackPrompt(draft: Draft, promptId: string | undefined): void {
  if (promptId === undefined || draft.state.transcribed === undefined) return
  const joinKey = joinKeyOfPrompt(promptId)
  const told = takeTranscribed(draft, joinKey)
  if (told?.kind !== 'prompt' || told.isShown) return
  count(draft, told, -1)
  // Of an answer: the prompt itself may follow, and must take back nothing.
  keepTranscribed(draft, joinKey, { ...told, isUncounted: true })
}

/** Adds it to the sums, or takes it out of them. */
export function count(draft: Draft, told: Transcribed, sign: 1 | -1): void {
  if (told.kind === 'prompt' && told.isUncounted === true) return
  const { state, usage } = draft
  const { totals } = state
  switch (told.kind) {
    case 'call':
      if (sign === 1) takeBackMetricSpending(draft, told)
      countTranscribedCall(draft, told, sign)
      return
    case 'tool':
      addToolResult(usage, keyOf(totals.tools, told.tool), told, sign)
      countTranscribed(totals, told, sign)
      return
    case 'refusal':
      addToolRefusal(usage, keyOf(totals.tools, told.tool), told.timeMs, sign)
      countTranscribed(totals, told, sign)
      return
    case 'prompt':
      addPromptCount(totals, told.isSynthetic, sign)
      if (told.isSynthetic) return
      addPrompts(usage, told.timeMs, sign)
      if (sign === 1)
        state.firstPromptMs = Math.min(state.firstPromptMs ?? told.timeMs, told.timeMs)
  }
}
