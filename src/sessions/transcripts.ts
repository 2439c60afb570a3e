/**
 * What transcripts tell. Telemetry is the source of everything that it tells: a transcript counts only
 * for what telemetry has not told, and what it told is taken back when telemetry tells it after all. So
 * the sums are the same in whatever order both come.
 *
 * A transcript that is not exported says nothing to exporters: it opens no turn, reopens no session and
 * makes no summary. One that is exported is folded like telemetry, and then what telemetry tells of the
 * same corrects the sums, but is not shown again.
 */
import type {
  AgentEvent,
  GivenUp,
  KeptPrompt,
  PromptEvent,
  ToolReport,
  TranscribedEvent,
  TranscriptEvent,
} from '../domain/agent-event.ts'
import { joinableOf } from '../domain/transcript-join.ts'
import { costOfCall } from './calls/call-cost.ts'
import { countCall, dimensionsOfCall } from './calls/call-usage.ts'
import { cut } from './content.ts'
import type { Draft } from './draft.ts'
import { isForExporters } from './eventful.ts'
import type { SessionPolicy } from './policy.ts'
import { noteJoin } from './held.ts'
import { isToldTool, noteRepeats } from './repeats.ts'
import { forgetTool } from './tools/tool-call.ts'
import type { SessionState } from './state.ts'
import type { Transcribed } from './usage/transcribed.ts'
import { endedTurn } from './turns/ended-turns.ts'
import { noteTitle } from './turns/prompt-count.ts'
import { namedTurnKey } from './turns/turn.ts'
import { takeBackMetricSpending } from './usage/metric-spending.ts'
import { count, keepTranscribed, takeTranscribed } from './usage/transcript-sums.ts'

/** Characters of a title. */
const MAX_TITLE_LENGTH = 200

type Fold = (event: AgentEvent) => void

/** Whether an entry is folded like telemetry. */
export function isShown({ isExported }: TranscriptEvent, policy: SessionPolicy): boolean {
  return isExported === true || policy.showsTranscripts === true
}

/** Whether exporters hear anything new of this entry. What tells nothing reopens no session. */
export function isNews(
  state: SessionState,
  { event, givesUp, copyOf, amends }: TranscriptEvent,
): boolean {
  if (givesUp !== undefined || copyOf !== undefined || amends === true) return false
  return !state.hasTelemetry || (joinableOf(event) !== undefined && !isToldPrompt(state, event))
}

/**
 * A session of which only transcripts tell that are not exported is open as long as they are written.
 * One that exporters know goes on and ends without regard to them.
 */
export function noteQuietEntry(
  { state, policy }: Draft,
  { timeMs }: TranscriptEvent,
  arrivedMs: number,
): void {
  if (isForExporters(state)) return
  if (arrivedMs - timeMs >= policy.idleTimeoutMs) {
    if (Object.keys(state.turns).length === 0) state.closed ??= 'imported'
    return
  }
  if (state.closed !== undefined) state.openedAtMs = arrivedMs
  state.closed = undefined
  state.lastArrivalMs = Math.max(state.lastArrivalMs, arrivedMs)
}

/** Takes an entry of a transcript; `fold` shows it. */
export function onTranscript(draft: Draft, entry: TranscriptEvent, fold: Fold): void {
  const { state, policy } = draft
  const { event } = entry
  if (entry.givesUp !== undefined) {
    giveUp(draft, entry.givesUp)
    return
  }
  const isShownHere = isShown(entry, policy)
  noteTitleOf(draft, entry, isShownHere)
  if (entry.amends === true) {
    amend(draft, entry)
    return
  }
  if (entry.copyOf !== undefined) return
  const told = transcribedOf(draft, event, isShownHere)
  if (told?.kind === 'prompt' && isToldPrompt(state, event)) {
    if (isShownHere && showsTold(draft, event)) show(draft, event, fold)
    if (entry.joinKey !== undefined) {
      keepTranscribed(draft, entry.joinKey, { ...told, isShown: false, isUncounted: true })
    }
    return
  }
  if (isShownHere) {
    state.isTranscriptShown = true
    show(draft, event, fold)
  } else if (told !== undefined) count(draft, told, 1)
  if (told !== undefined && entry.joinKey !== undefined) {
    keepTranscribed(draft, entry.joinKey, told)
  }
}

/**
 * Takes what telemetry tells of something that a transcript told before. Whether it is to be folded by
 * `fold` like any other.
 */
export function onToldByTranscript(draft: Draft, event: AgentEvent, fold: Fold): void {
  const { state, policy } = draft
  if (joinableOf(event) === undefined) {
    if (state.isTranscriptShown !== true) fold(event)
    return
  }
  const before = takeTranscribed(draft, event.transcriptKey)
  if (before === undefined) {
    // Counted already, and nobody knows any more how.
    if (state.isTranscriptShown === true) return
    fold(event)
    const told = transcribedOf(draft, event, false)
    if (told !== undefined) count(draft, told, -1)
    return
  }
  if (!before.isShown) {
    count(draft, before, -1)
    fold(event)
    return
  }
  // Its tool or its prompt says the same as the telemetry's.
  if (before.kind !== 'call' || event.kind !== 'model_call') return
  count(draft, before, -1)
  const { durationMs: _, ttftMs: __, ...call } = event
  takeBackMetricSpending(draft, call)
  countCall(draft, call, costOfCall(call, policy.priceOf))
}

