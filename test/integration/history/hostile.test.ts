/** Transcripts and folders that somebody made to do harm: nothing of them stops or fills the bridge. */
import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createHome, type Home } from '../cli/home.ts'
import { runBridge } from '../cli/patient.ts'
import { removeFolder, temporaryFolder } from '../corpus/bridge.ts'
import { storedBytes } from '../store.ts'
import { importInto, sessionsOf } from './bridge-import.ts'

const SECRET = 'ghp_9fK2mQ7xT4vB8nL1cR6wZ3yH5jD0sA9gPq2E'

const cleanUp: (() => unknown)[] = []
let home: Home
let dataDir: string
let url: string
let folder: string
beforeEach(async () => {
  home = createHome()
  dataDir = temporaryFolder()
  cleanUp.push(() => removeFolder(dataDir))
  const bridge = await runBridge(dataDir, undefined)
  cleanUp.push(() => bridge.stop())
  url = `http://127.0.0.1:${bridge.port}`
  folder = home.path('projects')
  mkdirSync(folder)
})
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

let lines = 0
function line(more: object): string {
  lines += 1
  const timestamp = new Date(Date.parse('2026-11-26T10:00:00Z') + lines * 1000).toISOString()
  return JSON.stringify({ sessionId: 'sound', uuid: `line-${lines}`, timestamp, ...more })
}

function prompt(text: string, more: object = {}): string {
  return line({ type: 'user', message: { role: 'user', content: text }, ...more })
}

function answer(id: string, content: readonly object[], more: object = {}): string {
  const usage = { input_tokens: 3, output_tokens: 2 }
  const model = 'claude-opus-5-5'
  return line({ type: 'assistant', requestId: id, message: { id, model, content, usage }, ...more })
}

const text = (of: string) => [{ type: 'text', text: of }]

function write(name: string, ...all: readonly string[]): string {
  const path = join(folder, name)
  writeFileSync(path, all.map((each) => `${each}\n`).join(''))
  return path
}

test('takes the neighbours of lines that are too long, too deep, or of nothing but brackets', async () => {
  const path = write('sound.jsonl', prompt('first'), answer('req-1', text('one')))
  // 100 MB of NUL bytes, as a disk leaves them that lost its power.
  const bytes = readFileSync(path).length
  truncateSync(path, bytes + 100_000_000)
  const deep = '['.repeat(40_000) + ']'.repeat(40_000)
  const wide = `{"type":"assistant","x":[${'[],'.repeat(3_000_000)}[]]}`
  const use = `[{"type":"tool_use","id":"deep","name":"Bash","input":{"a":${deep}}}]`
  const nested = answer('req-deep', []).replace('"content":[]', `"content":${use}`)
  for (const each of ['', nested, wide, '"just a text"', 'null', '[1]', '\u0000\u0000']) {
    appendFileSync(path, `${each}\n`)
  }
  appendFileSync(path, `${answer('req-2', text('two'))}\n`)
  const counts = await importInto(url, [folder])
  expect(counts).toMatchObject({ files: 1, refused: 0, unreadable: [] })
  expect(counts.damagedLines).toBeGreaterThanOrEqual(6)
  expect(await sessionsOf(url)).toMatchObject([{ prompts: 1, modelCalls: 3 }])
})

/** Prints the most memory that a process has had, in KB. */
const TELL_PEAK = `--import=data:text/javascript,${encodeURIComponent(
  "import { isMainThread } from 'node:worker_threads'\n" +
    "if (isMainThread) process.on('exit', () => console.error('peak', process.resourceUsage().maxRSS))",
)}`

async function peakOfImport(path: string): Promise<number> {
  const variables = { DATA_DIR: temporaryFolder(), NODE_OPTIONS: TELL_PEAK }
  cleanUp.push(() => removeFolder(variables.DATA_DIR))
  const { code, stderr } = await home.start(['import', path], variables)
  expect(code).toBe(0)
  return Number(/peak (\d+)/.exec(stderr)?.[1])
}

test.each(['input', 'output'])(
  'takes an %s of 20 MB in the memory of a short one',
  async (side) => {
    const short = write('neighbour.jsonl', prompt('second', { sessionId: 'neighbour' }))
    const path = write('sound.jsonl', prompt('first'))
    const long = `☃${'x'.repeat(20_000_000)}`
    for (let index = 0; index < 8; index += 1) {
      const id = `toolu-${index}`
      const input = { content: side === 'input' ? long : 'short' }
      const use = [{ type: 'tool_use', id, name: 'Write', input }]
      appendFileSync(path, `${answer(`req-${index}`, use)}\n`)
      if (side === 'input') continue
      const content = [{ type: 'tool_result', tool_use_id: id, content: long }]
      appendFileSync(path, `${line({ type: 'user', message: { role: 'user', content } })}\n`)
    }
    const extra = (await peakOfImport(folder)) - (await peakOfImport(short))
    expect(extra).toBeLessThan(150_000)
    const results = side === 'input' ? 0 : 8
    expect(await importInto(url, [folder])).toMatchObject({ files: 2, calls: 8, tools: results })
    expect(await sessionsOf(url)).toHaveLength(2)
  },
)

test('ends with a last line that never ends, and does not read it again and again', async () => {
  const path = write('sound.jsonl', prompt('first'), answer('req-1', text('one')))
  truncateSync(path, readFileSync(path).length + 60_000_000)
  expect(await importInto(url, [folder])).toMatchObject({ files: 1, damagedLines: 1 })
  expect(await importInto(url, [folder])).toMatchObject({ files: 0, knownFiles: 1 })
})

