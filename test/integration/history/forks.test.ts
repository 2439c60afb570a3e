/** Forks: a copied line is of the session that wrote it first, in whatever order files and telemetry come. */
import {
  cpSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Turns } from '../../../src/api/contract/turn.ts'
import { newBridge, newFolder } from '../corpus/new-bridge.ts'
import {
  importInto,
  postTelemetry,
  type SessionRow,
  sessionsOf,
  withoutAttributes,
} from './bridge-import.ts'

const corpus = join(import.meta.dirname, '../../corpus/claude-code-transcripts')

/** What a session comes to, wherever its figures came from. */
function figuresOf(rows: readonly SessionRow[]): unknown {
  return rows
    .map(({ sessionId, modelCalls, tokens, prompts, toolResults, costUsd, title }) => {
      const cost = (costUsd ?? 0).toFixed(6)
      return { sessionId, modelCalls, tokens, prompts, toolResults, cost, title }
    })
    .toSorted((a, b) => (a.sessionId < b.sessionId ? -1 : 1))
}

async function turnsOf(url: string, rows: readonly SessionRow[]): Promise<unknown> {
  const all = rows.map(async ({ key, sessionId }) => {
    const answer = await fetch(`${url}/api/sessions/${encodeURIComponent(key)}/turns`)
    const { turns } = (await answer.json()) as Turns
    const shown = turns.map(({ prompt, answer: said, modelCalls, costUsd }) => {
      return { prompt: prompt.text, said: said.text, modelCalls, costUsd }
    })
    return [sessionId, shown] as const
  })
  return Object.fromEntries(await Promise.all(all))
}

interface Truth {
  readonly api_requests: number
  readonly prompts: number
  readonly input_tokens: number
  readonly cost_usd: number
}

/** A recorded session and its fork, each in a folder of its own; `telemetry` posts what each process told. */
function recordingOf(name: string) {
  const truth = JSON.parse(readFileSync(join(corpus, name, 'truth.json'), 'utf8')) as Record<
    string,
    Truth
  >
  const fork = Object.keys(truth).find((id) => truth[id]?.api_requests === 1) ?? ''
  const folder = newFolder()
  const projects = join(corpus, name, 'projects')
  const pathOf = (which: string): string => join(folder, which)
  for (const file of globSync('**/*.jsonl', { cwd: projects })) {
    const which = file.includes(fork) ? 'fork' : 'origin'
    cpSync(join(projects, file), join(pathOf(which), basename(file)))
  }
  const steps: Record<string, (url: string) => Promise<unknown>> = {
    fork: (url) => importInto(url, [pathOf('fork')]),
    origin: (url) => importInto(url, [pathOf('origin')]),
    again: (url) => importInto(url, [pathOf('fork'), pathOf('origin')], { again: true }),
  }
  return { truth, fork, steps }
}

function toldBy(name: string, fork: string, change: (text: string) => string) {
  const otlp = join(corpus, name, 'otlp')
  const post = (url: string, isOfFork: boolean): Promise<void> =>
    postTelemetry(url, otlp, (text) => (text.includes(fork) === isOfFork ? change(text) : ''))
  return {
    'telemetry of the fork': (url: string) => post(url, true),
    'telemetry of the origin': (url: string) => post(url, false),
  }
}

function expectTruth(rows: readonly SessionRow[], truth: Readonly<Record<string, Truth>>): void {
  const told = Object.fromEntries(
    rows.map(({ sessionId, modelCalls, prompts, tokens, costUsd }) => [
      sessionId,
      { modelCalls, prompts, input: tokens.input, cost: (costUsd ?? 0).toFixed(6) },
    ]),
  )
  expect(told).toEqual(
    Object.fromEntries(
      Object.entries(truth)
        .filter(([, { api_requests }]) => api_requests > 0)
        .map(([id, { api_requests, prompts, input_tokens, cost_usd }]) => {
          const cost = cost_usd.toFixed(6)
          return [id, { modelCalls: api_requests, prompts, input: input_tokens, cost }]
        }),
    ),
  )
}

