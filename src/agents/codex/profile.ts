/**
 * Codex CLI, recorded with 0.169 and 0.171: its logs, scope `codex_otel.log_only`. Numbers and
 * booleans are text, `timeUnixNano` is 0, the event's name stands in `event.name`. A thread is a
 * session; a prompt opens a turn, which logs do not name. Its spans repeat the usage, and count only
 * where no logs are sent.
 */
import type { AgentEvent, EventBase } from '../../domain/agent-event.ts'
import type { Attributes } from '../../domain/json-value.ts'
import type { SpanRecord } from '../../domain/telemetry-record.ts'
import { logEventName, noSpans, withoutPlace } from '../log-event.ts'
import { originIdentity } from '../origin-identity.ts'
import type { AgentProfile, SpanSource } from '../profile.ts'
import { numberOf, textOf } from '../read-attribute.ts'
import { codexEvents, codexQuantities } from './events.ts'

const LOG_SCOPE = 'codex_otel'
const SERVICE = /^codex[-_]/
const TURN = 'session_task.turn'
const USAGE = 'codex.turn.token_usage.'

/** The thread; that of the runtime in older spans is a small number. */
function threadOf(attributes: Attributes): string | undefined {
  const thread = textOf(attributes, 'thread.id')
  return textOf(attributes, 'conversation.id') ?? (thread?.includes('-') ? thread : undefined)
}

/** A turn's sum, of no use where logs tell of its calls. */
function readTurnSpan(base: EventBase, { attributes }: SpanRecord): AgentEvent {
  const of = (key: string): number => numberOf(attributes, USAGE + key) ?? 0
  const common = withoutPlace(base)
  const turnId = textOf(attributes, 'turn.id')
  const cacheRead = of('cached_input_tokens')
  const cacheCreation = of('cache_write_input_tokens')
  return {
    ...common,
    kind: 'fallback',
    unless: { anyCall: true },
    event: {
      ...common,
      ...(turnId !== undefined && { promptId: turnId }),
      kind: 'model_usage',
      model: textOf(attributes, 'model') ?? 'unknown',
      provider: 'openai',
      usage: {
        input: Math.max(0, of('input_tokens') - cacheRead - cacheCreation),
        output: of('output_tokens'),
        cacheRead,
        cacheCreation,
        reasoning: of('reasoning_output_tokens'),
      },
    },
  }
}

const turnSpans: SpanSource = {
  recognises: (span) =>
    span.name === TURN &&
    numberOf(span.attributes, `${USAGE}input_tokens`) !== undefined &&
    threadOf(span.attributes) !== undefined,
  agent: () => 'codex',
  placing: ({ attributes }) => ({
    role: 'other',
    sessionId: threadOf(attributes),
    sessionIsOwn: true,
    subagentsHaveIds: false,
    isSubagent: false,
    isSideCall: false,
  }),
  sessionId: ({ attributes }) => threadOf(attributes),
  read: readTurnSpan,
}

export const codex: AgentProfile = {
  agent: 'codex',
  title: 'Codex CLI',
  recognises: ({ scopeName, resource }) =>
    scopeName.startsWith(LOG_SCOPE) || SERVICE.test(textOf(resource, 'service.name') ?? ''),
  eventName: (record) =>
    textOf(record.attributes, 'event.name') === undefined
      ? undefined
      : logEventName(record, 'codex.'),
  sessionId: threadOf,
  substituteSessionId: () => undefined,
  identity: originIdentity,
  sequence: () => undefined,
  promptId: () => undefined,
  subagentId: () => undefined,
  quantities: codexQuantities,
  events: codexEvents,
  metrics: {},
  spans: noSpans,
  spanSource: turnSpans,
}
