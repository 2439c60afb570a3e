/** Waste in sessions as they are stored: from transcripts, from telemetry, and from both. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Waste, WasteInRange } from '../../src/api/contract/waste.ts'
import { createHome } from './cli/home.ts'
import { bridgeEnvironment } from './corpus/bridge.ts'
import { newBridge, newFolder } from './corpus/new-bridge.ts'
import { recording, replay } from './corpus/recording.ts'
import { type LogEntry, logsBody, type Values } from '../page/team/otlp.ts'
import { importInto, sessionsOf } from './history/bridge-import.ts'

async function wasteOf(url: string, sessionId: string): Promise<Waste> {
  const [row] = (await sessionsOf(url)).filter((each) => each.sessionId.startsWith(sessionId))
  const answer = await fetch(`${url}/api/sessions/${encodeURIComponent(row?.key ?? '')}/waste`)
  expect(answer.status).toBe(200)
  return (await answer.json()) as Waste
}

/** $3 a million tokens, $3.75 written to the cache, $0.30 read from it, $15 out. */
const SONNET = 'claude-sonnet-4-5-20250929'
/** $1 a million tokens. */
const HAIKU = 'claude-haiku-4-5-20251001'

interface Usage {
  readonly input?: number
  readonly output?: number
  readonly read?: number
  readonly written?: number
}

/** A transcript of Claude Code that grows line by line, with a clock of its own. */
function transcript(sessionId: string) {
  const lines: object[] = []
  let atMs = Date.parse('2026-11-20T10:00:00Z')
  let count = 0
  const add = (type: string, message: object, more: object = {}): void => {
    count += 1
    const base = { type, sessionId, uuid: `${sessionId}-${count}`, cwd: '/x', version: '2.1.150' }
    lines.push({ ...base, timestamp: new Date(atMs).toISOString(), message, ...more })
    atMs += 1000
  }
  const answer = (
    content: readonly object[],
    usage: Usage,
    more: object = {},
    model = SONNET,
  ): void => {
    const { input = 0, output = 0, read = 0, written = 0 } = usage
    add(
      'assistant',
      {
        ...{ id: `m${count}`, role: 'assistant', model, content },
        usage: {
          ...{ input_tokens: input, output_tokens: output },
          ...{ cache_read_input_tokens: read, cache_creation_input_tokens: written },
        },
      },
      { requestId: `r${count}`, ...more },
    )
  }
  return {
    prompt: (text: string, more: object = {}) => add('user', { role: 'user', content: text }, more),
    pause: (minutes: number) => {
      atMs += minutes * 60_000
    },
    say: (text: string, usage: Usage, more?: object, model?: string) =>
      answer([{ type: 'text', text }], usage, more, model),
    /** A model call that asks for a tool, and the tool's result. */
    use: (name: string, input: object, result: string, usage: Usage, isError = false) => {
      const id = `t${count}`
      answer([{ type: 'tool_use', id, name, input }], usage)
      const content = [{ type: 'tool_result', tool_use_id: id, content: result, is_error: isError }]
      add('user', { role: 'user', content })
    },
    importInto: async (url: string): Promise<Waste> => {
      const folder = newFolder()
      mkdirSync(join(folder, 'x'))
      const path = join(folder, 'x', `${sessionId}.jsonl`)
      writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
      await importInto(url, [path])
      return wasteOf(url, sessionId)
    },
  }
}