describe('a recorded fork that is imported from elsewhere', () => {
  test.each(['2.1.150-resume', '2.1.80-resume', '2.1.329-resume'])(
    '%s: before its origin it is what it is after it',
    async (name) => {
      const { truth, steps } = recordingOf(name)
      const ordered = await newBridge()
      await steps.origin?.(ordered.url)
      await steps.fork?.(ordered.url)
      const { url } = await newBridge()
      await steps.fork?.(url)
      await steps.origin?.(url)
      const rows = await sessionsOf(url)
      const inOrder = await sessionsOf(ordered.url)
      expectTruth(rows, truth)
      expect(figuresOf(rows)).toEqual(figuresOf(inOrder))
      expect(await turnsOf(url, rows)).toEqual(await turnsOf(ordered.url, inOrder))
      await steps.again?.(url)
      expect(await sessionsOf(url)).toEqual(rows)
    },
  )

  const orders = [
    ['telemetry of the fork', 'fork', 'origin', 'telemetry of the origin'],
    ['telemetry of the origin', 'fork', 'telemetry of the fork', 'origin'],
    ['fork', 'telemetry of the fork', 'origin', 'telemetry of the origin'],
    ['fork', 'origin', 'telemetry of the fork', 'telemetry of the origin'],
    ['fork', 'telemetry of the fork', 'telemetry of the origin', 'origin', 'again'],
  ]
  const withoutIds = withoutAttributes(
    ...['request_id', 'tool_use_id', 'prompt.id', 'message.uuid'],
  )
  const changes = [
    { what: 'with', change: (text: string) => text },
    { what: 'without', change: withoutIds },
  ] as const
  // Newer versions name the origin of a line, and their telemetry has all ids.
  const named = orders
    .slice(0, 2)
    .map((order) => ({ name: '2.1.329-resume', order, ...changes[0] }))
  const all = changes.flatMap((how) =>
    orders.map((order) => ({ name: '2.1.150-resume', order, ...how })),
  )
  const cases = [...named, ...all]
  test.each(cases)(
    '$name, telemetry $what ids: $order.0, $order.1, $order.2, $order.3',
    async ({ name, change, order }) => {
      const recording = recordingOf(name)
      const steps: typeof recording.steps = {
        ...recording.steps,
        ...toldBy(name, recording.fork, change),
      }
      const { url } = await newBridge()
      for (const step of order) await steps[step]?.(url)
      const rows = await sessionsOf(url)
      expectTruth(rows, recording.truth)
      const turns = await turnsOf(url, rows)
      // Whoever begins anew, from what is stored, comes to the same.
      await steps.again?.(url)
      expect(await turnsOf(url, await sessionsOf(url))).toEqual(turns)
      const calls = Object.fromEntries(
        Object.entries(turns as Record<string, { modelCalls: number }[]>).map(([id, shown]) => [
          id,
          shown.reduce((sum, { modelCalls }) => sum + modelCalls, 0),
        ]),
      )
      for (const { sessionId, modelCalls } of rows) expect(calls[sessionId]).toBe(modelCalls)
    },
  )
})

describe('a recorded fork of which the origin has no file any more', () => {
  function told() {
    const recording = recordingOf('2.1.150-resume')
    const { truth, fork } = recording
    const steps: typeof recording.steps = {
      ...recording.steps,
      ...toldBy('2.1.150-resume', fork, withoutAttributes('prompt', 'prompt_text')),
    }
    const run = async (url: string, ...names: readonly string[]) => {
      for (const name of names) await steps[name]?.(url)
    }
    return { truth, run }
  }

  test('completes what telemetry told of the origin, and counts nothing twice', async () => {
    const { truth, run } = told()
    const { url } = await newBridge()
    await run(url, 'telemetry of the origin', 'telemetry of the fork', 'fork')
    const rows = await sessionsOf(url)
    expectTruth(rows, truth)
    expect(JSON.stringify(await turnsOf(url, rows))).toContain('The capital of France is Paris.')
    await run(url, 'origin', 'again')
    expectTruth(await sessionsOf(url), truth)
  })

  test('is put right by another import, where telemetry came later', async () => {
    const { truth, run } = told()
    const { url } = await newBridge()
    await run(url, 'fork', 'telemetry of the origin', 'again')
    expectTruth(await sessionsOf(url), truth)
  })
})

