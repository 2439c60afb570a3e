/** A session that nobody had: prompts, calls, tools, cut into batches at random places. */
import { type Batch, batchOf } from './batch.ts'
import type { Random } from './random.ts'

type Attributes = Readonly<Record<string, string | number>>

/** What a call costs, in dollars. */
const CALL_USD = 0.25
const IN_A_BATCH = 6

/** The batches of one session, in their order. `name` tells it from the other sessions. */
export function generateSession(
  name: string,
  random: Random,
  nowMs: number,
  turns = random.between(1, 3),
): Batch[] {
  const records = recordsOf(name, random, nowMs, turns)
  const batches: Batch[] = []
  for (let from = 0; from < records.length; ) {
    const to = from + random.between(1, IN_A_BATCH)
    batches.push(batchOf('/v1/logs', bodyOf(records.slice(from, to))))
    from = to
  }
  return batches
}

function recordsOf(name: string, random: Random, nowMs: number, turns: number): object[] {
  const records: object[] = []
  const say = (event: string, attributes: Attributes) =>
    records.push(recordOf(name, event, records.length, nowMs, attributes))

  for (let turn = 1; turn <= turns; turn += 1) {
    const prompt = { 'prompt.id': `${name}-prompt-${turn}` }
    say('user_prompt', { ...prompt, prompt: `Do thing ${turn}`, prompt_length: 10 })
    for (let call = 1, calls = random.between(1, 4); call <= calls; call += 1) {
      const request = { ...prompt, request_id: `${name}-req-${turn}-${call}` }
      say('api_request', { ...request, ...callAttributes })
      if (call === calls) {
        say('assistant_response', { ...request, model: 'claude-opus-5-5', response: 'Done.' })
        continue
      }
      const tool = { ...request, tool_name: 'Read', tool_use_id: `${name}-tool-${turn}-${call}` }
      say('tool_decision', { ...tool, decision: 'accept', source: 'config' })
      say('tool_result', { ...tool, success: 'true', duration_ms: 12 })
    }
  }
  return records
}

const callAttributes: Attributes = {
  model: 'claude-opus-5-5',
  input_tokens: 10,
  output_tokens: 20,
  cache_read_tokens: 30,
  cache_creation_tokens: 40,
  cost_usd: CALL_USD,
  duration_ms: 15,
  query_source: 'sdk',
}

function recordOf(
  sessionId: string,
  event: string,
  sequence: number,
  nowMs: number,
  attributes: Attributes,
): object {
  const atMs = nowMs + sequence * 20
  const all = {
    'session.id': sessionId,
    'user.id': 'somebody',
    'event.name': event,
    'event.sequence': sequence,
    'event.timestamp': new Date(atMs).toISOString(),
    ...attributes,
  }
  return {
    timeUnixNano: `${atMs}000000`,
    body: { stringValue: `claude_code.${event}` },
    attributes: Object.entries(all).map(([key, value]) => ({ key, value: anyValue(value) })),
  }
}

function anyValue(value: string | number): object {
  if (typeof value === 'string') return { stringValue: value }
  return Number.isInteger(value) ? { intValue: value } : { doubleValue: value }
}

function bodyOf(logRecords: readonly object[]): string {
  const attributes = [
    { key: 'service.name', value: { stringValue: 'claude-code' } },
    { key: 'service.version', value: { stringValue: '2.1.329' } },
  ]
  const scope = { name: 'com.anthropic.claude_code.events', version: '2.1.329' }
  return JSON.stringify({
    resourceLogs: [{ resource: { attributes }, scopeLogs: [{ scope, logRecords }] }],
  })
}
