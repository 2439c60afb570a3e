/**
 * Qwen Code, recorded with 0.24.4. Spans `qwen-code.*` carry GenAI names; logs and metrics repeat
 * what they tell. Reasoning stands in `thoughts_token_count`, within the output.
 *
 * A memory extractor and, on a terminal, a suggestion call the model unasked: root spans in traces
 * of their own. Spans of hooks are failed when nothing is wrong; they have no operation.
 */
import type { SpanRecord } from '../../domain/telemetry-record.ts'
import { firstNumber, firstText, type Dialect, disjointUsage } from './dialect.ts'
import { numberOf, textOf } from '../read-attribute.ts'
import { failureOf, operationOf, roleOf, semconv, tokensOf } from './semconv.ts'

const SCOPE = 'qwen-code'
const SIDE_PROMPT = /#(?:managed-[a-z-]+|forked_query)|^forked_query/

function sideCallOf({ attributes }: SpanRecord): string | undefined {
  const context = textOf(attributes, 'llm_request.context')
  const promptId = textOf(attributes, 'qwen-code.prompt_id') ?? ''
  const named = SIDE_PROMPT.exec(promptId)?.[0].replace('#', '')
  if (named !== undefined) return named
  return context === 'standalone' ? context : undefined
}

export const qwen: Dialect = {
  ...semconv,
  name: 'Qwen Code',
  writes: ({ origin, name }) => origin.scopeName === SCOPE && name.startsWith('qwen-code.'),
  agent: () => 'qwen-code',
  role: (span) => (operationOf(span.attributes) === undefined ? 'other' : roleOf(span)),
  isSubagent: (attributes) => textOf(attributes, 'llm_request.context') === 'subagent',
  sideCall: sideCallOf,
  agentName: (attributes) => firstText(attributes, 'gen_ai.agent.name', 'subagent_name'),
  ttftMs: ({ attributes }) => numberOf(attributes, 'ttft_ms'),
  usage: (attributes) =>
    disjointUsage(
      { ...tokensOf(attributes), reasoning: firstNumber(attributes, 'thoughts_token_count') },
      true,
    ),
  failure: failureOf,
  contentNote:
    'not recorded: set telemetry.includeSensitiveSpanAttributes in ~/.qwen/settings.json',
}
