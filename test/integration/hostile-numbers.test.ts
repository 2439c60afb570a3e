/**
 * Figures and times that cannot be true, through the real bridge: the records are stored, what can
 * be true in them is delivered, and no sum, page or budget is the worse for them.
 */
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, describe, expect, test } from 'vitest'
import type { RawEvents } from '../../src/api/contract/raw-events.ts'
import { overviewAnswer } from '../../src/api/contract/overview.ts'
import { sessionAnswer } from '../../src/api/contract/session.ts'
import { sessionListAnswer } from '../../src/api/contract/session-list.ts'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from './corpus/bridge.ts'
import { createLangfuseStandIn, type LangfuseStandIn } from './langfuse-stand-in/stand-in.ts'
import type { StoredSpan } from './langfuse-stand-in/stored-span.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

async function setUp() {
  const langfuse = await createLangfuseStandIn()
  const dataDir = temporaryFolder()
  cleanUp.push(
    () => langfuse.close(),
    () => removeFolder(dataDir),
  )
  return { langfuse, dataDir }
}

async function started(dataDir: string, langfuse: LangfuseStandIn, more = {}) {
  const bridge = await startBridge({ ...bridgeEnvironment(dataDir, langfuse), ...more })
  let stopped: Promise<void> | undefined
  const stop = () => (stopped ??= bridge.stop())
  cleanUp.push(stop)
  return { ...bridge, stop }
}

const NOW_MS = Date.now()
const FUTURE_NANOS = '4090000000000000000'

type AnyValue = Readonly<Record<string, unknown>>
const text = (stringValue: string): AnyValue => ({ stringValue })
const double = (doubleValue: unknown): AnyValue => ({ doubleValue })
const attributesOf = (values: Readonly<Record<string, AnyValue>>) =>
  Object.entries(values).map(([key, value]) => ({ key, value }))

async function post(url: string, path: string, body: unknown): Promise<unknown> {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  expect(response.status).toBe(200)
  return response.json()
}

let sequence = 0
const logs = (
  events: readonly (readonly [
    name: string,
    values: Readonly<Record<string, AnyValue>>,
    nanos?: string,
  ])[],
) => ({
  resourceLogs: [
    {
      resource: { attributes: [{ key: 'service.version', value: text('2.1.329') }] },
      scopeLogs: [
        {
          scope: { name: 'com.anthropic.claude_code.events' },
          logRecords: events.map(([name, values, nanos]) => ({
            timeUnixNano: nanos ?? `${NOW_MS}000000`,
            body: text(`claude_code.${name}`),
            attributes: attributesOf({
              'session.id': text('s1'),
              'user.id': text('ada'),
              'event.name': text(name),
              'event.sequence': { intValue: sequence++ },
              'prompt.id': text('p1'),
              ...values,
            }),
          })),
        },
      ],
    },
  ],
})

const callOf = (id: string, values: Readonly<Record<string, AnyValue>>) =>
  ['api_request', { model: text('opus'), request_id: text(id), ...values }] as const

const metric = (name: string, points: readonly AnyValue[]) => ({
  resourceMetrics: [
    {
      scopeMetrics: [
        {
          scope: { name: 'com.anthropic.claude_code' },
          metrics: [
            {
              name,
              sum: {
                aggregationTemporality: 1,
                isMonotonic: true,
                dataPoints: points.map((point, index) => ({
                  startTimeUnixNano: `${NOW_MS}000000`,
                  timeUnixNano: `${NOW_MS + index}000000`,
                  attributes: attributesOf({ 'session.id': text('s1'), type: text('input') }),
                  ...point,
                })),
              },
            },
          ],
        },
      ],
    },
  ],
})

async function ask(url: string, path: string): Promise<unknown> {
  const response = await fetch(`${url}${path}`)
  expect(response.status, path).toBe(200)
  return response.json()
}

const overviewOf = async (url: string) => overviewAnswer.parse(await ask(url, '/api/overview'))
const SESSION = `/api/sessions/${encodeURIComponent('claude-code/s1')}`

/** Every answer is one that the page takes. */
async function answersOf(url: string) {
  return {
    overview: await overviewOf(url),
    hours: overviewAnswer.parse(await ask(url, '/api/overview?bucket=hour')),
    list: sessionListAnswer.parse(await ask(url, '/api/sessions?sort=cost')),
    session: sessionAnswer.parse(await ask(url, SESSION)),
  }
}

const named = (langfuse: LangfuseStandIn, name: string): readonly StoredSpan[] =>
  langfuse.spans().filter((span) => span.name === name)