/** A call as telemetry tells it. */
async function postCall(
  url: string,
  told: Readonly<Record<string, string | number>>,
): Promise<void> {
  const attributes = { 'event.name': 'api_request', 'event.timestamp': at(2), ...told }
  const record = {
    timeUnixNano: String(Date.parse(at(2)) * 1e6),
    body: { stringValue: 'claude_code.api_request' },
    attributes: Object.entries(attributes).map(([key, value]) => ({
      key,
      value: typeof value === 'string' ? { stringValue: value } : { doubleValue: value },
    })),
  }
  const scopeLogs = [{ scope: { name: 'com.anthropic.claude_code.events' }, logRecords: [record] }]
  const answered = await fetch(`${url}/v1/logs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceLogs: [{ resource: { attributes: [] }, scopeLogs }] }),
  })
  expect(answered.status).toBe(200)
}

interface Line {
  readonly sessionId: string
  readonly uuid: string
  readonly requestId?: string
}

const BASE_MS = Date.parse('2026-11-20T10:00:00Z')
const at = (minute: number): string => new Date(BASE_MS + minute * 60_000).toISOString()

function prompt(uuid: string, minute: number): Line {
  const message = { role: 'user', content: `prompt ${uuid}` }
  const line = { type: 'user', uuid, sessionId: '', timestamp: at(minute), cwd: '/x', message }
  return line
}

function answer(uuid: string, minute: number, output: number, id = uuid): Line {
  const usage = { input_tokens: 100, output_tokens: output }
  const content = [{ type: 'text', text: `answer ${uuid}` }]
  const message = { id: `msg_${id}`, model: 'claude-sonnet-4-5-20250929', content, usage }
  const version = '2.1.150'
  const line = { type: 'assistant', uuid, sessionId: '', timestamp: at(minute), cwd: '/x', version }
  return { ...line, requestId: `req_${id}`, message } as Line
}

/** As `/branch` copies lines. */
function branched(sessionId: string, lines: readonly Line[]): readonly Line[] {
  return lines.map((line) => {
    return { ...line, forkedFrom: { sessionId, messageUuid: line.uuid } }
  })
}

function tool(uuid: string, minute: number): Line {
  const line = answer(uuid, minute, 5)
  const content = [{ type: 'tool_use', id: `t_${uuid}`, name: 'Read', input: { file_path: '/x' } }]
  const { message } = line as unknown as { readonly message: object }
  return { ...line, message: { ...message, content } } as Line
}

function result(uuid: string, minute: number): Line {
  const content = [{ type: 'tool_result', tool_use_id: `t_${uuid}`, content: `read ${uuid}` }]
  return { ...prompt(`${uuid}-result`, minute), message: { role: 'user', content } } as Line
}

function write(folder: string, sessionId: string, lines: readonly Line[]): string {
  const path = join(folder, sessionId)
  rmSync(path, { recursive: true, force: true })
  mkdirSync(path)
  const file = join(path, `${sessionId}.jsonl`)
  writeFileSync(file, linesOf(sessionId, lines))
  return file
}

function linesOf(sessionId: string, lines: readonly Line[]): string {
  return lines.map((line) => `${JSON.stringify({ ...line, sessionId })}\n`).join('')
}

const ofA = [prompt('p1', 0), answer('a1', 1, 10), answer('a2', 2, 20)]
const ofB = [...ofA, prompt('p2', 60), answer('b1', 61, 40)]
const ofC = [...ofB, prompt('p3', 120), answer('c1', 121, 80)]

function told(rows: readonly SessionRow[]): unknown {
  return Object.fromEntries(
    rows.map(({ sessionId, modelCalls, tokens, prompts, title }) => [
      sessionId,
      { modelCalls, output: tokens.output, prompts, title },
    ]),
  )
}

const apart = {
  A: { modelCalls: 2, output: 30, prompts: 1, title: 'prompt p1' },
  B: { modelCalls: 1, output: 40, prompts: 1, title: 'prompt p2' },
  C: { modelCalls: 1, output: 80, prompts: 1, title: 'prompt p3' },
}

describe('forks of forks', () => {
  test.each(['ABC', 'ACB', 'BAC', 'BCA', 'CAB', 'CBA'])(
    'one after the other: %s',
    async (order) => {
      const { url } = await newBridge()
      const folder = newFolder()
      const files = { A: ofA, B: ofB, C: ofC }
      for (const id of order) {
        await importInto(url, [write(folder, id, files[id as keyof typeof files])])
      }
      expect(told(await sessionsOf(url))).toEqual(apart)
      await importInto(url, [folder], { again: true })
      expect(told(await sessionsOf(url))).toEqual(apart)
    },
  )

  describe('in one folder, each fork with a line of its own first', () => {
    const begunBy = (minute: number): Line =>
      ({
        type: 'queue-operation',
        uuid: `q${minute}`,
        timestamp: at(minute),
        sessionId: '',
      }) as Line
    const files = { A: ofA, B: [begunBy(30), ...ofB], C: [begunBy(90), ...ofC] }
    const put = (folder: string, id: string, text: string): void =>
      writeFileSync(join(folder, `${id}.jsonl`), text)

    test.each(['ABC', 'ACB', 'BAC', 'BCA', 'CAB', 'CBA'])(
      'one after the other: %s',
      async (order) => {
        const { url } = await newBridge()
        const folder = newFolder()
        for (const id of order) {
          put(folder, id, linesOf(id, files[id as keyof typeof files]))
          await importInto(url, [folder])
        }
        expect(told(await sessionsOf(url))).toEqual(apart)
        await importInto(url, [folder], { again: true })
        expect(told(await sessionsOf(url))).toEqual(apart)
      },
    )

    test('a line that its origin lost when that was cut is not charged to the fork', async () => {
      const { url } = await newBridge()
      const folder = newFolder()
      put(folder, 'A', linesOf('A', files.A).slice(0, -20))
      await importInto(url, [folder])
      put(folder, 'B', linesOf('B', files.B))
      await importInto(url, [folder])
      const expected = { A: apart.A, B: apart.B }
      expect(told(await sessionsOf(url))).toEqual(expected)
      put(folder, 'A', linesOf('A', files.A))
      await importInto(url, [folder])
      expect(told(await sessionsOf(url))).toEqual(expected)
    })
  })

  test('all at once, whatever their names say', async () => {
    const { url } = await newBridge()
    const folder = newFolder()
    const all = { z: ofA, m: ofB, a: ofC }
    for (const [id, lines] of Object.entries(all)) write(folder, id, lines)
    await importInto(url, [folder])
    expect(told(await sessionsOf(url))).toEqual({ z: apart.A, m: apart.B, a: apart.C })
  })

  test.each([
    { how: 'a new one', requestId: (id: string) => `${id}-again` },
    { how: 'none', requestId: () => undefined },
  ])('a copy with $how for its request', async ({ requestId }) => {
    const { url } = await newBridge()
    const folder = newFolder()
    const copied = ofA.map(({ requestId: id, ...line }) => {
      const given = id === undefined ? undefined : requestId(id)
      return { ...line, ...(given !== undefined && { requestId: given }) }
    })
    await importInto(url, [write(folder, 'B', [...copied, ...ofB.slice(ofA.length)])])
    await importInto(url, [write(folder, 'A', ofA)])
    expect(told(await sessionsOf(url))).toEqual({ A: apart.A, B: apart.B })
  })

  test('an answer of which the fork has the beginning counts with its end, once', async () => {
    const { url } = await newBridge()
    const folder = newFolder()
    const begun = [prompt('p1', 0), answer('a1', 1, 1, 'm1')]
    const whole = [...begun, answer('a1-end', 2, 50, 'm1')]
    await importInto(url, [write(folder, 'B', [...begun, ...ofB.slice(ofA.length)])])
    await importInto(url, [write(folder, 'A', whole)])
    const expected = { A: { ...apart.A, modelCalls: 1, output: 50 }, B: apart.B }
    expect(told(await sessionsOf(url))).toEqual(expected)
    await importInto(url, [folder], { again: true })
    expect(told(await sessionsOf(url))).toEqual(expected)
  })

  test('without content they are told apart as well', async () => {
    const { url } = await newBridge()
    const folder = newFolder()
    await importInto(url, [write(folder, 'B', ofB)], { content: 'drop' })
    await importInto(url, [write(folder, 'A', ofA)], { content: 'drop' })
    const untitled = { A: { ...apart.A, title: null }, B: { ...apart.B, title: null } }
    expect(told(await sessionsOf(url))).toEqual(untitled)
  })

  test('what was imported without content gets it by another import, and counts once', async () => {
    const { url } = await newBridge()
    const folder = newFolder()
    const title = { type: 'custom-title', customTitle: 'a title', sessionId: '', uuid: 't' }
    const file = write(folder, 'A', [...ofA, title])
    await importInto(url, [file], { content: 'drop' })
    const [dropped] = await sessionsOf(url)
    expect(dropped).toMatchObject({ title: null, modelCalls: 2, prompts: 1 })
    await importInto(url, [file], { again: true })
    const rows = await sessionsOf(url)
    expect(rows).toMatchObject([{ title: 'a title', modelCalls: 2, prompts: 1 }])
    expect(rows[0]?.costUsd).toBe(dropped?.costUsd)
    const turns = await turnsOf(url, rows)
    expect(turns).toMatchObject({
      A: [{ prompt: 'prompt p1', said: 'answer a2', modelCalls: 2 }],
    })
    // Neither one without content nor another one with it changes anything.
    await importInto(url, [file], { again: true, content: 'drop' })
    await importInto(url, [file], { again: true })
    expect(await sessionsOf(url)).toEqual(rows)
    expect(await turnsOf(url, rows)).toEqual(turns)
  })

  test('a long one of which telemetry told a part keeps its prompts', async () => {
    const { url } = await newBridge()
    const turns = 130
    const lines = Array.from({ length: turns }, (_, n) => [
      prompt(`p${n}`, 2 * n),
      answer(`a${n}`, 2 * n + 1, 2),
    ]).flat()
    const file = write(newFolder(), 'A', lines)
    await importInto(url, [file], { content: 'drop' })
    const attributesOf = (values: Readonly<Record<string, string | number>>) =>
      Object.entries(values).map(([key, value]) => ({
        key,
        value: typeof value === 'number' ? { intValue: value } : { stringValue: value },
      }))
    const scope = { name: 'com.anthropic.claude_code.events', version: '2.1.150' }
    const logRecords = Array.from({ length: 30 }, (_, n) => ({
      timeUnixNano: `${BASE_MS + 2 * n * 60_000}000000`,
      body: { stringValue: 'claude_code.user_prompt' },
      attributes: attributesOf({
        ...{ 'event.name': 'user_prompt', 'session.id': 'A', 'prompt.id': `p${n}` },
        ...{ 'event.sequence': n, prompt_length: 9 },
      }),
    }))
    const resource = { attributes: attributesOf({ 'service.name': 'claude-code' }) }
    const posted = await fetch(`${url}/v1/logs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ scope, logRecords }] }] }),
    })
    expect(posted.status).toBe(200)
    for (const again of [false, true, true]) {
      await importInto(url, [file], { again })
      expect(await sessionsOf(url)).toMatchObject([{ prompts: turns, modelCalls: turns }])
    }
  })

  test('an answer that is written in pieces is shown whole', async () => {
    const { url } = await newBridge()
    const folder = newFolder()
    const begun = answer('a1', 1, 1, 'm1') as Line & { readonly message: object }
    const thinking = { ...begun, message: { ...begun.message, content: [{ type: 'thinking' }] } }
    const lines = [prompt('p1', 0), thinking, answer('a1-end', 2, 900, 'm1')]
    await importInto(url, [write(folder, 'A', lines.slice(0, 2))])
    const file = join(folder, 'A', 'A.jsonl')
    writeFileSync(file, linesOf('A', lines))
    await importInto(url, [file])
    const rows = await sessionsOf(url)
    // 100 tokens at $3 and 900 at $15 a million.
    expect(rows).toMatchObject([{ costUsd: 0.0138 }])
    expect(await turnsOf(url, rows)).toEqual({
      A: [{ prompt: 'prompt p1', said: 'answer a1-end', modelCalls: 1, costUsd: 0.0138 }],
    })
  })

  test.each([
    ['first', 'telemetry', 'begun', 'whole'],
    ['in between', 'begun', 'telemetry', 'whole'],
    ['last', 'begun', 'whole', 'telemetry'],
  ])(
    'an answer that is written in pieces counts once, telemetry without ids %s',
    async (...order) => {
      const { url } = await newBridge()
      const folder = newFolder()
      const lines = [prompt('p1', 0), answer('a1', 1, 1, 'm1'), answer('a1-end', 2, 900, 'm1')]
      const counts = { model: 'claude-sonnet-4-5-20250929', input_tokens: 100, output_tokens: 900 }
      const steps: Record<string, () => Promise<unknown>> = {
        begun: () => importInto(url, [write(folder, 'A', lines.slice(0, 2))]),
        whole: () => {
          const file = join(folder, 'A', 'A.jsonl')
          writeFileSync(file, linesOf('A', lines))
          return importInto(url, [file])
        },
        telemetry: () => postCall(url, { 'session.id': 'A', ...counts, cost_usd: 0.0138 }),
      }
      for (const step of order) await steps[step]?.()
      const rows = await sessionsOf(url)
      expect(rows).toMatchObject([
        { modelCalls: 1, tokens: { input: 100, output: 900 }, costUsd: 0.0138 },
      ])
      const { A } = (await turnsOf(url, rows)) as { readonly A: readonly { modelCalls: number }[] }
      expect(A.map(({ modelCalls }) => modelCalls).filter((calls) => calls > 0)).toEqual([1])
    },
  )

  test('a long one is told apart, though not all of it is remembered', async () => {
    const { url } = await newBridge()
    const folder = newFolder()
    const long = Array.from({ length: 3500 }, (_, n) => answer(`l${n}`, n / 100, 2))
    const begun = [prompt('p1', 0), ...long]
    await importInto(url, [write(folder, 'B', [...begun, prompt('p2', 60), answer('b1', 61, 40)])])
    await importInto(url, [write(folder, 'A', begun)])
    expect(told(await sessionsOf(url))).toEqual({
      A: { ...apart.A, modelCalls: 3500, output: 7000 },
      B: apart.B,
    })
  })

  test('what was exported stays where it was', async () => {
    const { url } = await newBridge()
    const folder = newFolder()
    await importInto(url, [write(folder, 'B', ofB)], { isExported: true })
    await importInto(url, [write(folder, 'A', ofA)])
    expect(told(await sessionsOf(url))).toMatchObject({
      B: { modelCalls: 3, output: 70, prompts: 2 },
    })
  })

  test('a session that is gone leaves its lines to the fork', async () => {
    const { url } = await newBridge()
    const folder = newFolder()
    const fork = write(folder, 'B', ofB)
    await importInto(url, [fork])
    await importInto(url, [write(folder, 'A', ofA)])
    await fetch(`${url}/api/sessions/${encodeURIComponent('claude-code/A')}`, { method: 'DELETE' })
    await importInto(url, [fork], { again: true })
    const both = { modelCalls: 3, output: 70, prompts: 2, title: 'prompt p1' }
    expect(told(await sessionsOf(url))).toEqual({ B: both })
  })
})

