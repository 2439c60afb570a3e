/** Requests that are small on the wire or few in number, and large or many in what they hold. */
import { connect as connectHttp2 } from 'node:http2'
import { gzipSync } from 'node:zlib'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { servicePaths } from '../../test/integration/grpc/grpc-client.ts'
import type { Abuse } from './abuse.ts'
import { expectStatus, get, halfSent, post } from './http.ts'
import { logsBody, metricsBody, record } from './records.ts'

const MIB = 1024 * 1024
/** What one answer of the API may be at most. */
const MAX_ANSWER_BYTES = 8 * MIB

const manyRecords: Abuse = {
  name: 'a request of 100,000 records',
  run: async (target) => {
    const records = Array.from({ length: 100_000 }, (_, n) =>
      record('many', 'tool_result', n, { tool_name: 'Read', success: 'true', duration_ms: 5 }),
    )
    const answer = await post(target, '/v1/logs', gzipSync(logsBody(records)), {
      'content-encoding': 'gzip',
    })
    return expectStatus('100,000 records', answer, 200, 413, 503)
  },
}

const manyNames: Abuse = {
  name: 'a request of 40,000 distinct names of models, tools, agents, sessions',
  run: async (target) => {
    const kinds = {
      models: (n: number) =>
        record('models', 'api_request', n, {
          model: `model-${n}`,
          request_id: `r${n}`,
          cost_usd: 0.001,
        }),
      tools: (n: number) =>
        record('tools', 'tool_result', n, {
          tool_name: `tool-${n}`,
          tool_use_id: `t${n}`,
          success: 'true',
        }),
      events: (n: number) => record('events', `event-${n}`, n, {}),
      subagents: (n: number) =>
        record('subagents', 'api_request', n, {
          agent_id: `agent-${n}`,
          model: 'm',
          request_id: `s${n}`,
        }),
      prompts: (n: number) => record('prompts', 'user_prompt', n, { 'prompt.id': `p-${n}` }),
      sessions: (n: number) => record(`session-${n}`, 'user_prompt', n, { 'prompt.id': 'p' }),
      hours: (n: number) =>
        record(
          'hours',
          'api_request',
          n,
          { model: 'm', request_id: `h${n}` },
          Date.now() - n * 900_000,
        ),
    }
    const problems: string[] = []
    for (const [kind, make] of Object.entries(kinds)) {
      const records = Array.from({ length: 40_000 }, (_, n) => make(n))
      const answer = await post(target, '/v1/logs', gzipSync(logsBody(records)), {
        'content-encoding': 'gzip',
      })
      problems.push(...expectStatus(`40,000 ${kind}`, answer, 200, 413, 503))
    }
    const overview = await get(target, '/api/overview')
    return [...problems, ...expectStatus('the overview', overview, 200)]
  },
}

const emptyThings: Abuse = {
  name: 'requests of the smallest possible records, objects and lists, and gzip bombs',
  run: async (target) => {
    const size = 10 * MIB
    const smallest = {
      records: `{"resourceLogs":[{"scopeLogs":[{"logRecords":[${'{},'.repeat(size / 3)}{}]}]}]}`,
      resources: `{"resourceLogs":[${'{},'.repeat(size / 3)}{}]}`,
      lists: `[${'[],'.repeat(size / 3)}[]]`,
      bomb: 'x'.repeat(200 * MIB),
    }
    const problems: string[] = []
    for (const [kind, body] of Object.entries(smallest)) {
      const answer = await post(target, '/v1/logs', gzipSync(body), { 'content-encoding': 'gzip' })
      problems.push(...expectStatus(kind, answer, 200, 400, 413, 503))
    }
    return problems
  },
}

const together: Abuse = {
  name: '40 requests of 8 MB at once',
  run: async (target) => {
    const prompt = 'y'.repeat(8000)
    const bodies = Array.from({ length: 40 }, (_, session) =>
      logsBody(
        Array.from({ length: 1000 }, (_unused, n) =>
          record(`large-${session}`, 'user_prompt', n, { prompt, 'prompt.id': `p${n}` }),
        ),
      ),
    )
    const answers = await Promise.all(bodies.map((body) => post(target, '/v1/logs', body)))
    return answers.flatMap((answer) => expectStatus('8 MB', answer, 200, 413, 503))
  },
}

const unansweredResponses: Abuse = {
  name: '5,000 responses, bodies and decisions without their calls, and names of 1 MB',
  run: async (target) => {
    const problems: string[] = []
    const text = 'z'.repeat(2000)
    const send = async (what: string, records: ReturnType<typeof record>[]): Promise<void> => {
      const answer = await post(target, '/v1/logs', logsBody(records))
      problems.push(...expectStatus(what, answer, 200, 413, 503))
    }
    const turn = { 'prompt.id': 'p1' }
    for (let part = 0; part < 50; part += 1) {
      const numbers = Array.from({ length: 100 }, (_, n) => part * 100 + n)
      await send(
        'responses',
        numbers.map((n) =>
          record('unanswered', 'assistant_response', n, {
            ...turn,
            request_id: `a${n}`,
            response: text,
          }),
        ),
      )
      await send(
        'bodies',
        numbers.map((n) =>
          record('unanswered', 'api_response_body', n, {
            ...turn,
            request_id: `b${n}`,
            body: text,
          }),
        ),
      )
      await send(
        'decisions',
        numbers.map((n) =>
          record('unanswered', 'tool_decision', n, {
            ...turn,
            tool_use_id: `d${n}`,
            tool_name: 'T',
            decision: 'accept',
            tool_parameters: text,
          }),
        ),
      )
    }
    const name = 'n'.repeat(MIB)
    for (let n = 0; n < 20; n += 1) {
      await send('long names', [
        record('named', 'api_request', n, {
          ...turn,
          model: `${n}${name}`,
          request_id: `${n}${name}`,
        }),
        record('named', 'tool_result', n, { ...turn, tool_name: `${n}${name}`, success: 'true' }),
        record('named', `${n}${name}`, n, turn),
      ])
    }
    for (const path of [
      '/api/sessions/claude-code%2Funanswered',
      '/api/sessions/claude-code%2Fnamed',
      '/api/sessions/claude-code%2Fnamed/events?limit=500',
      '/api/live/recent?limit=1000',
      '/api/overview',
      '/api/facets',
    ]) {
      const answer = await get(target, path)
      problems.push(...expectStatus(path, answer, 200))
      if (answer.bytes > MAX_ANSWER_BYTES) problems.push(`${path} answered ${answer.bytes} bytes`)
    }
    return problems
  },
}

