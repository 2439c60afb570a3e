/** Sessions of Claude Code as OTLP/JSON, made up: whatever a test wants them to be called. */

type Value = string | number | boolean
export type Values = Readonly<Record<string, Value>>

export interface MadeEvent {
  /** As in `claude_code.<name>`. */
  readonly name: string
  readonly values: Values
}

export interface MadeSession {
  readonly id: string
  readonly userId?: string
  readonly atMs?: number
  /** Beside the service. */
  readonly resource?: Values
  readonly events: readonly MadeEvent[]
}

/** A prompt, and a call for it. */
export function turn(
  prompt: string,
  costUsd: number,
  model = 'claude-opus-5-5',
  madeFor: Values = {},
): MadeEvent[] {
  const tokens = { input_tokens: 10, output_tokens: 20, cache_read_tokens: 30 }
  return [
    { name: 'user_prompt', values: { 'prompt.id': 'p1', prompt } },
    {
      name: 'api_request',
      values: {
        'prompt.id': 'p1',
        model,
        cost_usd: costUsd,
        duration_ms: 5,
        ...tokens,
        ...madeFor,
      },
    },
  ]
}

export function toolResult(tool: string, values: Values = {}): MadeEvent {
  const result = { 'prompt.id': 'p1', tool_name: tool, success: 'true', duration_ms: 5 }
  return { name: 'tool_result', values: { ...result, ...values } }
}

/** Posts them in one request, all of which has to be taken. */
export async function post(
  bridgeUrl: string,
  sessions: readonly MadeSession[],
  key?: string,
): Promise<void> {
  const response = await fetch(`${bridgeUrl}/v1/logs`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify({ resourceLogs: sessions.map(resourceLogsOf) }),
  })
  const text = await response.text()
  if (response.status !== 200 || text.includes('rejected')) {
    throw new Error(`HTTP ${response.status}: ${text}`)
  }
}

/** One session as a resource of an OTLP request for logs. */
export function resourceLogsOf({
  id,
  userId,
  atMs = Date.now(),
  resource,
  events,
}: MadeSession): object {
  const logRecords = events.map(({ name, values }, sequence) => ({
    timeUnixNano: `${atMs + sequence}000000`,
    body: { stringValue: `claude_code.${name}` },
    attributes: attributesOf({
      'session.id': id,
      ...(userId !== undefined && { 'user.id': userId }),
      'event.name': name,
      'event.sequence': sequence,
      ...values,
    }),
  }))
  const service = { 'service.name': 'claude-code', 'service.version': '2.1.329' }
  return {
    resource: { attributes: attributesOf({ ...service, ...resource }) },
    scopeLogs: [{ scope: { name: 'com.anthropic.claude_code.events' }, logRecords }],
  }
}

function attributesOf(values: Values): object[] {
  return Object.entries(values).map(([key, value]) => ({
    key,
    value:
      typeof value === 'string'
        ? { stringValue: value }
        : typeof value === 'number'
          ? { doubleValue: value }
          : { boolValue: value },
  }))
}