const longA = [
  ...[prompt('p1', 0), tool('u1', 1), result('u1', 2), answer('a1', 3, 10)],
  ...[prompt('p2', 4), tool('u2', 5), result('u2', 6), answer('a2', 7, 20)],
]
const longB = [...longA, prompt('p3', 60), tool('u3', 61), result('u3', 62), answer('b1', 63, 40)]

/** All that is shown of sessions but when it was read. */
async function shownOf(url: string): Promise<unknown> {
  const rows = await sessionsOf(url)
  const details = rows.map(async ({ key }) => {
    const answered = await fetch(`${url}/api/sessions/${encodeURIComponent(key)}`)
    const { tools, models } = (await answered.json()) as { tools: unknown; models: unknown }
    return [key, { tools, models }] as const
  })
  return {
    figures: figuresOf(rows),
    turns: await turnsOf(url, rows),
    details: Object.fromEntries(await Promise.all(details)),
  }
}

type Step = readonly [file: 'A' | 'B', lines: number]

const growing: readonly { readonly order: string; readonly steps: readonly Step[] }[] = [
  {
    order: 'the origin, and the fork in the middle of a copy',
    steps: [
      ['A', 8],
      ['B', 3],
      ['B', 12],
    ],
  },
  {
    order: 'the fork in two pieces, and the origin',
    steps: [
      ['B', 3],
      ['B', 12],
      ['A', 8],
    ],
  },
  {
    order: 'a piece of the fork, the origin, the rest',
    steps: [
      ['B', 3],
      ['A', 8],
      ['B', 12],
    ],
  },
  {
    order: 'both grow, and the fork is ahead',
    steps: [
      ['A', 4],
      ['B', 5],
      ['B', 12],
      ['A', 8],
    ],
  },
  {
    order: 'both grow from the same',
    steps: [
      ['A', 4],
      ['B', 4],
      ['B', 12],
      ['A', 8],
    ],
  },
  {
    order: 'both are read while a tool runs',
    steps: [
      ['B', 2],
      ['A', 2],
      ['A', 8],
      ['B', 12],
    ],
  },
  {
    order: 'the fork in many pieces',
    steps: [
      ['A', 8],
      ['B', 2],
      ['B', 4],
      ['B', 7],
      ['B', 12],
    ],
  },
]

