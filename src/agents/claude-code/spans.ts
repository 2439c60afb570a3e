/** Claude Code's own spans (beta), as in the recordings whose names end in `-traces`. */
import type { SpanRole } from '../../domain/agent-event.ts'
import type { SpanRecord } from '../../domain/telemetry-record.ts'
import type { SpanFacts, SpanReader } from '../profile.ts'
import { present, textOf } from '../read-attribute.ts'

/** By their names with underscores for dots, as some pipelines write them. */
const roles: ReadonlyMap<string, SpanRole> = new Map([
  ['claude_code_interaction', 'turn'],
  ['claude_code_llm_request', 'model_call'],
  ['claude_code_tool', 'tool'],
  ['claude_code_tool_blocked_on_user', 'tool_wait'],
  ['claude_code_tool_execution', 'tool_execution'],
])

const ATTEMPT = 'gen_ai.request.attempt'
const OUTPUT = 'tool.output'

function facts(span: SpanRecord): SpanFacts {
  const attempts = span.moments
    .filter(({ name }) => name === ATTEMPT)
    .map(({ timeMs }) => timeMs ?? span.startMs)
  const output = span.moments.find(({ name }) => name === OUTPUT)
  return present({
    requestId: textOf(span.attributes, 'request_id'),
    toolUseId: textOf(span.attributes, 'tool_use_id'),
    stopReason: textOf(span.attributes, 'stop_reason'),
    output: output && textOf(output.attributes, 'output'),
    attemptsMs: attempts.length > 0 ? attempts : undefined,
  })
}

export const claudeCodeSpans: SpanReader = {
  roleOf: (name) => roles.get(name.replaceAll('.', '_')) ?? 'other',
  facts,
}
