/**
 * What transcripts of a session say that its telemetry leaves out: the text of prompts and answers, and
 * what tools were given and returned. It completes what is looked at here, and nothing that is exported.
 */
import type { AgentEvent, Content, TranscriptEvent } from '../domain/agent-event.ts'
import type { MetricSample } from '../domain/metric-sample.ts'
import type { Arrival } from '../domain/session-store.ts'
import { telemetryKeyOf } from '../domain/transcript-join.ts'

export interface TranscriptContents {
  /** Notes what entries of transcripts say of what telemetry told before. */
  add(arrivals: readonly Arrival[]): void
  /** The arrival with what is known of it; the same object where there is nothing to add. */
  complete(arrival: Arrival): Arrival
}

/** Characters of all texts of a session; beyond it the rest stays without. */
const MAX_CHARACTERS = 30_000_000

export function createTranscriptContents(): TranscriptContents {
  /** By the key of the telemetry that told of the same. */
  const byKey = new Map<string, string>()
  /** By request id, and by the id of the tool. */
  const answers = new Map<string, string>()
  const inputs = new Map<string, string>()
  let characters = 0

  function note(into: Map<string, string>, key: string | undefined, text: unknown): void {
    if (key === undefined || typeof text !== 'string') return
    if (characters + text.length > MAX_CHARACTERS || into.has(key)) return
    characters += text.length
    into.set(key, text)
  }

  function addEntry({ event, copyOf }: TranscriptEvent): void {
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

  return {
    add: (arrivals) => {
      for (const { item } of arrivals) if (item.kind === 'transcript') addEntry(item)
    },
    complete: (arrival) => {
      if (byKey.size + inputs.size === 0) return arrival
      const item = completed(arrival.item)
      return item === arrival.item ? arrival : { ...arrival, item }
    },
  }
}

function completedContent(content: Content, text: string | undefined): Content {
  if (content.text !== undefined || text === undefined) return content
  const { length = text.length } = content
  return { text, length }
}
