/**
 * What transcripts of a session say that its telemetry leaves out: the text of prompts and answers, and
 * what tools were given and returned. It completes what is looked at here, and nothing that is exported.
 *
 * What both tell is looked at as telemetry tells it, with its times and its cost, also where the transcript
 * came first.
 */
import type { AgentEvent, Content, TranscriptEvent } from '../domain/agent-event.ts'
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

  function addEntry(entry: TranscriptEvent): void {
    const { event } = entry
    const copyOf = telemetryOf(entry)
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
        const text = byKey.get(telemetryKeyOf(item))
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

  /** As it would be had telemetry come first. */
  function inOrder(item: AgentEvent | MetricSample): AgentEvent | MetricSample {
    if (item.kind === 'metric') return item
    if (item.kind === 'transcript') {
      const copyOf = telemetryOf(item)
      return copyOf === item.copyOf || copyOf === undefined ? item : { ...item, copyOf }
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
      const item = byKey.size + inputs.size === 0 ? ordered : completed(ordered)
      return item === arrival.item ? arrival : { ...arrival, item }
    },
  }
}

function completedContent(content: Content, text: string | undefined): Content {
  if (content.text !== undefined || text === undefined) return content
  const { length = text.length } = content
  return { text, length }
}