test.skipIf(process.platform === 'win32')(
  'follows no link, and waits for no pipe and no device',
  async () => {
    write('sound.jsonl', prompt('first'), answer('req-1', text('one')))
    const outside = home.path('outside.jsonl')
    writeFileSync(outside, `${prompt('not asked for', { sessionId: 'outside' })}\n`)
    symlinkSync(outside, join(folder, 'link.jsonl'))
    symlinkSync('/dev/zero', join(folder, 'zero.jsonl'))
    symlinkSync(folder, join(folder, 'loop'))
    execFileSync('mkfifo', [join(folder, 'pipe.jsonl')])
    expect(await importInto(url, [folder])).toMatchObject({ files: 1, unreadable: [] })
    expect(await importInto(url, ['/dev/zero', join(folder, 'pipe.jsonl')])).toMatchObject({
      files: 0,
    })
    expect(await sessionsOf(url)).toMatchObject([{ sessionId: 'sound' }])
  },
)

test('takes ids that are names of the language, and texts with NUL bytes', async () => {
  const use = { type: 'tool_use', id: '__proto__', name: 'constructor', input: { a: 1 } }
  const result = { type: 'tool_result', tool_use_id: '__proto__', content: 'do\u0000ne' }
  const path = write(
    'proto.jsonl',
    prompt('__proto__', { promptId: '__proto__' }),
    answer('__proto__', [use], { parentUuid: '__proto__' }),
    line({ type: 'user', message: { role: 'user', content: [result] } }),
    answer('hasOwnProperty', text('a\u0000b\ud800'), { agentId: '__proto__', isSidechain: true }),
  )
  expect(await importInto(url, [path])).toMatchObject({ refused: 0, damagedLines: 0 })
  const listed = await sessionsOf(url)
  expect(listed).toMatchObject([{ prompts: 1, modelCalls: 2, toolResults: 1 }])
  expect(await importInto(url, [path], { again: true })).toMatchObject({ refused: 0 })
  expect(await sessionsOf(url)).toEqual(listed)
})

test('keeps no secret of a transcript, nor of a line that is still to be completed', async () => {
  const use = { type: 'tool_use', id: 'open', name: 'Bash', input: { command: SECRET } }
  write(
    'sound.jsonl',
    prompt(`use ${SECRET}`, { sessionId: `sound-${SECRET}` }),
    answer('req-1', text(`it is ${SECRET}`)),
    answer('req-2', [use]),
    `{"type":"user","message":{"content":"${SECRET}"`,
  )
  expect(await importInto(url, [folder])).toMatchObject({ files: 1 })
  const kept = storedBytes(dataDir)
  expect(kept.length).toBeGreaterThan(2)
  for (const { name, bytes } of kept) expect(bytes.includes(SECRET), name).toBe(false)
})

test('takes a thousand small sessions in a few commits', async () => {
  for (let at = 0; at < 1000; at += 1) {
    const sessionId = `many-${at}`
    write(
      `${sessionId}.jsonl`,
      prompt('one', { sessionId }),
      answer(`req-${at}`, text('two'), { sessionId }),
    )
  }
  expect(await importInto(url, [folder])).toMatchObject({ files: 1000, sessions: 1000 })
  expect(await importInto(url, [folder])).toMatchObject({ files: 0, knownFiles: 1000 })
})

test('counts requests and tools that a gateway gave one id', async () => {
  const turn = (n: number): string[] => {
    const message = {
      id: 'chatcmpl-1',
      model: 'claude-opus-5-5',
      content: [{ type: 'tool_use', id: 'call_0', name: 'Bash', input: { n } }],
      usage: { input_tokens: 100 * n, output_tokens: 2 },
    }
    const result = [{ type: 'tool_result', tool_use_id: 'call_0', content: `output ${n}` }]
    return [
      prompt(`question ${n}`),
      ...[1, 2].map(() => line({ type: 'assistant', requestId: `req-${n}`, message })),
      line({ type: 'user', message: { role: 'user', content: result } }),
    ]
  }
  const first = [...turn(1), ...turn(2)]
  write('sound.jsonl', ...first)
  await importInto(url, [folder])
  write('sound.jsonl', ...first, ...turn(3))
  const codex = (n: number): string[] => {
    const event = (type: string, payload: object) =>
      JSON.stringify({ type, payload, timestamp: `2026-11-26T10:0${n}:00.000Z` })
    return [
      event('event_msg', { type: 'task_started', turn_id: `turn-${n}` }),
      event('event_msg', { type: 'user_message', message: `question ${n}` }),
      ...[1, 2].map(() =>
        event('response_item', { type: 'function_call', name: 'exec', call_id: 'call_0' }),
      ),
      event('token_usage_record', { usage: { input_tokens: n, output_tokens: 1 } }),
      event('response_item', { type: 'function_call_output', call_id: 'call_0', output: 'o' }),
    ]
  }
  const meta = JSON.stringify({ type: 'session_meta', payload: { id: 'thread' } })
  write('rollout.jsonl', meta, ...[1, 2, 3].flatMap(codex))
  for (const again of [false, true]) {
    await importInto(url, [folder], { again })
    const rows = await sessionsOf(url)
    const figures = rows.map(({ sessionId, modelCalls, toolResults, tokens }) => {
      return [sessionId, [modelCalls, toolResults, tokens.input]] as const
    })
    expect(Object.fromEntries(figures)).toEqual({ sound: [3, 3, 600], thread: [3, 3, 6] })
  }
})
