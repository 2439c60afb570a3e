/** Sessions that spend: OTLP requests of one prompt and one call each. */

/** When all of it happened, unless told otherwise. */
const NOW_MS = Date.now()

export interface Purchase {
  readonly sessionId: string
  /** Counts the session's turns; equal ones are one request sent again. */
  readonly turn: number
  /** Absent where the agent does not tell it. */
  readonly costUsd?: number
  readonly outputTokens?: number
  readonly userId?: string
  readonly team?: string
  readonly atMs?: number
}

/** Posts the telemetry of a turn that cost something and resolves to the status. */
export async function spend(bridgeUrl: string, purchase: Purchase, key?: string): Promise<number> {
  const response = await fetch(`${bridgeUrl}/v1/logs`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify(bodyOf(purchase)),
  })
  await response.arrayBuffer()
  return response.status
}

type Values = Readonly<Record<string, string | number>>

function bodyOf(purchase: Purchase): object {
  const { sessionId, turn, costUsd, outputTokens, team } = purchase
  const prompt = `${sessionId}-prompt-${turn}`
  const request = `${sessionId}-request-${turn}`
  const resource = {
    'service.name': 'claude-code',
    'service.version': '2.1.329',
    ...(team !== undefined && { team }),
  }
  const scope = { name: 'com.anthropic.claude_code.events', version: '2.1.329' }
  const call = {
    request_id: request,
    model: 'claude-opus-5-5',
    duration_ms: 5,
    ...(costUsd !== undefined && { cost_usd: costUsd }),
    ...(outputTokens !== undefined && { input_tokens: 1, output_tokens: outputTokens }),
  }
  const logRecords = [
    recordOf(purchase, 2 * turn, 'user_prompt', { 'prompt.id': prompt, prompt: 'Go on' }),
    recordOf(purchase, 2 * turn + 1, 'api_request', { 'prompt.id': prompt, ...call }),
  ]
  const resourceLogs = [
    { resource: { attributes: attributesOf(resource) }, scopeLogs: [{ scope, logRecords }] },
  ]
  return { resourceLogs }
}

function recordOf(purchase: Purchase, sequence: number, event: string, values: Values): object {
  const { sessionId, userId = 'somebody', atMs = NOW_MS } = purchase
  const attributes = {
    'session.id': sessionId,
    'user.id': userId,
    'event.name': event,
    'event.sequence': sequence,
    ...values,
  }
  return {
    timeUnixNano: `${atMs + sequence}000000`,
    body: { stringValue: `claude_code.${event}` },
    attributes: attributesOf(attributes),
  }
}

function attributesOf(values: Values): object[] {
  return Object.entries(values).map(([key, value]) => ({
    key,
    value: typeof value === 'string' ? { stringValue: value } : { doubleValue: value },
  }))
}
