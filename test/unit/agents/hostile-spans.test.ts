/** Whatever a stranger writes under the names that agents use, nothing throws and no figure is impossible. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Attributes, AttributeValue } from '../../../src/domain/json-value.ts'
import type { LogRecord, SpanRecord } from '../../../src/domain/telemetry-record.ts'
import { processRecords } from '../../../src/processors/stored-processor.ts'
import { reduce } from '../../../src/sessions/reduce.ts'
import { newSession } from '../../../src/sessions/state.ts'
import { policy } from '../sessions/events.ts'

const NOW = 1_795_000_000_000

const names = [
  ...['gen_ai.operation.name', 'gen_ai.conversation.id', 'session.id', 'gen_ai.request.model'],
  ...['gen_ai.usage.input_tokens', 'gen_ai.usage.output_tokens', 'gen_ai.usage.cost', '__proto__'],
  ...['gen_ai.usage.cache_read.input_tokens', 'gen_ai.input.messages', 'gen_ai.output.messages'],
  ...['gen_ai.prompt.0.role', 'gen_ai.prompt.__proto__.x', 'llm.input_messages.0.message.role'],
  ...['openinference.span.kind', 'llm.token_count.prompt', 'traceloop.span.kind', 'ai.operationId'],
  ...['ai.response.providerMetadata', 'ai.prompt.messages', 'ai.response.toolCalls', 'usage'],
  ...['event.name', 'conversation.id', 'event.kind', 'input_token_count', 'output', 'prompt_id'],
  ...['response_text', 'ulid', 'tokensIn', 'totalCost', 'source', 'cost_usd', 'duration_ms'],
]
const words = fc.constantFrom(
  ...[
    'chat',
    'invoke_agent',
    'execute_tool',
    'LLM',
    'AGENT',
    'ai.streamText.doStream',
    'NaN',
    '-1',
  ],
  ...[
    'codex.sse_event',
    'response.completed',
    'gemini_cli.api_response',
    'task.tokens',
    '[[[',
    '{}',
  ],
  ...[
    '[{"role":"user","parts":null}]',
    '[null,1,"x"]',
    '{"anthropic":{"usage":{"input_tokens":-5}}}',
  ],
)
const value: fc.Arbitrary<AttributeValue> = fc.oneof(
  words,
  fc.string(),
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.array(words, { maxLength: 3 }),
)
const attributes: fc.Arbitrary<Attributes> = fc.dictionary(fc.constantFrom(...names), value, {
  maxKeys: 12,
})
const origin = fc.record({
  resource: fc.constant({}),
  scopeName: fc.constantFrom(
    'x',
    'ai',
    'goose',
    'codex_otel.log_only',
    'gemini-cli',
    'com.opencode',
    'cline',
  ),
  scopeVersion: fc.constant(''),
})
const ids = fc.constantFrom('a', 'b', 'c')
const span: fc.Arbitrary<SpanRecord> = fc.record({
  origin,
  traceId: ids,
  spanId: ids,
  parentSpanId: ids,
  name: fc.constantFrom(
    'chat',
    'SessionPrompt.prompt',
    'openclaw.model.usage',
    'session_task.turn',
  ),
  startMs: fc.double({ min: NOW - 10_000, max: NOW, noNaN: true }),
  endMs: fc.double({ min: NOW - 10_000, max: NOW, noNaN: true }),
  attributes,
  moments: fc.constant([]),
  statusCode: fc.constantFrom(0, 1, 2),
  statusMessage: fc.string(),
})
const log: fc.Arbitrary<LogRecord> = fc.record({
  origin,
  timeMs: fc.constantFrom(undefined, NOW - 5),
  observedMs: fc.constant(NOW),
  eventName: fc.constantFrom('', 'gen_ai.client.inference.operation.details'),
  body: fc.constantFrom(null, 'task.tokens', 'codex.sse_event'),
  attributes,
})

test('spans and logs of anybody', () => {
  fc.assert(
    fc.property(
      fc.array(span, { maxLength: 8 }),
      fc.array(log, { maxLength: 8 }),
      (spans, logs) => {
        const { accepted } = processRecords({ signal: 'trace', records: spans }, NOW)
        const others = processRecords({ signal: 'log', records: logs }, NOW).accepted
        for (const [key, arrivals] of Map.groupBy(
          [...accepted, ...others],
          ({ sessionKey }) => sessionKey,
        )) {
          const [first] = arrivals
          if (first === undefined) continue
          const inputs = arrivals.map(({ item }) => ({ kind: 'record', item, atMs: NOW }) as const)
          const closing = { kind: 'close', reason: 'idle', atMs: NOW + 1e6 } as const
          const { state } = reduce(newSession(key, first.item, NOW), [...inputs, closing], policy)
          const { usage, costUsd, modelCalls } = state.totals
          for (const figure of [...Object.values(usage), costUsd, modelCalls]) {
            expect(figure).toBeGreaterThanOrEqual(0)
            expect(Number.isFinite(figure)).toBe(true)
          }
        }
      },
    ),
    { numRuns: 400 },
  )
})
