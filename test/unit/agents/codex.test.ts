import { expect, test } from 'vitest'
import { codexEvents } from '../../../src/agents/codex/events.ts'
import type { EventBase } from '../../../src/domain/agent-event.ts'

const base: EventBase = {
  agent: 'codex',
  sessionId: 's1',
  dedupKey: 'call|1',
  name: 'sse_event',
  timeMs: 0,
  identity: {},
}

test.each([
  [0, undefined],
  ['0', undefined],
  [412, 412],
])('the time to the first token of %j ms is %s: 0 is not measured', (sent, ttftMs) => {
  const event = codexEvents.sse_event?.read(base, {
    'event.kind': 'response.completed',
    model: 'gpt-5',
    input_token_count: 5,
    ttft_ms: sent,
  })
  expect(event).toMatchObject({ kind: 'model_call' })
  expect((event as { ttftMs?: number }).ttftMs).toBe(ttftMs)
})
