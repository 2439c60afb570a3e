/**
 * The MCP server, asked by the SDK's own client: over standard input and output by the real command, and
 * over HTTP by the running bridge. Each tool tells the numbers of the recordings' truth.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Waste } from '../../src/api/contract/waste.ts'
import { safeBlock } from '../../src/domain/safe-text.ts'
import { createHome } from './cli/home.ts'
import {
  bridgeEnvironment,
  removeFolder,
  startBridge,
  type TestBridge,
  temporaryFolder,
} from './corpus/bridge.ts'
import { newBridge } from './corpus/new-bridge.ts'
import { logsBody } from '../page/team/otlp.ts'
import {
  isEventful,
  jsonRecordingNames,
  recording,
  replay,
  type Truth,
} from './corpus/recording.ts'
import { storeSettings } from './store.ts'

/** The session of this one belongs to ada, all others to nobody. */
const OF_ADA = 'plain'
const [ADAS_ID = ''] = Object.keys(recording(OF_ADA).truth)
/** The truth of one does not name the session that it makes of records without an id. */
const names = jsonRecordingNames.filter((name) => name !== 'no-session-id')
const truths: Readonly<Record<string, Truth>> = Object.fromEntries(
  names
    .flatMap((name) => Object.entries(recording(name).truth))
    .filter(([, truth]) => isEventful(truth)),
)
const all = Object.values(truths)
const [FAILING_ID = ''] = Object.keys(recording('api-error-terminal').truth)
const [TOOLS_ID = ''] = Object.keys(recording('tool-failure-traces').truth)
const SINCE = '2020-01-01'
const BUDGETS = { BUDGET_DAILY_USD: '1000', BUDGET_SESSION_USD: '0.05' }

let dataDir: string
let bridge: TestBridge
let keyOfAda: string
let keyOfEve: string
let ingestKey: string

const json = { 'content-type': 'application/json' }

async function key(name: string, scope: string, user: string): Promise<string> {
  const answer = await fetch(`${bridge.url}/api/keys`, {
    method: 'POST',
    headers: json,
    body: JSON.stringify({ name, scopes: [scope], user }),
  })
  return ((await answer.json()) as { readonly secret: string }).secret
}

beforeAll(async () => {
  dataDir = temporaryFolder()
  bridge = await startBridge({ ...bridgeEnvironment(dataDir), ...BUDGETS })
  for (const name of names) {
    if (name !== OF_ADA) await replay(bridge.url, recording(name))
  }
  // From now on telemetry needs a key.
  ingestKey = await key('ada-sends', 'ingest', 'ada')
  keyOfAda = await key('ada', 'read:own', 'ada')
  keyOfEve = await key('eve', 'read:own', 'eve')
  for (const { path, signal, body } of recording(OF_ADA).requests) {
    if (signal === 'hook') continue
    const headers = { ...json, authorization: `Bearer ${ingestKey}` }
    const sent = await fetch(`${bridge.url}${path}`, {
      ...{ method: 'POST', headers, body: new Uint8Array(body) },
    })
    if (sent.status !== 200) throw new Error(`${path} was answered ${sent.status}`)
  }
})
afterAll(async () => {
  await bridge.stop()
  removeFolder(dataDir)
})

type Told = Readonly<Record<string, unknown>>

interface Asked {
  readonly client: Client
  /** What a tool answers; its text says the same. */
  readonly tell: <T = Told>(name: string, given?: Told) => Promise<T>
  /** Why it does not answer. */
  readonly refuse: (name: string, given?: Told) => Promise<string>
}

function askedOf(client: Client): Asked {
  const call = async (name: string, given: Told = {}) => {
    const result = (await client.callTool({ name, arguments: given })) as CallToolResult
    const { isError = false, structuredContent, content } = result
    return {
      isError,
      structuredContent,
      texts: content.map((part) => ('text' in part ? part.text : '')),
    }
  }
  return {
    client,
    tell: async <T>(name: string, given?: Told) => {
      const { isError, structuredContent, texts } = await call(name, given)
      expect(isError ? texts : undefined).toBe(undefined)
      expect(texts).toHaveLength(2)
      expect(JSON.parse(texts[1] ?? '')).toEqual(structuredContent)
      return structuredContent as T
    },
    refuse: async (name, given) => {
      const { isError, texts } = await call(name, given)
      expect(isError).toBe(true)
      return texts.join('\n')
    },
  }
}

async function overHttp(authorization?: string, bridgeUrl = bridge.url): Promise<Asked> {
  const client = new Client({ name: 'test', version: '1' })
  const headers = authorization === undefined ? {} : { authorization: `Bearer ${authorization}` }
  const url = new URL(`${bridgeUrl}/mcp`)
  await client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers } }))
  onTestFinished(() => client.close())
  return askedOf(client)
}

