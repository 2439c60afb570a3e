/**
 * Notes: what is worth a place in the trace beside calls and tools. One that comes before any
 * prompt (a server that could not be reached at start) is shown in the first turn.
 */
import type { NoteEvent } from '../../domain/agent-event.ts'
import { cut } from '../content.ts'
import { type Draft, emit } from '../draft.ts'
import { forgets } from '../held.ts'
import { jsonBytes } from '../json-bytes.ts'
import type { ObservationDraft } from '../state.ts'
import { noteSubagent } from '../subagents/subagent.ts'
import { emitInCurrentTurn, emitInTurn, parentOf, ROOT_KEY, turnOf } from './turn.ts'

const SIDE_TRACE_NAME = 'side call'
const MAX_EARLY_NOTES = 50
/** As JSON. */
const MAX_EARLY_BYTES = 30_000

export function onNote(draft: Draft, event: NoteEvent, arrivedMs: number): void {
  const { state } = draft
  if (event.promptId === undefined && state.currentTurn === undefined) {
    // No turn knows its subagent yet, so it stands below the root.
    noteEarly(draft, { ...observationOf(draft, event), parentKey: ROOT_KEY })
    return
  }
  const turn = turnOf(draft, event, arrivedMs)
  noteSubagent(draft, turn, event)
  emitInTurn(draft, turn, observationOf(draft, event))
}

/** A call that no turn has caused is shown in the first turn, or by itself where there is none. */
export function noteEarlyCall(draft: Draft, call: ObservationDraft): void {
  noteEarly(draft, { ...call, parentKey: ROOT_KEY })
}

/** What names no turn is shown in the one that the session is in, or in its first one. */
export function emitInCurrentOrFirstTurn(draft: Draft, observation: ObservationDraft): void {
  if (draft.state.currentTurn === undefined) noteEarly(draft, observation)
  else emitInCurrentTurn(draft, observation)
}

/** Sends the calls of a session that ends without a turn. */
export function emitSideCalls(draft: Draft): void {
  const { state } = draft
  const calls = state.earlyNotes.filter(({ type }) => type === 'generation')
  if (calls.length === 0) return
  state.earlyNotes = state.earlyNotes.filter(({ type }) => type !== 'generation')
  for (const { parentKey: _, ...call } of calls) {
    emit(draft, `${state.key}/side/${call.key}`, SIDE_TRACE_NAME, call)
  }
}

/** The first are kept: what comes at the start says why there is nothing after it. */
function noteEarly(draft: Draft, note: ObservationDraft): void {
  const { earlyNotes } = draft.state
  const isRoom =
    earlyNotes.length < MAX_EARLY_NOTES &&
    jsonBytes(earlyNotes) + jsonBytes(note) <= MAX_EARLY_BYTES
  if (isRoom) earlyNotes.push(note)
  else forgets(draft, 'notes', 1)
}

function observationOf({ policy }: Draft, event: NoteEvent): ObservationDraft {
  const { durationMs, statusMessage } = event
  return {
    type: durationMs === undefined ? 'event' : 'span',
    key: `note|${event.dedupKey}`,
    parentKey: parentOf(event.subagentId),
    name: event.title,
    startMs: event.timeMs - (durationMs ?? 0),
    endMs: event.timeMs,
    level: event.level,
    ...(statusMessage !== undefined && {
      statusMessage: cut(statusMessage, policy.maxContentLength),
    }),
    metadata: { event: event.name, ...event.details, implausible: event.implausible },
  }
}
