/**
 * Spans of Gemini CLI (with `telemetry.traces`): GenAI names, operations `llm_call`, `tool_call`,
 * `agent_call` and `user_prompt`. `gen_ai.prompt.name` is the prompt's id. A router asks a small model
 * how hard the task is before the agent is asked.
 */
import type { Origin, SpanRecord } from '../../domain/telemetry-record.ts'
import { textOf } from '../read-attribute.ts'
import type { Dialect } from './dialect.ts'
import { operationOf, semconv } from './semconv.ts'

/**
 * Every process counts its prompts from 0, and without a screen each prompt has the session's id: only
 * the process tells the prompts of a resumed session apart.
 */
export function promptIdOf(id: string | undefined, { resource }: Origin): string | undefined {
  const process = textOf(resource, 'process.pid')
  return id === undefined || process === undefined ? id : `${id}/${process}`
}

const ROUTER = 'You are a specialized Task Routing AI'

function sideCallOf({ attributes }: SpanRecord): string | undefined {
  const role = textOf(attributes, 'gen_ai.prompt.role')
  if (role !== undefined && role !== 'main' && role !== 'subagent') return role
  const system = textOf(attributes, 'gen_ai.system_instructions') ?? ''
  return system.slice(0, 100).includes(ROUTER) ? 'task router' : undefined
}

export const gemini: Dialect = {
  ...semconv,
  name: 'Gemini CLI spans',
  writes: (span) =>
    span.origin.scopeName === 'gemini-cli' && operationOf(span.attributes) !== undefined,
  agent: () => 'gemini-cli',
  provider: (attributes) => semconv.provider(attributes) ?? 'google',
  turnId: ({ attributes, origin }) => promptIdOf(textOf(attributes, 'gen_ai.prompt.name'), origin),
  sideCall: sideCallOf,
}