function stdioSettings(): Record<string, string> {
  // The bridge's port is one that nobody listens on.
  return { ...storeSettings(dataDir), ...BUDGETS, OTLP_RECEIVER_PORT: '9', TZ: 'UTC' }
}

async function overStdio(variables = stdioSettings()): Promise<Asked & { stderr(): string }> {
  const home = createHome()
  const client = new Client({ name: 'test', version: '1' })
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [...home.nodeArgs, 'mcp'],
    env: { HOME: home.folder, ...variables },
    cwd: home.folder,
    stderr: 'pipe',
  })
  let stderr = ''
  transport.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  await client.connect(transport)
  onTestFinished(() => client.close())
  return { ...askedOf(client), stderr: () => stderr }
}

const sum = (of: (truth: Truth) => number): number => all.reduce((total, one) => total + of(one), 0)
const tokensOf = (truth: Truth) => ({
  input: truth.input_tokens,
  output: truth.output_tokens,
  cacheRead: truth.cache_read_tokens,
  cacheCreation: truth.cache_creation_tokens,
})

interface Item extends Told {
  readonly sessionId: string
  readonly key: string
}

describe.each([
  ['standard input and output', () => overStdio()],
  ['HTTP', () => overHttp()],
])('over %s', (_, connect) => {
  test('every tool tells the numbers of the truth', async () => {
    const { client, tell } = await connect()
    const { tools } = await client.listTools()
    expect(tools.map(({ name }) => name)).toEqual([
      ...['list_sessions', 'search_sessions', 'get_session', 'get_costs'],
      ...['list_failures', 'find_waste', 'get_budgets'],
    ])
    expect(client.getInstructions()).toContain('get_session without arguments')

    const pages: Item[] = []
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await tell<{
        sessions: Item[]
        leftOff: number
        nextCursor: string | null
      }>('list_sessions', { limit: 20, ...(cursor !== undefined && { cursor }) })
      pages.push(...page.sessions)
      expect(page.leftOff).toBe(all.length - pages.length)
      cursor = page.nextCursor
    }
    expect(pages.map(({ sessionId }) => sessionId).toSorted()).toEqual(
      Object.keys(truths).toSorted(),
    )
    for (const { sessionId, ...told } of pages) {
      const truth = truths[sessionId] as Truth
      expect(told).toMatchObject({
        costUsd: expect.closeTo(truth.cost_usd, 6),
        tokens: tokensOf(truth),
        modelCalls: truth.api_requests,
        toolResults: truth.tool_results,
        errors: truth.api_errors + truth.tool_failures,
      })
    }

    const last = await tell<{ session: Item }>('get_session')
    expect(last.session).toEqual(pages[0])

    const truth = truths[TOOLS_ID] as Truth
    const tooled = await tell<{ failures: readonly { kind: string; times: number }[] }>(
      'get_session',
      { session: TOOLS_ID.slice(0, 8), turns: 50 },
    )
    expect(truth.tool_failures).toBeGreaterThan(0)
    expect(tooled).toMatchObject({
      session: { sessionId: TOOLS_ID, costUsd: expect.closeTo(truth.cost_usd, 6) },
      totals: { toolFailures: truth.tool_failures, modelErrors: truth.api_errors },
      failuresLeftOff: 0,
      turnsLeftOff: 0,
    })
    const told = tooled.failures.filter(({ kind }) => kind === 'tool')
    expect(told.reduce((total, { times }) => total + times, 0)).toBe(truth.tool_failures)

    const failed = await tell<{ failures: { message: string | null }[] }>('list_failures', {
      session: `claude-code/${FAILING_ID}`,
    })
    expect(failed).toMatchObject({
      modelErrors: truths[FAILING_ID]?.api_errors,
      failures: [{ kind: 'model_call', session: `claude-code/${FAILING_ID}` }],
    })
    expect(failed.failures[0]?.message).toMatch(/\S/)
    expect(await tell('list_failures', { since: SINCE, limit: 50 })).toMatchObject({
      modelCalls: sum(({ api_requests }) => api_requests),
      modelErrors: sum(({ api_errors }) => api_errors),
      toolResults: sum(({ tool_results }) => tool_results),
      toolFailures: sum(({ tool_failures }) => tool_failures),
    })

    const costs = await tell<{ rows: { names: unknown[]; costUsd: number; modelCalls: number }[] }>(
      'get_costs',
      { since: SINCE, group: 'model,agent' },
    )
    expect(costs).toMatchObject({
      groups: ['model', 'agent'],
      totals: {
        costUsd: expect.closeTo(
          sum(({ cost_usd }) => cost_usd),
          6,
        ),
        modelCalls: sum(({ api_requests }) => api_requests),
        sessions: all.length,
      },
    })
    const spent = costs.rows.reduce((total, { costUsd }) => total + costUsd, 0)
    expect(spent).toBeCloseTo(
      sum(({ cost_usd }) => cost_usd),
      6,
    )

    expect(await tell('find_waste', { since: SINCE })).toMatchObject({
      sessionsRead: Math.min(30, all.length),
      sessionsNotRead: Math.max(0, all.length - 30),
    })

    const { budgets } = (await (await fetch(`${bridge.url}/api/budgets`)).json()) as {
      readonly budgets: readonly Told[]
    }
    expect(budgets.length).toBeGreaterThan(0)
    const known = ({ forecast: __, resetsMs: ___, windowFromMs: ____, ...rest }: Told) => rest
    const budget = await tell<{ budgets: readonly Told[] }>('get_budgets')
    expect(budget.budgets.map(known)).toEqual(budgets.map(known))

    const title = pages.find(({ title: named }) => named !== null)?.title
    const searched = await tell<{ sessions: Item[] }>('search_sessions', {
      query: title,
      limit: 50,
    })
    expect(searched.sessions.map((row) => row.title)).toContain(title)
  })

  test('wrong arguments are explained, and nothing else happens', async () => {
    const { client, tell, refuse } = await connect()
    await expect(client.callTool({ name: 'drop_everything' })).rejects.toThrow(/no such tool/)
    const wrong: readonly [string, Told, RegExp][] = [
      ['list_sessions', { limit: 'many' }, /limit/],
      ['list_sessions', { limit: 1e9 }, /limit/],
      ['list_sessions', { nonsense: 1 }, /nonsense/],
      ['list_sessions', { since: 'soon' }, /since: expected 30m/],
      ['list_sessions', { since: 'today', timeZone: 'Nowhere/Else' }, /time zone/],
      ['list_sessions', { since: '2026-11-02', until: '2026-11-01' }, /since: it is after until/],
      ['list_sessions', { cursor: 'x' }, /cursor/],
      ['list_sessions', { folder: 'nobody-works-here' }, /folder: no session/],
      ['search_sessions', { query: 'x'.repeat(1000) }, /query/],
      ['search_sessions', {}, /query/],
      ['get_session', { session: 'no such session' }, /session: none/],
      ['get_session', { session: 'y'.repeat(100_0) }, /session: none/],
      ['get_session', { session: 'y'.repeat(5000) }, /session/],
      ['get_session', { session: { $ne: null } }, /session/],
      ['get_session', { turns: -1 }, /turns/],
      ['get_costs', { group: 'colour' }, /group: expected one or two of/],
      ['get_costs', { where: ['colour=red'] }, /where/],
      ['list_failures', { session: '../../etc/passwd' }, /session: none/],
      ['find_waste', { session: '\u001b[2J' }, /session: none/],
      ['get_budgets', { of: 'eve' }, /of/],
    ]
    for (const [name, given, why] of wrong) {
      const text = await refuse(name, given)
      expect(text, JSON.stringify(given)).toMatch(why)
      expect(text.length).toBeLessThan(1500)
      expect(text).toBe(safeBlock(text))
    }
    expect(await tell('list_sessions', { limit: 1 })).toMatchObject({ leftOff: all.length - 1 })
  })
})