describe('figures that cannot be true', () => {
  const POISONS: readonly [string, AnyValue][] = [
    ['two costs of 1e308', double(1e308)],
    ['infinity', double('Infinity')],
    ['no number', double('NaN')],
    ['less than nothing', double(-5)],
    ['hexadecimal text', text('0x10')],
    ['more than any call costs', text('1e300')],
  ]
  test.each(POISONS)('%s', async (_, poison) => {
    const { langfuse, dataDir } = await setUp()
    const bridge = await started(dataDir, langfuse)
    const { url } = bridge
    const sound = {
      cost_usd: double(0.1),
      input_tokens: { intValue: 7 },
      duration_ms: { intValue: 5 },
    }
    const wrong = { cost_usd: poison, input_tokens: poison, duration_ms: poison, ttft_ms: poison }
    const records = [
      callOf('r1', sound),
      callOf('r2', wrong),
      callOf('r3', wrong),
      callOf('r4', { ...sound, cost_usd: double(0.2) }),
      ['tool_result', { tool_name: text('Bash'), tool_use_id: text('t1'), duration_ms: poison }],
    ] as const
    expect(await post(url, '/v1/logs', logs(records))).toEqual({})

    const { overview, list, session } = await answersOf(url)
    expect(overview.totals).toMatchObject({ costUsd: 0.3, modelCalls: 4, tokens: { input: 14 } })
    expect(list.sessions).toMatchObject([{ costUsd: 0.3, tokens: { input: 14 } }])
    expect(session.strip).toMatchObject({ costUsd: 0.3, tokens: { input: 14 } })
    expect(session.models).toMatchObject([{ calls: 4, avgMs: 5 }])
    const raw = (await ask(url, `${SESSION}/events`)) as RawEvents
    const sent = raw.events.filter(({ attributes }) => attributes.request_id === 'r2')
    expect(sent[0]?.attributes.cost_usd).toBe(Object.values(poison)[0])

    await bridge.stop()
    const calls = named(langfuse, 'chat opus')
    expect(calls.flatMap(({ cost }) => cost.total ?? [])).toEqual([0.1, 0.2])
    expect(calls).toHaveLength(4)
    const marks = calls.map(
      ({ attributes }) => attributes['langfuse.observation.metadata.implausible'],
    )
    expect(marks.filter((mark) => mark !== undefined)).toHaveLength(2)
    for (const { startMs, endMs } of langfuse.spans()) {
      expect(Math.abs(startMs - NOW_MS)).toBeLessThan(60_000)
      expect(Math.abs(endMs - NOW_MS)).toBeLessThan(60_000)
    }
    expect(named(langfuse, 'Bash')).toHaveLength(1)
    expect(named(langfuse, 'session-summary')[0]?.output).toMatchObject({
      cost_usd: 0.3,
      implausible_values: 9,
    })
  })

  test('of metrics count as unknown, points beside them as they are', async () => {
    const { langfuse, dataDir } = await setUp()
    const bridge = await started(dataDir, langfuse)
    await post(bridge.url, '/v1/logs', logs([callOf('r1', { cost_usd: double(0.3) })]))
    const points = [{ asDouble: 0.1 }, { asDouble: 1e308 }, { asDouble: -1 }, { asDouble: 0.2 }]
    await post(bridge.url, '/v1/metrics', metric('claude_code.cost.usage', points))
    const tokens = [{ asInt: '9223372036854775807' }, { asInt: '12' }]
    await post(bridge.url, '/v1/metrics', metric('claude_code.token.usage', tokens))
    const { session } = await answersOf(bridge.url)
    expect(session.reconciliation).toMatchObject({ metricsUsd: 0.3, metricsTokens: 12 })
    await bridge.stop()
    expect(named(langfuse, 'session-summary')[0]?.output).toMatchObject({
      reconciliation: { metrics_cost_usd: 0.3, difference_cost_usd: 0 },
      implausible_values: 3,
    })
  })

  test('of hooks, beyond all numbers, are stored as what they are', async () => {
    const { langfuse, dataDir } = await setUp()
    const bridge = await started(dataDir, langfuse)
    const body = `{"session_id":"s1","prompt_id":"p1","hook_event_name":"PostToolUse",
      "tool_name":"Bash","tool_use_id":"t1","tool_input":{"timeout":1e999},"duration_ms":1e400}`
    await post(bridge.url, '/hooks/claude-code', body)
    const raw = (await ask(bridge.url, `${SESSION}/events`)) as RawEvents
    expect(raw.events[0]?.attributes).toMatchObject({
      duration_ms: 'Infinity',
      tool_input: { timeout: 'Infinity' },
    })
    await bridge.stop()
    const [tool] = named(langfuse, 'Bash')
    expect(tool?.startMs).toBe(tool?.endMs)
  })
})