describe('a fork that is read while it is written', () => {
  describe.each([
    { where: 'beside its origin', folders: { A: 'x', B: 'x' }, orders: growing },
    { where: 'in another folder', folders: { A: 'y', B: 'x' }, orders: growing.slice(-2) },
  ])('$where', ({ folders, orders }) => {
    test.each(orders)('$order: the same as read at once', async ({ steps }) => {
      const lines = { A: longA, B: longB }
      const folder = newFolder()
      const { url } = await newBridge()
      for (const [id, count] of steps) {
        mkdirSync(join(folder, folders[id]), { recursive: true })
        writeFileSync(
          join(folder, folders[id], `${id}.jsonl`),
          linesOf(id, lines[id].slice(0, count)),
        )
        await importInto(url, [folder])
      }
      const grown = await shownOf(url)
      const fresh = await newBridge()
      await importInto(fresh.url, [folder])
      expect(grown).toEqual(await shownOf(fresh.url))
      await importInto(url, [folder], { again: true })
      expect(await shownOf(url)).toEqual(grown)
      expect(told(await sessionsOf(url))).toEqual({
        A: { modelCalls: 4, output: 40, prompts: 2, title: 'prompt p1' },
        B: { modelCalls: 2, output: 45, prompts: 1, title: 'prompt p3' },
      })
    })
  })

  test('keeps nothing of an origin that went on by itself', async () => {
    const { url } = await newBridge()
    const folder = newFolder()
    const put = (id: string, lines: readonly Line[]): void =>
      writeFileSync(join(folder, `${id}.jsonl`), linesOf(id, lines))
    put('A', ofA)
    await importInto(url, [folder])
    put('B', ofB)
    await importInto(url, [folder])
    put('A', [...ofA, prompt('p9', 300), answer('a9', 301, 7)])
    await importInto(url, [folder])
    const expected = {
      A: { modelCalls: 3, output: 37, prompts: 2, title: 'prompt p1' },
      B: apart.B,
    }
    expect(told(await sessionsOf(url))).toEqual(expected)
    await importInto(url, [folder], { again: true })
    expect(told(await sessionsOf(url))).toEqual(expected)
  })

  test('takes nothing by its name, where it has nothing of its own', async () => {
    const { url } = await newBridge()
    const folder = newFolder()
    const put = (id: string): void => writeFileSync(join(folder, `${id}.jsonl`), linesOf(id, ofA))
    put('s9')
    await importInto(url, [folder])
    put('s1')
    await importInto(url, [folder])
    const expected = { s9: apart.A }
    expect(told(await sessionsOf(url))).toMatchObject(expected)
    await importInto(url, [folder], { again: true })
    expect(told(await sessionsOf(url))).toMatchObject(expected)
  })

  test('stays what it is when the folder has another name', async () => {
    const { url } = await newBridge()
    const folder = newFolder()
    const put = (id: string, lines: readonly Line[]): void => {
      mkdirSync(join(folder, 'x'), { recursive: true })
      writeFileSync(join(folder, 'x', `${id}.jsonl`), linesOf(id, lines))
    }
    put('A', ofA)
    await importInto(url, [folder])
    put('B', ofB)
    await importInto(url, [folder])
    put('A', [...ofA, prompt('p9', 300), answer('a9', 301, 7)])
    await importInto(url, [folder])
    renameSync(join(folder, 'x'), join(folder, 'y'))
    await importInto(url, [folder])
    expect(told(await sessionsOf(url))).toMatchObject({ A: { modelCalls: 3 }, B: apart.B })
  })

  test('is told again without the content that it was imported without', async () => {
    const { url } = await newBridge()
    const folder = newFolder()
    const put = (id: string, lines: readonly Line[]): string => {
      const path = join(folder, `${id}.jsonl`)
      writeFileSync(path, linesOf(id, lines))
      return path
    }
    await importInto(url, [put('A', ofA)], { content: 'drop' })
    await importInto(url, [put('B', ofB.slice(0, 2))])
    await importInto(url, [put('B', ofB)])
    expect(told(await sessionsOf(url))).toEqual({ A: { ...apart.A, title: null }, B: apart.B })
  })
})

