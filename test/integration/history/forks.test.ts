/** Forks: a copied line is of the session that wrote it first, in whatever order files and telemetry come. */
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { Turns } from '../../../src/api/contract/turn.ts'
import { newTestDatabase } from '../../postgres/database.ts'
import {
  bridgeEnvironment,
  removeFolder,
  startBridge,
  type TestBridge,
  temporaryFolder,
} from '../corpus/bridge.ts'
import {
  importInto,
  postTelemetry,
  type SessionRow,
  sessionsOf,
  withoutAttributes,
} from './bridge-import.ts'

const corpus = join(import.meta.dirname, '../../corpus/claude-code-transcripts')

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

async function newBridge(variables: Readonly<Record<string, string>> = {}): Promise<TestBridge> {
  const dataDir = temporaryFolder()
  const bridge = await startBridge({ ...bridgeEnvironment(dataDir), ...variables })
  cleanUp.push(
    () => removeFolder(dataDir),
    () => bridge.stop(),
  )
  return bridge
}

function newFolder(): string {
  const folder = temporaryFolder()
  cleanUp.push(() => removeFolder(folder))
  return folder
}

const engines = [
  { engine: 'SQLite', place: async () => ({}) },
  { engine: 'PostgreSQL', place: async () => ({ DATABASE_URL: (await newTestDatabase()).url }) },
]

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

describe.each(engines)('a recorded fork that is imported from elsewhere, in $engine', (of) => {
  test.each(['2.1.150-resume', '2.1.80-resume', '2.1.329-resume'])(
    '%s: before its origin it is what it is after it',
    async (name) => {
      const { truth, steps } = recordingOf(name)
      const ordered = await newBridge(await of.place())
      await steps.origin?.(ordered.url)
      await steps.fork?.(ordered.url)
      const { url } = await newBridge(await of.place())
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
      const { url } = await newBridge(await of.place())
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

function write(folder: string, sessionId: string, lines: readonly Line[]): string {
  const path = join(folder, sessionId)
  rmSync(path, { recursive: true, force: true })
  mkdirSync(path)
  const file = join(path, `${sessionId}.jsonl`)
  writeFileSync(file, lines.map((line) => `${JSON.stringify({ ...line, sessionId })}\n`).join(''))
  return file
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

describe.each(engines)('forks of forks, in $engine', ({ place }) => {
  test.each(['ABC', 'ACB', 'BAC', 'BCA', 'CAB', 'CBA'])(
    'one after the other: %s',
    async (order) => {
      const { url } = await newBridge(await place())
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

  test('all at once, whatever their names say', async () => {
    const { url } = await newBridge(await place())
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
    const { url } = await newBridge(await place())
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
    const { url } = await newBridge(await place())
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
    const { url } = await newBridge(await place())
    const folder = newFolder()
    await importInto(url, [write(folder, 'B', ofB)], { content: 'drop' })
    await importInto(url, [write(folder, 'A', ofA)], { content: 'drop' })
    const untitled = { A: { ...apart.A, title: null }, B: { ...apart.B, title: null } }
    expect(told(await sessionsOf(url))).toEqual(untitled)
  })

  test('what was imported without content gets it by another import, and counts once', async () => {
    const { url } = await newBridge(await place())
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

  test('a long one is told apart, though not all of it is remembered', async () => {
    const { url } = await newBridge(await place())
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
    const { url } = await newBridge(await place())
    const folder = newFolder()
    await importInto(url, [write(folder, 'B', ofB)], { isExported: true })
    await importInto(url, [write(folder, 'A', ofA)])
    expect(told(await sessionsOf(url))).toMatchObject({
      B: { modelCalls: 3, output: 70, prompts: 2 },
    })
  })

  test('a session that is gone leaves its lines to the fork', async () => {
    const { url } = await newBridge(await place())
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
