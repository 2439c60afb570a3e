/**
 * Gemini CLI, recorded with 0.61: logs `gemini_cli.*`, which tell everything. Its spans (only with
 * `telemetry.traces`) tell the calls and tools again, and count where no logs are sent.
 */
import type { AgentEvent } from '../../domain/agent-event.ts'
import { gemini, promptIdOf } from '../genai/gemini.ts'
import { genaiQuantities, spanSourceOf } from '../genai/profile.ts'
import { logEventName, noSpans } from '../log-event.ts'
import { originIdentity } from '../origin-identity.ts'
import type { AgentProfile, SpanSource } from '../profile.ts'
import { textOf } from '../read-attribute.ts'
import { geminiEvents, geminiQuantities } from './events.ts'

const SCOPE = 'gemini-cli'

const spans = spanSourceOf((span) => (gemini.writes(span) ? gemini : undefined))

/** Counts where no logs tell of calls. */
function asFallback(event: AgentEvent): AgentEvent {
  if (event.kind === 'other' || event.kind === 'fallback' || event.kind === 'transcript') {
    return event
  }
  const { agent, sessionId, dedupKey, name, timeMs, identity } = event
  return {
    ...{ agent, sessionId, dedupKey, name, timeMs, identity },
    kind: 'fallback',
    event,
    unless: { anyCall: true },
  }
}

const spanSource: SpanSource = {
  ...spans,
  read: (base, span) => asFallback(spans.read(base, span)),
}

export const geminiCli: AgentProfile = {
  agent: 'gemini-cli',
  title: 'Gemini CLI',
  recognises: ({ scopeName }) => scopeName === SCOPE,
  eventName: (record) => logEventName(record, 'gemini_cli.'),
  sessionId: (attributes) => textOf(attributes, 'session.id'),
  substituteSessionId: () => undefined,
  identity: originIdentity,
  sequence: () => undefined,
  promptId: (attributes, origin) => promptIdOf(textOf(attributes, 'prompt_id'), origin),
  subagentId: () => undefined,
  quantities: { ...genaiQuantities, ...geminiQuantities },
  events: geminiEvents,
  metrics: {},
  spans: noSpans,
  spanSource,
}