describe('what /branch writes', () => {
  const copy = branched('A', ofA)
  test.each([
    { order: 'before its origin', ids: ['B', 'A'] },
    { order: 'after it', ids: ['A', 'B'] },
  ] as const)('before anything is typed, $order: it is all of its origin', async ({ ids }) => {
    const { url } = await newBridge()
    const folder = newFolder()
    // The origin went on, so that its file ends later.
    const lines = { A: [...ofA, prompt('p9', 300), answer('a9', 301, 7)], B: copy }
    const expected = { A: { modelCalls: 3, output: 37, prompts: 2, title: 'prompt p1' } }
    for (const id of ids) await importInto(url, [write(folder, id, lines[id])])
    expect(told(await sessionsOf(url))).toMatchObject(expected)
    const grown = [...copy, prompt('p2', 60), answer('b1', 61, 40)]
    await importInto(url, [write(folder, 'B', grown)])
    expect(told(await sessionsOf(url))).toEqual({ ...expected, B: apart.B })
    await importInto(url, [folder], { again: true })
    expect(told(await sessionsOf(url))).toEqual({ ...expected, B: apart.B })
  })

  test('a chain of them leaves each its own', async () => {
    const { url } = await newBridge()
    const folder = newFolder()
    const put = (id: string, lines: readonly Line[]): void =>
      writeFileSync(join(folder, `${id}.jsonl`), linesOf(id, lines))
    const b = [...copy, prompt('p2', 60), answer('b1', 61, 40)]
    put('A', ofA)
    await importInto(url, [folder])
    for (const [id, lines] of [
      ['B', b],
      ['C', branched('B', b)],
      ['D', branched('C', branched('B', b))],
    ] as const) {
      put(id, lines)
      await importInto(url, [folder])
      expect(told(await sessionsOf(url))).toMatchObject({ A: apart.A, B: apart.B })
    }
    await importInto(url, [folder], { again: true })
    expect(told(await sessionsOf(url))).toMatchObject({ A: apart.A, B: apart.B })
  })

  test.each(['CAB', 'CBA', 'BCA', 'ACB'])(
    'a fork of a fork, while the others go on, each imported by itself: %s',
    async (order) => {
      const files = {
        A: [...ofA, prompt('p9', 300), answer('a9', 301, 7)],
        B: [...copy, prompt('p2', 60), answer('b1', 61, 40)],
        C: [...branched('B', copy), prompt('p3', 120), answer('c1', 121, 80)],
      }
      const { url } = await newBridge()
      const folder = newFolder()
      for (const id of order) {
        const path = join(folder, `${id}.jsonl`)
        writeFileSync(path, linesOf(id, files[id as keyof typeof files]))
        await importInto(url, [path])
      }
      const whole = { modelCalls: 3, output: 37, prompts: 2, title: 'prompt p1' }
      expect(told(await sessionsOf(url))).toEqual({ ...apart, A: whole })
    },
  )

  test('copies with ids of their own count once', async () => {
    const { url } = await newBridge()
    const folder = newFolder()
    const own = copy.map((line) => ({ ...line, uuid: `${line.uuid}-of-b` }))
    await importInto(url, [write(folder, 'A', ofA)])
    await importInto(url, [write(folder, 'B', [...own, prompt('p2', 60), answer('b1', 61, 40)])])
    expect(told(await sessionsOf(url))).toEqual({ A: apart.A, B: apart.B })
  })

  test('leaves to its origin what no other file has any more', async () => {
    const { url } = await newBridge()
    await importInto(url, [
      write(newFolder(), 'B', [...copy, prompt('p2', 60), answer('b1', 61, 40)]),
    ])
    expect(told(await sessionsOf(url))).toEqual({ A: apart.A, B: apart.B })
  })
})