test('a record from a far future is of the time at which it came', async () => {
  const { langfuse, dataDir } = await setUp()
  const bridge = await started(dataDir, langfuse)
  const call = callOf('r1', { cost_usd: double(0.1), duration_ms: { intValue: 1000 } })
  await post(bridge.url, '/v1/logs', logs([[...call, FUTURE_NANOS]]))
  await post(bridge.url, '/v1/traces', {
    resourceSpans: [
      {
        scopeSpans: [
          {
            scope: { name: 'com.anthropic.claude_code.tracing' },
            spans: [
              {
                traceId: '0af7651916cd43dd8448eb211c80319c',
                spanId: 'b7ad6b7169203331',
                name: 'claude_code.llm_request',
                startTimeUnixNano: FUTURE_NANOS,
                endTimeUnixNano: '18446744073709551615',
                attributes: attributesOf({ 'session.id': text('s1'), request_id: text('r1') }),
                events: [{ name: 'gen_ai.request.attempt', timeUnixNano: FUTURE_NANOS }],
              },
            ],
          },
        ],
      },
    ],
  })
  const { overview, session } = await answersOf(bridge.url)
  const soon = Date.now() + 1
  expect(session.session.lastMs).toBeLessThan(soon)
  expect(overview.toMs).toBeLessThan(soon + 15 * 60_000)
  expect(overview.totals.costUsd).toBe(0.1)
  await bridge.stop()
  for (const { startMs, endMs, name } of langfuse.spans()) {
    expect(startMs, name).toBeGreaterThanOrEqual(NOW_MS - 1000)
    expect(endMs, name).toBeLessThan(Date.now() + 1)
  }
})

test('a database with figures of an earlier version gives the right page after the upgrade', async () => {
  const { langfuse, dataDir } = await setUp()
  const sessionTimeout = { SESSION_TIMEOUT: '3600000', SHUTDOWN_TIMEOUT: '100' }
  const first = await started(dataDir, langfuse, sessionTimeout)
  const call = (id: string, costUsd: number) =>
    callOf(id, { cost_usd: double(costUsd), input_tokens: { intValue: 7 } })
  await post(first.url, '/v1/logs', logs([call('r1', 0.1), call('r2', 0.2)]))
  await first.stop()

  const database = new Database(join(dataDir, 'claude-telemetry.db'))
  for (const table of ['model_usage', 'sessions']) {
    database
      .prepare(`update ${table} set cost_usd = ?, input_tokens = ?`)
      .run(Number.POSITIVE_INFINITY, 1e308)
  }
  // JSON has no infinity: null stood in states then.
  database.exec(`update session_states set state = json_set(state,
    '$.totals.costUsd', null, '$.totals.models.opus.costUsd', null,
    '$.totals.usage.input', 1e308, '$.totals.models.opus.usage.input', 1e308)`)
  database.close()

  const second = await started(dataDir, langfuse, { BUDGET_SESSION_USD: '100' })
  const before = await answersOf(second.url)
  expect(before.overview.totals).toMatchObject({ costUsd: 0, tokens: { input: 0 }, modelCalls: 2 })
  expect(before.list.sessions).toMatchObject([{ costUsd: 0 }])
  expect(before.session.strip).toMatchObject({ costUsd: 0.3, tokens: { input: 14 } })
  expect(before.session.turns).toMatchObject([{ costUsd: 0.3, tokens: { input: 14 } }])
  await ask(second.url, '/api/budgets')

  await post(second.url, '/v1/logs', logs([call('r3', 0.1), call('r4', 0.2)]))
  const after = await answersOf(second.url)
  expect(after.overview.totals).toMatchObject({ costUsd: 0.3, tokens: { input: 14 } })
  expect(after.list.sessions).toMatchObject([{ costUsd: 0.3, tokens: { input: 14 } }])
  expect(after.session.strip).toMatchObject({ costUsd: 0.3, tokens: { input: 14 } })
})

test('three cents are three cents, on every face', async () => {
  const { langfuse, dataDir } = await setUp()
  const bridge = await started(dataDir, langfuse, { BUDGET_DAILY_USD: '0.3' })
  const calls = [0.1, 0.2].map((usd, index) => callOf(`r${index}`, { cost_usd: double(usd) }))
  await post(bridge.url, '/v1/logs', logs(calls))
  const { overview, session } = await answersOf(bridge.url)
  expect([overview.totals.costUsd, session.strip.costUsd, session.turns[0]?.costUsd]).toEqual([
    0.3, 0.3, 0.3,
  ])
  const { budgets } = (await ask(bridge.url, '/api/budgets')) as { budgets: object[] }
  expect(budgets).toMatchObject([{ scope: 'day', spentUsd: 0.3, level: 'over' }])
  await bridge.stop()
  expect(named(langfuse, 'budget spent')[0]?.attributes).toMatchObject({
    'langfuse.observation.metadata.spent_usd': '0.3',
  })
})

test('small money has no exponent in what the API and Langfuse get', async () => {
  const { langfuse, dataDir } = await setUp()
  const bridge = await started(dataDir, langfuse)
  await post(bridge.url, '/v1/logs', logs([callOf('r1', { cost_usd: double(1.5e-7) })]))
  const response = await fetch(`${bridge.url}/api/overview`)
  expect(await response.text()).toContain('"costUsd":0.00000015')
  await bridge.stop()
  const { cost } = named(langfuse, 'chat opus')[0] as StoredSpan
  expect(cost.total).toBe(1.5e-7)
})
