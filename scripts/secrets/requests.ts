/** Requests that carry texts in every channel that agents have, over every transport. */
import { createGrpcClient, servicePaths } from '../../test/integration/grpc/grpc-client.ts'
import { encoded } from '../../test/unit/otlp/encode.ts'

/** Where a bridge listens. */
export interface BridgeAddress {
  /** Of HTTP. */
  readonly url: string
  /** `host:port`. */
  readonly grpc: string
}

export const transports = ['json', 'protobuf', 'grpc', 'hooks'] as const
export type Transport = (typeof transports)[number]

const SCOPE = { name: 'com.anthropic.claude_code.events', version: '2.1.329' }
const TEXTS_PER_REQUEST = 20

interface KeyValue {
  readonly key: string
  readonly value: { readonly stringValue: string }
}

/** One of so many texts stands at the end of a long body, too. */
const LONG_BODY_EACH = 8
const filler = 'All work and no play makes a dull body. '.repeat(2000)

const attribute = (key: string, text: string): KeyValue => ({ key, value: { stringValue: text } })

/** Posts the texts to one session over one transport; each text in every channel that it has. */
export async function sendTexts(
  bridge: BridgeAddress,
  transport: Transport,
  texts: readonly string[],
): Promise<void> {
  for (let from = 0; from < texts.length; from += TEXTS_PER_REQUEST) {
    const part = texts.slice(from, from + TEXTS_PER_REQUEST)
    if (transport === 'hooks') {
      for (const [n, text] of part.entries()) await postHooks(bridge, from + n, text)
      continue
    }
    await send(bridge, transport, 'Logs', logsOf(transport, from, part))
    await send(bridge, transport, 'Traces', tracesOf(transport, from, part))
    await send(bridge, transport, 'Metrics', metricsOf(transport, from, part))
  }
}

/** Makes the bridge refuse each text, and quote it. */
export async function sendRefused(bridge: BridgeAddress, texts: readonly string[]): Promise<void> {
  for (const text of texts) {
    const logRecords = [{ timeUnixNano: text }, { eventName: { text } }, { attributes: text }]
    const scope = { name: text }
    const body = { resourceLogs: [{ scopeLogs: [{ logRecords }, { scope, logRecords: [{}] }] }] }
    await post(`${bridge.url}/v1/logs`, 'application/json', JSON.stringify(body))
    await post(`${bridge.url}/hooks/claude-code`, 'application/json', JSON.stringify({ text }))
    await post(`${bridge.url}/v1/logs`, text.replace(/[^ -~]/g, ' ').trim(), '{}')
  }
}

function logsOf(transport: Transport, first: number, texts: readonly string[]): object {
  return {
    resourceLogs: texts.map((text, n) => ({
      resource: { attributes: [attribute('team', text), attribute('service.name', 'claude-code')] },
      scopeLogs: [{ scope: SCOPE, logRecords: recordsOf(transport, first + n, text) }],
    })),
  }
}

function recordsOf(transport: Transport, n: number, text: string): object[] {
  const prompt = `${transport}-prompt-${n}`
  const tool = { tool_name: 'Bash', tool_use_id: `${transport}-tool-${n}` }
  const messages = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: text }] })
  const answer = JSON.stringify({ role: 'assistant', content: [{ type: 'text', text }] })
  const parameters = JSON.stringify({ bash_command: text, nested: JSON.stringify({ text }) })
  const events: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ['user_prompt', { prompt: text }],
    [
      'tool_decision',
      { ...tool, decision: 'accept', source: 'config', tool_parameters: parameters },
    ],
    [
      'tool_result',
      {
        ...tool,
        success: 'false',
        tool_parameters: parameters,
        tool_input: parameters,
        error: text,
      },
    ],
    ['api_request_body', { request_body_id: `${transport}-body-${n}`, body: messages }],
    // So long that it is masked on another thread.
    ...(n % LONG_BODY_EACH === 0
      ? [['api_request_body', { body: JSON.stringify({ filler, content: text }) }] as const]
      : []),
    [
      'api_response_body',
      { request_body_id: `${transport}-body-${n}`, request_id: `${transport}-${n}`, body: answer },
    ],
    [
      'api_request',
      {
        request_id: `${transport}-${n}`,
        model: 'm',
        cost_usd: '0.01',
        input_tokens: '5',
        output_tokens: '6',
        duration_ms: '9',
      },
    ],
    ['assistant_response', { request_id: `${transport}-${n}`, model: 'm', response: text }],
    ['api_error', { model: 'm', error: text }],
    ['skill_activated', { 'skill.name': text, [`note ${text}`]: 'a key', detail: text }],
  ]
  return events.map(([name, own], index) => ({
    timeUnixNano: nanosOf(n, index),
    body: { stringValue: `claude_code.${name}` },
    attributes: Object.entries({
      'session.id': `secrets-${transport}`,
      'event.name': name,
      'event.sequence': `${n * events.length + index}`,
      'prompt.id': prompt,
      ...own,
    }).map(([key, value]) => attribute(key, value)),
  }))
}

