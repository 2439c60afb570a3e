/**
 * Tells text that was recorded from the notes in brackets that stand in its place. A note is known
 * by the records it was made from, never by its looks: an answer may begin with a bracket, too.
 */
import type { AgentEvent, Content as Recorded } from '../domain/agent-event.ts'
import type { Arrival } from '../domain/session-store.ts'
import type { JsonValue } from '../domain/json-value.ts'
import type { Content } from '../api/contract/quantities.ts'
import { shown } from '../sessions/content.ts'

export interface RecordedText {
  /** Notes which stand-ins the machine makes of these. */
  see(arrivals: readonly Arrival[]): void
  /** Of an observation's input or output; null where it has none. */
  contentOf(value: JsonValue | undefined): Content | null
}

/** A lone message that only says something is that text. */
function plainText(value: JsonValue | undefined): JsonValue | undefined {
  const list = Array.isArray(value) ? (value as readonly JsonValue[]) : [value]
  const [message] = list
  if (list.length !== 1 || !isFields(message) || typeof message.content !== 'string') return value
  const isSaid = message.role === 'user' || message.role === 'assistant'
  return isSaid && Object.keys(message).length === 2 ? message.content : value
}

function isFields(
  value: JsonValue | undefined,
): value is { readonly [key: string]: JsonValue | undefined } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Stand-ins that do not depend on a record; `session/` writes them. */
const FIXED = [
  '[no prompt received]',
  '[no answer recorded]',
  '[not recorded]',
  '[not shown: set HOOK_CONTENT=on]',
]

const MAX_STAND_INS = 10_000

export function createRecordedText(maxLength: number): RecordedText {
  const standIns = new Set(FIXED)

  function note(text: string): void {
    if (standIns.size < MAX_STAND_INS) standIns.add(text)
  }

  /** What hooks report is always a text. */
  function noteContent(content: Recorded | string | undefined): void {
    if (typeof content !== 'object' || content.text !== undefined) return
    note(shown(content, maxLength))
  }

  /** Whatever kind it is: what may hold content names it alike. */
  function noteEvent(event: AgentEvent): void {
    if (event.kind === 'fallback' || event.kind === 'transcript') {
      noteEvent(event.event)
      return
    }
    if ('prompt' in event) noteContent(event.prompt)
    if ('answer' in event) noteContent(event.answer)
    if ('response' in event) noteContent(event.response)
    if ('inputNote' in event) note(`[${event.inputNote}]`)
    if ('outputNote' in event) note(`[${event.outputNote}]`)
  }

  return {
    see: (arrivals) => {
      for (const { item } of arrivals) if (item.kind !== 'metric') noteEvent(item)
    },
    contentOf: (value) => {
      const plain = plainText(value)
      if (plain === undefined || plain === null) return null
      if (typeof plain !== 'string')
        return { text: JSON.stringify(plain, undefined, 2), note: null }
      return standIns.has(plain)
        ? { text: null, note: plain.slice(1, -1) }
        : { text: plain, note: null }
    },
  }
}