describe('over HTTP', () => {
  test('a key sees its own sessions only, and a key that may not read is refused', async () => {
    const ada = await overHttp(keyOfAda)
    const { sessions } = await ada.tell<{ sessions: Item[] }>('list_sessions')
    expect(sessions.map(({ sessionId }) => sessionId)).toEqual([ADAS_ID])
    const truth = truths[ADAS_ID] as Truth
    expect(await ada.tell('get_costs', { since: SINCE })).toMatchObject({
      totals: { costUsd: expect.closeTo(truth.cost_usd, 6), sessions: 1 },
    })
    expect(await ada.tell('get_session')).toMatchObject({ session: { sessionId: ADAS_ID } })
    expect(await ada.tell('list_failures', { since: SINCE })).toMatchObject({
      modelCalls: truth.api_requests,
      failures: [],
      sessionsRead: 0,
    })
    for (const name of ['get_session', 'list_failures', 'find_waste']) {
      expect(await ada.refuse(name, { session: FAILING_ID })).toMatch(/session: none/)
      expect(await ada.refuse(name, { session: `claude-code/${FAILING_ID}` })).toMatch(/none/)
    }
    const eve = await overHttp(keyOfEve)
    expect(await eve.tell('list_sessions')).toMatchObject({ sessions: [], leftOff: 0 })
    expect(await eve.refuse('get_session')).toMatch(/no such session/)
    await expect(overHttp(ingestKey)).rejects.toThrow(/read:own/)
    const audit = await (await fetch(`${bridge.url}/api/audit`)).text()
    expect(audit).toContain(`get_session ${FAILING_ID}`)
  })

  test('find_waste tells what a session wasted, as the page does', async () => {
    const { url } = await newBridge()
    const call = { query_source: 'compact', cost_usd: 0.282, request_id: 'r1', model: 'opus' }
    const body = logsBody({ 'service.name': 'claude-code' }, { 'session.id': 'compacted' }, [
      { name: 'api_request', atMs: Date.now(), values: call },
    ])
    await fetch(`${url}/v1/logs`, { method: 'POST', headers: json, body: JSON.stringify(body) })
    const answer = await fetch(`${url}/api/sessions/claude-code%2Fcompacted/waste`)
    const { findings } = (await answer.json()) as Waste
    expect(findings).toMatchObject([{ kind: 'compaction', usd: 0.282 }])
    const { tell } = await overHttp(undefined, url)
    const wasted = await tell<{ findings: readonly Told[] }>('find_waste', { session: 'compacted' })
    expect(wasted).toMatchObject({ sessionsRead: 1, sessionsNotRead: 0, leftOff: 0 })
    expect(wasted.findings).toMatchObject(findings)
  })

  test('keeps to the rules of the page: host, origin, size, and no streams', async () => {
    const post = (headers: Record<string, string>, body: string) =>
      fetch(`${bridge.url}/mcp`, {
        method: 'POST',
        headers: { ...json, accept: 'application/json, text/event-stream', ...headers },
        body,
      })
    const ping = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' })
    expect(await (await post({}, ping)).json()).toEqual({ jsonrpc: '2.0', id: 1, result: {} })
    expect((await post({ origin: 'https://evil.example' }, ping)).status).toBe(403)
    expect((await post({ 'sec-fetch-site': 'cross-site' }, ping)).status).toBe(403)
    expect((await post({}, `"${'x'.repeat(100_000)}"`)).status).toBe(400)
    for (const body of [
      '',
      '{',
      'null',
      '[]',
      `[${ping}]`,
      '5',
      '{"jsonrpc":"2.0"}',
      '{"__proto__":{}}',
    ]) {
      const answer = await post({}, body)
      expect([body, answer.status]).toEqual([body, 400])
    }
    for (const method of ['GET', 'DELETE']) {
      const answer = await fetch(`${bridge.url}/mcp`, { method })
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST'])
    }
  })
})