const startedMs = Date.now()

function nanosOf(n: number, index: number): string {
  return `${BigInt(startedMs + n * 100 + index) * 1_000_000n}`
}

function tracesOf(transport: Transport, first: number, texts: readonly string[]): object {
  const spans = texts.map((text, index) => {
    const n = first + index
    return {
      traceId: (n + 1).toString(16).padStart(32, '0'),
      spanId: (n + 1).toString(16).padStart(16, '0'),
      name: 'claude_code.tool',
      startTimeUnixNano: nanosOf(n, 1),
      endTimeUnixNano: nanosOf(n, 2),
      attributes: [
        attribute('session.id', `secrets-${transport}`),
        attribute('tool_use_id', `${transport}-tool-${n}`),
        attribute('file_path', text),
      ],
      events: [
        {
          timeUnixNano: nanosOf(n, 2),
          name: 'tool.output',
          attributes: [attribute('output', text)],
        },
      ],
      status: { code: 2, message: text },
    }
  })
  return { resourceSpans: [{ scopeSpans: [{ scope: SCOPE, spans }] }] }
}

function metricsOf(transport: Transport, first: number, texts: readonly string[]): object {
  const dataPoints = texts.map((text, n) => ({
    startTimeUnixNano: nanosOf(first + n, 0),
    timeUnixNano: nanosOf(first + n, 3),
    asDouble: 1,
    attributes: [attribute('session.id', `secrets-${transport}`), attribute('language', text)],
  }))
  const sum = { aggregationTemporality: 1, isMonotonic: true, dataPoints }
  const metrics = [{ name: 'claude_code.code_edit_tool.decision', unit: '1', sum }]
  return { resourceMetrics: [{ scopeMetrics: [{ scope: SCOPE, metrics }] }] }
}

async function postHooks(bridge: BridgeAddress, n: number, text: string): Promise<void> {
  const base = { session_id: 'secrets-hooks', prompt_id: `hook-prompt-${n}`, cwd: '/nowhere' }
  const tool = { tool_name: 'Bash', tool_use_id: `hook-tool-${n}`, tool_input: { command: text } }
  const hooks: readonly object[] = [
    { hook_event_name: 'UserPromptSubmit', prompt: text },
    { hook_event_name: 'PreToolUse', ...tool },
    {
      hook_event_name: 'PostToolUse',
      ...tool,
      tool_response: { stdout: text, [`note ${text}`]: 1 },
    },
    { hook_event_name: 'Stop', last_assistant_message: text },
  ]
  for (const hook of hooks) {
    const body = JSON.stringify({ ...base, ...hook })
    const status = await post(`${bridge.url}/hooks/claude-code`, 'application/json', body)
    if (status !== 200) throw new Error(`a hook was answered ${status}`)
  }
}

const paths = { Logs: '/v1/logs', Traces: '/v1/traces', Metrics: '/v1/metrics' } as const
const services = {
  Logs: servicePaths.logs,
  Traces: servicePaths.traces,
  Metrics: servicePaths.metrics,
} as const

async function send(
  bridge: BridgeAddress,
  transport: 'json' | 'protobuf' | 'grpc',
  message: keyof typeof paths,
  body: object,
): Promise<void> {
  if (transport === 'grpc') {
    const client = createGrpcClient(bridge.grpc)
    const { code, details } = await client.send(services[message], encoded(message, body))
    client.close()
    if (code !== 0) throw new Error(`a call was answered ${code}: ${details}`)
    return
  }
  const isJson = transport === 'json'
  const status = await post(
    `${bridge.url}${paths[message]}`,
    isJson ? 'application/json' : 'application/x-protobuf',
    isJson ? JSON.stringify(body) : encoded(message, body),
  )
  if (status !== 200) throw new Error(`${message} were answered ${status}`)
}

async function post(url: string, contentType: string, body: string | Buffer): Promise<number> {
  const headers = { 'content-type': contentType }
  const response = await fetch(url, {
    method: 'POST',
    headers,
    body: new Uint8Array(Buffer.from(body)),
  })
  await response.arrayBuffer()
  return response.status
}
