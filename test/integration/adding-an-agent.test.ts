/**
 * Follows docs/adding-an-agent.md to the letter: its files are written into a copy of the source, its
 * lines added to the lists it names, and nothing else is touched.
 */
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { removeFolder, temporaryFolder } from './corpus/bridge.ts'

const project = join(import.meta.dirname, '../..')
const guide = readFileSync(join(project, 'docs/adding-an-agent.md'), 'utf8')
const run = promisify(execFile)

/** Files by path, as the guide spells them out. */
const files = new Map(
  [...guide.matchAll(/^`(src\/[^`]+)`:\n\n```ts\n(.*?)```/gms)].map(([, path = '', text = '']) => [
    path,
    text,
  ]),
)
/** The lines that it adds to files that are there, and before which line of a list. */
const lines = [
  ...guide.matchAll(/^In `(src\/[^`]+)`, import it, and put it into .*?```ts\n(.*?)```/gms),
].map(([, path = '', text = '']) => ({ path, text }))

let copy: string
beforeAll(() => {
  copy = temporaryFolder()
  for (const name of ['src', 'package.json', 'tsconfig.json']) {
    cpSync(join(project, name), join(copy, name), { recursive: true })
  }
  symlinkSync(join(project, 'node_modules'), join(copy, 'node_modules'))
  for (const [path, text] of files) {
    mkdirSync(dirname(join(copy, path)), { recursive: true })
    writeFileSync(join(copy, path), text)
  }
  for (const { path, text } of lines) {
    const name = /\{ (\w+) \}/.exec(text)?.[1] ?? ''
    const before = path.endsWith('registry.ts') ? '  genai,\n' : '  semconv,\n]'
    const source = readFileSync(join(copy, path), 'utf8')
    const extended = source.replace(before, `  ${name},\n${before}`)
    if (extended === source) throw new Error(`${path} has no line to put ${name} before`)
    writeFileSync(join(copy, path), extended.replace(/^import /m, `${text}import `))
  }
})
afterAll(() => removeFolder(copy))

test('the guide has a dialect and a profile of less than 150 lines together', () => {
  expect([...files.keys()]).toEqual([
    'src/agents/genai/parakeet.ts',
    'src/agents/parrot/profile.ts',
  ])
  expect(lines.map(({ path }) => path)).toEqual([
    'src/agents/genai/profile.ts',
    'src/agents/registry.ts',
  ])
  const added = [...files.values(), ...lines.map(({ text }) => text)].join('')
  expect(added.split('\n').length).toBeLessThan(150)
})

test('they have the types that are asked for', async () => {
  const config = {
    extends: './tsconfig.json',
    include: ['src/agents/**/*.ts'],
    exclude: [],
  }
  writeFileSync(join(copy, 'tsconfig.agents.json'), JSON.stringify(config))
  const tsc = join(project, 'node_modules/typescript/bin/tsc')
  const args = [tsc, '--noEmit', '-p', join(copy, 'tsconfig.agents.json')]
  await expect(run(process.execPath, args)).resolves.toMatchObject({ stdout: '' })
})

const MAIN = `
const [processed, reduced, states] = await Promise.all(process.argv.slice(1).map((url) => import(url)))
const nowMs = 1795000000000
const origin = (scopeName) => ({ resource: {}, scopeName, scopeVersion: '' })
const log = (name, at, attributes) => ({
  origin: origin('parrot.telemetry'), timeMs: nowMs - 1000 + at, observedMs: undefined, eventName: '',
  body: null, attributes: { 'event.name': 'parrot.' + name, 'chat.id': 'c', n: at, ...attributes },
})
const span = (name, spanId, parentSpanId, attributes) => ({
  origin: origin('parakeet'), traceId: 't', spanId, parentSpanId, name, startMs: nowMs - 900,
  endMs: nowMs - 800, attributes: { 'parakeet.chat': 'p', ...attributes }, moments: [], statusCode: 0,
  statusMessage: '',
})
const logs = [
  log('prompt', 1, { id: 'p1', text: 'hello' }),
  log('answer', 2, { id: 'a1', model: 'm', 'tokens.in': 10, 'tokens.cached': 4, 'tokens.out': 3 }),
  log('tool', 3, { id: 't1', name: 'peck', ok: false, error: 'no seed' }),
]
const spans = [
  span('parakeet.ask', 'b', 'a', { 'parakeet.model': 'm', 'parakeet.tokens.in': 5, 'parakeet.tokens.out': 2, 'parakeet.tokens.cached': 7 }),
  span('parakeet.run', 'a', undefined, { 'parakeet.tokens.in': 5, 'parakeet.tokens.out': 2 }),
]
const policy = { idleTimeoutMs: 1e9, maxAgeMs: 1e9, quietTimeoutMs: 1e9, joinTimeoutMs: 1e9, sessionEndGraceMs: 1e9,
  hookContent: 'auto', tagLabels: [], maxContentLength: 1000, maxOpenTurns: 32, maxEndedTurns: 128, maxHeldItems: 250 }
const told = [{ signal: 'log', records: logs }, { signal: 'trace', records: spans }].map((records) => {
  const { accepted } = processed.processRecords(records, nowMs)
  const state = states.newSession(accepted[0].sessionKey, accepted[0].item, nowMs)
  const inputs = accepted.map(({ item }) => ({ kind: 'record', item, atMs: nowMs }))
  const { totals, key } = reduced.reduce(state, [...inputs, { kind: 'close', reason: 'idle', atMs: nowMs }], policy).state
  const { prompts, modelCalls, toolResults, toolFailures, usage } = totals
  return { key, prompts, modelCalls, toolResults, toolFailures, usage }
})
console.log(JSON.stringify(told))
`

test('their sessions add up', async () => {
  const urls = ['processors/stored-processor.ts', 'sessions/reduce.ts', 'sessions/state.ts'].map(
    (path) => pathToFileURL(join(copy, 'src', path)).href,
  )
  const args = ['--input-type=module', '-e', MAIN, ...urls]
  const { stdout } = await run(process.execPath, args, { cwd: copy })
  const told = JSON.parse(stdout) as unknown
  const usage = { cacheCreation: 0 }
  expect(told).toMatchObject([
    {
      ...{ key: 'parrot/c', prompts: 1, modelCalls: 1, toolResults: 1, toolFailures: 1 },
      usage: { ...usage, input: 6, cacheRead: 4, output: 3 },
    },
    {
      ...{ key: 'parakeet/p', prompts: 1, modelCalls: 1, toolResults: 0, toolFailures: 0 },
      usage: { ...usage, input: 5, cacheRead: 7, output: 2 },
    },
  ])
})