describe('the command', () => {
  test('knows the current folder, says nothing beside the protocol, and ends with its input', async () => {
    const home = createHome()
    const child = spawn(process.execPath, [...home.nodeArgs, 'mcp'], {
      cwd: home.folder,
      env: { HOME: home.folder, ...stdioSettings() },
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString()
    })
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString()
    })
    const params = {
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo: { name: 'test', version: '1' },
    }
    const call = { name: 'get_session', arguments: { folder: '.' } }
    for (const message of [
      'no JSON\n',
      `${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params })}\n`,
      `${JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'tools/call', params: call })}\n`,
    ]) {
      child.stdin.write(message)
    }
    await expect.poll(() => stdout.trimEnd().split('\n').length).toBe(2)
    child.stdin.end()
    expect(await once(child, 'exit')).toEqual([0, null])
    expect(stderr).toBe('')
    const answers = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { readonly id: number; readonly result: Told })
    expect(answers.map(({ id }) => id)).toEqual([1, 2])
    expect(JSON.stringify(answers[1]?.result)).toMatch(/no session is known to be of/)
  })

  test('ends where a message is too long, and says so', () => {
    const home = createHome()
    const { status, stdout, stderr } = spawnSync(process.execPath, [...home.nodeArgs, 'mcp'], {
      env: { HOME: home.folder, ...stdioSettings() },
      input: 'x'.repeat(3_000_000),
      encoding: 'utf8',
    })
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toBe('claude-telemetry: a message has more than 1048576 bytes\n')
  })

  test('says what to do while nothing is stored', async () => {
    const empty = temporaryFolder()
    onTestFinished(() => removeFolder(empty))
    const { refuse } = await overStdio({ DATA_DIR: `${empty}/none`, OTLP_RECEIVER_PORT: '9' })
    expect(await refuse('get_session')).toMatch(/claude-telemetry start/)
  })
})
