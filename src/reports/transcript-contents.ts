/**
 * What transcripts of a session say that its telemetry leaves out: the text of prompts and answers, and
 * what tools were given and returned. It completes what is looked at here, and nothing that is exported.
 *
 * What both tell is looked at as telemetry tells it, with its times and its cost, also where the transcript
 * came first.
 */
import type {
  AgentEvent,
  Content,
  ModelCallEvent,
  TokenUsage,
  TranscriptEvent,
} from '../domain/agent-event.ts'
import type { MetricSample } from '../domain/metric-sample.ts'
import type { Arrival } from '../domain/session-store.ts'
import { joinableOf, telemetryKeyOf } from '../domain/transcript-join.ts'

export interface TranscriptContents {
  /** Notes telemetry that tells of what a transcript told before. Comes before any entries are noted. */
  addTelemetry(arrivals: readonly Arrival[]): void
  /** Notes what entries of transcripts say of what telemetry told before. */
  add(arrivals: readonly Arrival[]): void
  /** The arrival with what is known of it; the same object where there is nothing to add. */
  complete(arrival: Arrival): Arrival
  /** Telemetry came that should have been noted before. */
  isOutdated(): boolean
}

/** Characters of all texts of a session; beyond it the rest stays without. */
const MAX_CHARACTERS = 30_000_000

export function createTranscriptContents(): TranscriptContents {
  /** By the key of the telemetry that told of the same. */
  const byKey = new Map<string, string>()
  /** By request id, and by the id of the tool. */
  const answers = new Map<string, string>()
  const inputs = new Map<string, string>()
  /** What telemetry told after a transcript: its keys, by those of the entries. */
  const toldLater = new Map<string, string>()
  /** What lines that came later add to a call, by the key of its entry. */
  const amendments = new Map<string, ModelCallEvent[]>()
  /** Keys of entries, by those of the telemetry that told of the same. */
  const entryOf = new Map<string, string>()
  let characters = 0
  let isOutdated = false

  function note(into: Map<string, string>, key: string | undefined, text: unknown): void {
    if (key === undefined || typeof text !== 'string') return
    if (characters + text.length > MAX_CHARACTERS || into.has(key)) return
    characters += text.length
    into.set(key, text)
  }

  /** The telemetry that tells of the same, whichever came first. */
  function telemetryOf({ copyOf, joinKey }: TranscriptEvent): string | undefined {
    return copyOf ?? (joinKey === undefined ? undefined : toldLater.get(joinKey))
  }

  function noteAmendment(event: ModelCallEvent, joinKey: string): void {
    const size = event.answer?.text?.length ?? 0
    if (characters + size > MAX_CHARACTERS) return
    characters += size
    amendments.set(joinKey, [...(amendments.get(joinKey) ?? []), event])
  }

  function addEntry(entry: TranscriptEvent): void {
    const { event, joinKey } = entry
    const copyOf = telemetryOf(entry)
    if (entry.amends === true && event.kind === 'model_call') {
      if (joinKey === undefined) return
      noteAmendment(event, joinKey)
      // Only with this line it was known to be what telemetry told.
      if (entry.copyOf === undefined) return
      toldLater.set(joinKey, entry.copyOf)
      entryOf.set(entry.copyOf, joinKey)
      return
    }
    if (copyOf !== undefined && joinKey !== undefined) entryOf.set(copyOf, joinKey)
    switch (event.kind) {
      case 'prompt':
        note(byKey, copyOf, event.prompt.text)
        return
      case 'model_call':
        note(byKey, copyOf, event.answer?.text)
        if (copyOf !== undefined) note(answers, event.requestId, event.answer?.text)
        return
      case 'tool_decision':
        note(inputs, event.toolUseId, event.parameters)
        return
      case 'tool_result':
        note(byKey, copyOf, event.output)
        note(inputs, event.toolUseId, event.input)
        return
      default:
    }
  }

  function completed(item: AgentEvent | MetricSample): AgentEvent | MetricSample {
    switch (item.kind) {
      case 'prompt':
        return { ...item, prompt: completedContent(item.prompt, byKey.get(telemetryKeyOf(item))) }
      case 'model_call': {
        const key = telemetryKeyOf(item)
        const text = withAmendments(byKey.get(key), entryOf.get(key))
        if (text === undefined || item.output !== undefined) return item
        return { ...item, output: text, answer: { text } }
      }
      case 'model_response': {
        const text = answers.get(item.requestId ?? '')
        return { ...item, response: completedContent(item.response, text) }
      }
      case 'tool_result': {
        const output = item.output ?? byKey.get(telemetryKeyOf(item))
        const input = item.input ?? inputs.get(item.toolUseId ?? '')
        return {
          ...item,
          ...(output !== undefined && { output }),
          ...(input !== undefined && { input }),
        }
      }
      default:
        return item
    }
  }

  /** The text of an answer with that of lines that came later. */
  function withAmendments(text: string | undefined, entryKey: string | undefined) {
    const later = entryKey === undefined ? [] : (amendments.get(entryKey) ?? [])
    return later.reduce((whole, { answer }) => {
      const more = answer?.text
      if (more === undefined || whole?.includes(more) === true) return whole
      return whole === undefined ? more : `${whole}\n${more}`
    }, text)
  }

  /** A call as all of its lines tell it. */
  function whole(entry: TranscriptEvent): TranscriptEvent {
    const { event, joinKey, amends } = entry
    const later = joinKey === undefined ? undefined : amendments.get(joinKey)
    if (event.kind !== 'model_call' || amends === true || later === undefined) return entry
    const text = withAmendments(event.answer?.text, joinKey)
    const usage = later.reduce<TokenUsage | undefined>((most, { usage: next }) => {
      return next !== undefined && next.output >= (most?.output ?? 0) ? next : most
    }, event.usage)
    return {
      ...entry,
      event: {
        ...event,
        ...(usage !== undefined && { usage }),
        ...(text !== undefined && { output: text, answer: { text } }),
      },
    }
  }

  /** As it would be had telemetry come first. */
  function inOrder(item: AgentEvent | MetricSample): AgentEvent | MetricSample {
    if (item.kind === 'metric') return item
    if (item.kind === 'transcript') {
      const copyOf = telemetryOf(item)
      const entry = amendments.size === 0 ? item : whole(item)
      return copyOf === item.copyOf || copyOf === undefined ? entry : { ...entry, copyOf }
    }
    const { transcriptKey, ...told } = item
    if (transcriptKey === undefined) return item
    if (toldLater.has(transcriptKey)) return told
    isOutdated ||= joinableOf(item) !== undefined
    return item
  }

  return {
    addTelemetry: (arrivals) => {
      for (const { item } of arrivals) {
        if (item.kind === 'metric' || item.transcriptKey === undefined) continue
        if (joinableOf(item) === undefined) continue
        toldLater.set(item.transcriptKey, telemetryKeyOf(item))
      }
    },
    isOutdated: () => isOutdated,
    add: (arrivals) => {
      for (const { item } of arrivals) if (item.kind === 'transcript') addEntry(item)
    },
    complete: (arrival) => {
      const ordered = inOrder(arrival.item)
      const isKnown = byKey.size + inputs.size + amendments.size > 0
      const item = isKnown ? completed(ordered) : ordered
      return item === arrival.item ? arrival : { ...arrival, item }
    },
  }
}

function completedContent(content: Content, text: string | undefined): Content {
  if (content.text !== undefined || text === undefined) return content
  const { length = text.length } = content
  return { text, length }
}