const LIMIT = 30 * MIB

const fullStore: Abuse = {
  name: 'ten times as much as MAX_STORE_SIZE',
  settings: () => ({ MAX_STORE_SIZE: `${LIMIT}`, SESSION_TIMEOUT: '1000' }),
  run: async (target) => {
    const problems: string[] = []
    const prompt = 'w'.repeat(10_000)
    for (let session = 0; session < 300; session += 1) {
      const records = Array.from({ length: 100 }, (_, n) =>
        record(`stored-${session}`, 'user_prompt', n, {
          prompt: `${n}${prompt}`,
          'prompt.id': `p${n}`,
        }),
      )
      const answer = await post(target, '/v1/logs', logsBody(records))
      problems.push(...expectStatus('records', answer, 200, 503))
    }
    const bytes = (): number => statSync(join(target.dataDir, 'claude-telemetry.db')).size
    const until = Date.now() + 180_000
    while (bytes() > 1.5 * LIMIT && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
    if (bytes() > 1.5 * LIMIT) problems.push(`the store has ${bytes()} bytes`)
    return problems
  },
}

const slowClients: Abuse = {
  name: '1,050 half-sent HTTP bodies, 1,000 half-sent headers, 50 half-sent gRPC messages',
  run: async (target) => {
    const { httpPort, grpcPort } = target
    const head = `POST /v1/logs HTTP/1.1\r\nHost: localhost:${httpPort}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n`
    const bodies = Array.from({ length: 1050 }, () => halfSent(httpPort, `${head}\r\n{"resource`))
    const headers = Array.from({ length: 1000 }, () => halfSent(httpPort, head))
    const sockets = await Promise.all([...bodies, ...headers])
    const http2 = Array.from({ length: 10 }, () => connectHttp2(`http://127.0.0.1:${grpcPort}`))
    for (const session of http2) {
      session.on('error', () => {})
      for (let n = 0; n < 5; n += 1) {
        const call = session.request({
          ':method': 'POST',
          ':path': servicePaths.logs,
          'content-type': 'application/grpc',
          te: 'trailers',
        })
        call.on('error', () => {})
        // The frame announces 1,000 bytes, and 10 of them come.
        call.write(Buffer.concat([Buffer.from([0, 0, 0, 3, 232]), Buffer.alloc(10)]))
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 10_000))
    for (const socket of sockets) socket.destroy()
    for (const session of http2) session.destroy()
    return []
  },
}

const MOST = '1e308'

const hugeNumbers: Abuse = {
  name: 'costs of 1e308, counts of "0x10", durations of 1e15, times in the year 2500',
  run: async (target) => {
    const call = (
      n: number,
      attributes: Readonly<Record<string, string | number>>,
      nowMs?: number,
    ) =>
      record(
        'huge',
        'api_request',
        n,
        { model: 'm', request_id: `n${n}`, 'prompt.id': 'p', ...attributes },
        nowMs,
      )
    const answer = await post(
      target,
      '/v1/logs',
      logsBody([
        record('huge', 'user_prompt', 0, { 'prompt.id': 'p', prompt: 'hello' }),
        call(1, { cost_usd: Number(MOST) }),
        call(2, { cost_usd: MOST }),
        call(3, { cost_usd: '0x10', input_tokens: '0x10' }),
        call(4, { input_tokens: 1e300, output_tokens: -5, cost_usd: -1 }),
        call(5, { duration_ms: 1e15, ttft_ms: 1e15 }),
        call(6, { cost_usd: 0.01 }, Date.UTC(2099, 1)),
        call(7, { cost_usd: 0.01 }),
        call(8, { cost_usd: 0.01 }),
      ]),
    )
    const metric = await post(
      target,
      '/v1/metrics',
      metricsBody('huge', 'claude_code.cost.usage', [1e308, 1e308]),
    )
    const problems = [...expectStatus('logs', answer, 200), ...expectStatus('metrics', metric, 200)]
    for (const path of [
      '/api/overview',
      '/api/sessions',
      '/api/sessions/claude-code%2Fhuge',
      '/api/budgets',
      '/api/facets',
    ]) {
      problems.push(...expectStatus(path, await get(target, path), 200))
    }
    const overview = await get(target, '/api/overview')
    const cost = (JSON.parse(overview.text) as { totals?: { costUsd?: number } }).totals?.costUsd
    if (cost !== 0.03) problems.push(`three cents are ${cost}`)
    return problems
  },
}

export const byteAbuses: readonly Abuse[] = [
  manyRecords,
  manyNames,
  emptyThings,
  together,
  unansweredResponses,
  fullStore,
  slowClients,
  hugeNumbers,
]