describe('in a transcript', () => {
  test('a command that fails again and again, and one that is changed until it works', async () => {
    const { url } = await newBridge()
    const loop = transcript('loop')
    const look = transcript('look')
    loop.prompt('run the tests')
    look.prompt('run the tests')
    for (const [at, command] of ['npm test', 'npm test', 'npm test', 'npm test'].entries()) {
      const usage = { input: 100, output: 10, read: 10_000 }
      loop.use('Bash', { command, description: `try ${at}` }, 'Error: no', usage, true)
      look.use('Bash', { command: `${command} --retry=${at}` }, 'Error: no', usage, true)
    }
    loop.say('I give up.', { input: 10, output: 5, read: 10_000 })
    look.say('I give up.', { input: 10, output: 5, read: 10_000 })
    // Three calls of 100 at $3, 10 at $15 and 10,000 at $0.30 a million.
    expect((await loop.importInto(url)).findings).toEqual([
      { kind: 'retry_loop', subject: 'Bash', count: 3, tokens: 30_330, usd: 0.01035, ms: 6000 },
    ])
    expect((await look.importInto(url)).findings).toEqual([])
  })

  test('a file that is read again unchanged, and one that was edited', async () => {
    const { url } = await newBridge()
    const text = 'x'.repeat(8000)
    const again = transcript('again')
    const edited = transcript('edited')
    for (const session of [again, edited]) {
      session.prompt('fix it')
      session.use('Read', { file_path: '/x/a.ts' }, text, { input: 50, output: 10 })
      if (session === edited) {
        session.use('Edit', { file_path: '/x/a.ts', old_string: 'x', new_string: 'y' }, 'ok', {
          ...{ input: 50, output: 10, written: 2000 },
        })
      }
      session.use('Read', { file_path: '/x/a.ts' }, text, { input: 50, output: 10, written: 2000 })
      session.say('done', { input: 50, output: 10, read: 2000, written: 2100 })
    }
    // 2,000 tokens at $3.75 a million.
    expect((await again.importInto(url)).findings).toEqual([
      { kind: 'repeated_read', subject: '/x/a.ts', count: 1, tokens: 2000, usd: 0.0075, ms: null },
    ])
    expect((await edited.importInto(url)).findings).toEqual([])
  })

  test('a cache that went cold in a pause, and one that was kept', async () => {
    const { url } = await newBridge()
    const cold = transcript('cold')
    const warm = transcript('warm')
    for (const session of [cold, warm]) {
      session.prompt('begin')
      session.say('begun', { input: 10, output: 10, written: 100_000 })
      session.pause(30)
      session.prompt('go on')
    }
    cold.say('on', { input: 10, output: 10, written: 101_000 })
    warm.say('on', { input: 10, output: 10, read: 100_000, written: 1000 })
    // 100,000 tokens at $3.75 instead of $0.30 a million.
    expect((await cold.importInto(url)).findings).toEqual([
      {
        ...{ kind: 'cold_cache', subject: SONNET, count: 1, tokens: 100_000, usd: 0.345 },
        ms: expect.closeTo(30 * 60_000 + 1000, -4),
      },
    ])
    expect((await warm.importInto(url)).findings).toEqual([])
  })

  test('a result that fills the context, and one that does not', async () => {
    const { url } = await newBridge()
    const large = transcript('large')
    const small = transcript('small')
    for (const [session, size] of [
      [large, 60_000],
      [small, 30_000],
    ] as const) {
      session.prompt('search')
      session.use('Grep', { pattern: 'x' }, 'y'.repeat(size), { input: 50, output: 10 })
      session.say('found', { input: 15_200, output: 10 })
    }
    // 15,000 tokens at $3 a million.
    expect((await large.importInto(url)).findings).toEqual([
      { kind: 'large_result', subject: 'Grep', count: 1, tokens: 15_000, usd: 0.045, ms: null },
    ])
    expect((await small.importInto(url)).findings).toEqual([])
  })

  test('a subagent with short answers of an expensive model, and one with long ones', async () => {
    const { url } = await newBridge()
    const short = transcript('short')
    const long = transcript('long')
    for (const [session, output] of [
      [short, 100],
      [long, 900],
    ] as const) {
      session.prompt('look around')
      session.say('a title', { input: 1000, output: 10 }, {}, HAIKU)
      const sidechain = { isSidechain: true, agentId: 'a1' }
      session.prompt('where is it?', sidechain)
      session.say('there', { input: 100_000, output }, sidechain)
      session.say('it is there', { input: 10, output: 10 })
    }
    // $0.3015 at a third of the price would have been $0.1005.
    expect((await short.importInto(url)).findings).toEqual([
      {
        ...{ kind: 'expensive_subagent', subject: SONNET, count: 1 },
        ...{ tokens: 100_100, usd: 0.201, ms: null },
      },
    ])
    expect((await long.importInto(url)).findings).toEqual([])
  })
})