/** The prompt counts already, by an answer to it. */
function isToldPrompt(state: SessionState, event: TranscribedEvent): boolean {
  if (event.kind !== 'prompt') return false
  const key = namedTurnKey(event)
  if (key === undefined) return false
  const open = state.turns[key]
  if (open !== undefined) return open.counted
  const ended = endedTurn(state, key, undefined)
  return ended !== undefined && ended.isUncounted !== true
}

/** Exporters are not told of a turn again that has ended, for the sake of its prompt. */
function showsTold({ state, policy }: Draft, event: TranscribedEvent): boolean {
  const key = namedTurnKey(event)
  return policy.showsTranscripts === true || (key !== undefined && state.turns[key] !== undefined)
}

function show(draft: Draft, event: TranscribedEvent, fold: Fold): void {
  const { state } = draft
  if (event.kind === 'tool_report') noteStartedSubagent(draft, event)
  else if (event.kind === 'tool_decision') {
    if (event.accepted && isKnownTool(state, event.toolUseId)) return
    if (!event.accepted) forgetTool(draft, event.toolUseId)
    fold(event)
  } else if (joinableOf(event) !== undefined || !state.hasTelemetry) {
    noteRepeats(state, event)
    fold(event)
  }
}

/** Telemetry has told of it. */
function isKnownTool(state: SessionState, toolUseId: string | undefined): boolean {
  if (toolUseId === undefined) return false
  const isOpen = Object.values(state.turns).some(({ tools }) =>
    tools.some((tool) => tool.toolUseId === toolUseId),
  )
  return isOpen || isToldTool(state, toolUseId)
}

/** The tool itself is told by its result. */
function noteStartedSubagent(draft: Draft, { startedSubagentId, toolUseId }: ToolReport): void {
  if (startedSubagentId === undefined) return
  noteJoin(draft, 'subagentTools', startedSubagentId, toolUseId)
}

/** What another session wrote first does not count here any more. */
function giveUp(draft: Draft, { joinKey, event, prompts }: GivenUp): void {
  if (event === undefined) return
  if (joinKey !== undefined) takeBackEntry(draft, joinKey, event)
  if (prompts !== undefined && event.kind === 'prompt') notePrompts(draft.state, event, prompts)
}

function takeBackEntry(draft: Draft, joinKey: string, event: TranscribedEvent): void {
  const before = takeTranscribed(draft, joinKey)
  // A prompt may count by an answer of its turn as well.
  if (before === undefined && isToldPrompt(draft.state, event)) return
  const told = before ?? transcribedOf(draft, event, false)
  if (told !== undefined && !told.isShown) count(draft, told, -1)
}

/** The session begins with the first of the prompts that it still has, and is named after that. */
function notePrompts(
  state: SessionState,
  { timeMs }: PromptEvent,
  prompts: readonly KeptPrompt[],
): void {
  if (state.firstPromptMs === timeMs) {
    state.firstPromptMs = undefined
    for (const kept of prompts) {
      state.firstPromptMs = Math.min(state.firstPromptMs ?? kept.timeMs, kept.timeMs)
    }
  }
  if (state.titledMs !== timeMs) return
  state.titledMs = undefined
  state.firstPrompt = undefined
  for (const { text, command, timeMs: atMs } of prompts) {
    noteTitle(state, {
      timeMs: atMs,
      prompt: text === undefined ? {} : { text },
      ...(command !== undefined && { command }),
    })
  }
}

/** A call of which an earlier line told less. It may turn out to be one that telemetry has told. */
function amend(draft: Draft, { event, joinKey, copyOf }: TranscriptEvent): void {
  if (joinKey === undefined) return
  const before = takeTranscribed(draft, joinKey)
  const now = before && transcribedOf(draft, event, before.isShown)
  if (before === undefined || now === undefined) return
  count(draft, before, -1)
  if (copyOf !== undefined) return
  count(draft, now, 1)
  keepTranscribed(draft, joinKey, now)
}

/** What an event adds to the sums. */
function transcribedOf(
  { policy, state }: Draft,
  event: AgentEvent,
  isShownHere: boolean,
): Transcribed | undefined {
  const { timeMs } = event
  switch (event.kind) {
    case 'model_call': {
      const { cost } = costOfCall(event, policy.priceOf)
      return {
        kind: 'call',
        timeMs,
        model: event.model,
        ...(event.subagentId !== undefined && { subagentId: event.subagentId }),
        dimensions: dimensionsOfCall(state, event),
        usage: event.usage,
        cost,
        isUnpriced: cost === undefined,
        isShown: isShownHere,
      }
    }
    case 'tool_result': {
      const { tool, success } = event
      return { kind: 'tool', timeMs, tool, success, isShown: isShownHere }
    }
    case 'tool_decision':
      if (event.accepted) return undefined
      return { kind: 'refusal', timeMs, tool: event.tool, isShown: isShownHere }
    case 'prompt': {
      const isSynthetic = event.isSynthetic === true
      return { kind: 'prompt', timeMs, isSynthetic, isShown: isShownHere }
    }
    default:
      return undefined
  }
}

/** A title stays here unless the transcript is exported. */
function noteTitleOf({ state }: Draft, entry: TranscriptEvent, isShownHere: boolean): void {
  const { event, title } = entry
  if (title !== undefined) {
    const text = cut(title, MAX_TITLE_LENGTH)
    if (isShownHere) state.title = text
    else state.transcriptTitle = text
  }
  if (event.kind === 'prompt' && isTyped(event)) noteTitle(state, event)
}

function isTyped({ isSynthetic }: PromptEvent): boolean {
  return isSynthetic !== true
}
