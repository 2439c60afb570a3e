/**
 * The event of the conventions that tells a call: `gen_ai.client.inference.operation.details`. It
 * repeats a span, and counts where none of that response comes. One that names a span and no session is
 * not taken up: the span will come, and knows its session.
 */
import type { AgentEvent, EventBase } from '../../domain/agent-event.ts'
import type { Attributes } from '../../domain/json-value.ts'
import type { EventRow } from '../profile.ts'
import { present } from '../read-attribute.ts'
import { answerText, messagesOf, structured } from './messages.ts'
import { conversationOf, semconv, usageOf } from './semconv.ts'

function operationDetails(base: EventBase, a: Attributes): AgentEvent {
  const usage = usageOf(a)
  const requestId = semconv.responseId(a)
  // Without a session of its own it is in that of its trace, where its span need not be.
  if (usage === undefined || requestId === undefined || conversationOf(a) === undefined) {
    return { ...base, kind: 'other' }
  }
  const input = messagesOf(structured(a['gen_ai.input.messages']), 'user')
  const output = messagesOf(structured(a['gen_ai.output.messages']), 'assistant')
  const answer = answerText(output)
  return {
    ...base,
    kind: 'fallback',
    unless: { requestId },
    event: {
      ...base,
      kind: 'model_call',
      model: semconv.model(a) ?? 'unknown',
      isMain: true,
      parameters: {},
      requestId,
      usage,
      ...present({
        provider: semconv.provider(a),
        input,
        output,
        answer: answer === undefined ? undefined : { text: answer },
      }),
    },
  }
}

export const genaiEvents: Readonly<Record<string, EventRow>> = {
  'gen_ai.client.inference.operation.details': {
    shownAs: 'GENERATION `chat <model>`, where no span tells of that response',
    identifiedBy: [],
    read: operationDetails,
  },
}