describe('in telemetry', () => {
  const resource = { 'service.name': 'claude-code' }

  async function post(url: string, path: string, body: object): Promise<void> {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) })
    expect(answer.status).toBe(200)
  }

  const request = (atMs: number, values: Values): LogEntry => ({
    name: 'api_request',
    atMs,
    values: {
      ...{ model: SONNET, query_source: 'repl_main_thread', cost_usd: 0.05, duration_ms: 900 },
      ...{ input_tokens: 90_000, output_tokens: 800 },
      ...{ cache_read_tokens: 0, cache_creation_tokens: 0, ...values },
    },
  })

  test('a compaction costs its call, and no other call does', async () => {
    const { url } = await newBridge()
    const nowMs = Date.now()
    const compact = request(nowMs, { query_source: 'compact', cost_usd: 0.282, request_id: 'r1' })
    const usual = request(nowMs, { request_id: 'r2' })
    await post(url, '/v1/logs', logsBody(resource, { 'session.id': 'compacted' }, [compact]))
    await post(url, '/v1/logs', logsBody(resource, { 'session.id': 'long' }, [usual]))
    expect((await wasteOf(url, 'compacted')).findings).toEqual([
      { kind: 'compaction', subject: '', count: 1, tokens: 90_800, usd: 0.282, ms: 900 },
    ])
    expect((await wasteOf(url, 'long')).findings).toEqual([])
  })

  test('of a range, by kind: of the most expensive sessions, and as far as they have come', async () => {
    const { url, dataDir } = await newBridge()
    const env = bridgeEnvironment(dataDir)
    const nowMs = Date.now()
    const compact = (session: string, id: string, costUsd: number) =>
      post(
        url,
        '/v1/logs',
        logsBody(resource, { 'session.id': session }, [
          request(nowMs, { query_source: 'compact', cost_usd: costUsd, request_id: id }),
        ]),
      )
    const ofRange = async (): Promise<WasteInRange> => {
      const answer = await fetch(`${url}/api/waste?from=${nowMs - 86_400_000}&tz=UTC`)
      expect(answer.status).toBe(200)
      return (await answer.json()) as WasteInRange
    }
    expect(await ofRange()).toMatchObject({ sessions: { all: 0, looked: 0 }, usd: 0, kinds: [] })
    await compact('small', 'r1', 0.1)
    await compact('large', 'r2', 0.3)
    await post(
      url,
      '/v1/logs',
      logsBody(resource, { 'session.id': 'usual' }, [request(nowMs, { request_id: 'r3' })]),
    )
    const first = await ofRange()
    expect(first).toMatchObject({
      sessions: { all: 3, looked: 3 },
      costUsd: { all: 0.45, looked: 0.45 },
      usd: 0.4,
      kinds: [
        {
          ...{ kind: 'compaction', count: 2, tokens: 181_600, usd: 0.4, ms: 1800, sessions: 2 },
          worst: [
            { key: 'claude-code/large', sessionId: 'large', title: null, usd: 0.3, ms: 900 },
            { key: 'claude-code/small', sessionId: 'small', title: null, usd: 0.1, ms: 900 },
          ],
        },
      ],
    })
    expect(await ofRange()).toEqual(first)
    await compact('small', 'r4', 0.4)
    expect(await ofRange()).toMatchObject({
      usd: 0.8,
      kinds: [{ count: 3, worst: [{ sessionId: 'small', usd: 0.5 }, { sessionId: 'large' }] }],
    })

    const report = async (...args: string[]) =>
      (await createHome().start(['report', ...args], env)).stdout
    expect(await report()).toMatch(
      /\nWaste\n\$0\.80 in 3 sessions\.\nWASTE .*\nCompaction +3 +\$0\.80 .*small\nCompaction: Start/,
    )
    expect(await report('--format', 'markdown')).toMatch(
      /## Waste\n\$0\.80 in 3 sessions\.\n\n\| WASTE .*\n.*\n\| Compaction \| 3 \| \$0\.80 /,
    )
    expect(JSON.parse(await report('--json'))).toMatchObject({
      waste: {
        usd: 0.8,
        kinds: [{ kind: 'compaction', advice: expect.stringMatching(/^Start a/) }],
      },
    })
    expect(await report('--no-waste')).not.toContain('Waste')

    for (let n = 0; n < 30; n += 1) await compact(`cheap-${n}`, `c${n}`, 0.01)
    expect(await ofRange()).toMatchObject({
      sessions: { all: 33, looked: 30 },
      costUsd: { all: 1.15, looked: 1.12 },
      usd: 1.07,
    })
  })

  test('a tool that waited for a person, and one that was allowed at once', async () => {
    const { url } = await newBridge()
    const endMs = Date.now()
    const nanos = (ms: number): string => `${Math.round(ms)}000000`
    const attributesOf = (values: Readonly<Record<string, string>>) =>
      Object.entries(values).map(([key, stringValue]) => ({ key, value: { stringValue } }))
    for (const [session, waitedMs] of [
      ['slow', 45_000],
      ['quick', 900],
    ] as const) {
      const traceId = session === 'slow' ? '1'.repeat(32) : '2'.repeat(32)
      const ids = { 'session.id': session, tool_use_id: `${session}-1`, tool_name: 'Bash' }
      const spans = [
        {
          ...{ traceId, spanId: 'a'.repeat(16), name: 'claude_code.tool' },
          startTimeUnixNano: nanos(endMs - waitedMs - 1000),
          endTimeUnixNano: nanos(endMs),
          attributes: attributesOf(ids),
        },
        {
          ...{ traceId, spanId: 'b'.repeat(16), parentSpanId: 'a'.repeat(16) },
          name: 'claude_code.tool.blocked_on_user',
          startTimeUnixNano: nanos(endMs - waitedMs - 1000),
          endTimeUnixNano: nanos(endMs - 1000),
          attributes: attributesOf({ 'session.id': session, decision: 'accept' }),
        },
      ]
      const scope = { name: 'com.anthropic.claude_code.tracing', version: '2.1.329' }
      const service = { attributes: attributesOf({ 'service.name': 'claude-code' }) }
      await post(url, '/v1/traces', {
        resourceSpans: [{ resource: service, scopeSpans: [{ scope, spans }] }],
      })
      const values = { ...ids, success: 'true', duration_ms: 900 }
      const entry = { name: 'tool_result', atMs: endMs, values }
      await post(url, '/v1/logs', logsBody(resource, { 'session.id': session }, [entry]))
    }
    expect((await wasteOf(url, 'slow')).findings).toEqual([
      { kind: 'waiting', subject: 'Bash', count: 1, tokens: null, usd: null, ms: 45_000 },
    ])
    expect((await wasteOf(url, 'quick')).findings).toEqual([])
  })
})

test.each(['plain', 'tools', 'subagent-traces', 'multi-turn-traces'])(
  'the recording %s wastes nothing that is worth showing',
  async (name) => {
    const { url } = await newBridge()
    await replay(url, recording(name))
    for (const { sessionId } of await sessionsOf(url)) {
      const { findings } = await wasteOf(url, sessionId)
      expect(findings.filter(({ usd }) => (usd ?? 1) >= 0.01)).toEqual([])
    }
  },
)

test('an unknown session has none', async () => {
  const { url } = await newBridge()
  const answer = await fetch(`${url}/api/sessions/claude-code%2Fnone/waste`)
  expect(answer.status).toBe(404)
})
