/** What is read of files that are not as an agent leaves them: marks, rewritten ones, ids and times that lack. */
import {
  globSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { TranscriptRecord } from '../../../../src/domain/telemetry-record.ts'
import type { TranscriptPosition } from '../../../../src/domain/transcript-files.ts'
import { createTranscriptImporter } from '../../../../src/receivers/transcripts/importer.ts'
import { codexTranscripts } from '../../../../src/receivers/transcripts/codex/source.ts'
import { transcriptSources } from '../../../../src/receivers/transcripts/sources.ts'
import { createManualClock } from '../../manual-clock.ts'

/** Files are written now, and nothing more comes once their time has passed. */
const NOW_MS = Date.now() + 60_000
const AT = '2026-11-26T10:00:00.000Z'

function newImporter() {
  const records: TranscriptRecord[] = []
  const positions = new Map<string, TranscriptPosition>()
  const store = { fails: false }
  const importer = createTranscriptImporter({
    accept: async (of) => {
      if (store.fails) throw new Error('the store went away')
      records.push(...of)
      return []
    },
    redact: (attributes) => attributes,
    positions: {
      get: async (path) => positions.get(path),
      put: async (all) => {
        for (const position of all) positions.set(position.path, position)
      },
      ranks: async (sessions) => sessions.map(() => undefined),
      rank: async () => {},
      toldBy: async (_, lines) => lines.map(() => undefined),
    },
    sources: transcriptSources,
    clock: createManualClock(NOW_MS),
    batchRecords: 100,
  })
  /** What an import of a file tells, by name and key. */
  const read = async (
    path: string,
    content: 'keep' | 'drop' = 'keep',
    more: { readonly project?: string } = {},
  ) => {
    records.length = 0
    const request = { paths: [path], content, isExported: false, ...more }
    const done = await importer.run(request, () => {})
    if (!done.ok) throw new Error(done.error)
    return { counts: done.value, keys: records.map(({ key }) => key), records: [...records] }
  }
  const again = (path: string, content: 'keep' | 'drop' = 'keep') =>
    importer.run({ paths: [path], content, isExported: false, again: true }, () => {})
  return { read, again, store, positions }
}

function newFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'claude-telemetry-reading-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'one.jsonl')
}

type Fields = Readonly<Record<string, unknown>>

function prompt(uuid: string | undefined, more: Fields = {}): Fields {
  const message = { role: 'user', content: 'a question' }
  return { type: 'user', sessionId: 'one', uuid, timestamp: AT, message, ...more }
}

function answer(id: string | undefined, more: Fields = {}): Fields {
  const message = { id, model: 'opus', content: [], usage: { input_tokens: 1 } }
  return { type: 'assistant', sessionId: 'one', uuid: id, timestamp: AT, message, ...more }
}

const textOf = (lines: readonly Fields[]): string =>
  lines.map((line) => `${JSON.stringify(line)}\n`).join('')

const MARK = '\uFEFF'

test.each([
  ['one line that is complete', `${MARK}${textOf([prompt('p1')])}`, ['prompt|p1']],
  ['one line without an end', `${MARK}${JSON.stringify(prompt('p1'))}`, ['prompt|p1']],
  ['more', `${MARK}${textOf([prompt('p1'), answer('a1')])}`, ['prompt|p1', 'call|a1']],
])('a byte order mark costs nothing: %s', async (_, text, keys) => {
  const path = newFile()
  writeFileSync(path, text)
  const read = await newImporter().read(path)
  expect(read.keys).toEqual(keys)
  expect(read.counts.damagedLines).toBe(0)
})

test('lines of blanks are no damage', async () => {
  const path = newFile()
  const [first, second] = [prompt('p1'), answer('a1')].map((line) => JSON.stringify(line))
  writeFileSync(path, `${first}\r\n\r\n  \t\n \r\n\n${second}\n   \n`)
  const read = await newImporter().read(path)
  expect(read.keys).toEqual(['prompt|p1', 'call|a1'])
  expect(read.counts.damagedLines).toBe(0)
})

test('a file that is written anew with as many bytes is read again', async () => {
  const path = newFile()
  const { read } = newImporter()
  writeFileSync(path, textOf([prompt('p1'), answer('a1')]))
  utimesSync(path, 1000, 1000)
  expect((await read(path)).keys).toEqual(['prompt|p1', 'call|a1'])
  expect((await read(path)).counts).toMatchObject({ files: 0, knownFiles: 1 })
  writeFileSync(path, textOf([prompt('p1'), answer('b1')]))
  utimesSync(path, 2000, 2000)
  expect((await read(path)).keys).toEqual(['prompt|p1', 'call|b1'])
  expect((await read(path)).counts).toMatchObject({ files: 0, knownFiles: 1 })
})

test.each([
  ['an answer', answer(undefined)],
  ['an answer of no model', answer('a9', { message: { id: 'a9', content: [] } })],
  ['a prompt', prompt(undefined)],
  [
    'a result',
    prompt('p9', { message: { role: 'user', content: [{ type: 'tool_result', content: 'x' }] } }),
  ],
])('%s that nothing can name is counted as damaged', async (_, line) => {
  const path = newFile()
  writeFileSync(path, textOf([prompt('p1'), line, answer('a1')]))
  const { keys, counts } = await newImporter().read(path)
  expect(keys).toEqual(['prompt|p1', 'call|a1'])
  expect(counts.damagedLines).toBe(1)
})

test.each([
  '9999-12-31T23:59:59Z',
  '+275760-09-13T00:00:00.000Z',
  '1969-01-01T00:00:00Z',
  '0001-01-01T00:00:00Z',
  new Date(NOW_MS + 30 * 86_400_000).toISOString(),
  -1,
  0,
  1e300,
  'garbage',
  {},
  null,
])('a line dated %j happened when the one before it did', async (timestamp) => {
  const path = newFile()
  writeFileSync(path, textOf([prompt('p1'), answer('a1', { timestamp }), prompt('p2')]))
  const { records } = await newImporter().read(path)
  expect(records.map(({ timeMs }) => timeMs)).toEqual(Array(3).fill(Date.parse(AT)))
})

test('a file that begins with such a time is as old as its first line that can be', async () => {
  const path = newFile()
  writeFileSync(path, textOf([prompt('p1', { timestamp: '9999-12-31T23:59:59Z' }), answer('a1')]))
  const { records } = await newImporter().read(path)
  expect(records.map(({ timeMs }) => timeMs)).toEqual([Date.parse(AT), Date.parse(AT)])
  expect(records[0]?.rank).toEqual({ begunMs: Date.parse(AT), order: Date.parse(AT) })
})

test('web searches of an answer are told with its tokens, and those of its last line count', async () => {
  const path = newFile()
  const searched = (web_search_requests: unknown): Fields => ({
    message: {
      id: 'm1',
      model: 'opus',
      content: [],
      usage: { input_tokens: 1, output_tokens: 5, server_tool_use: { web_search_requests } },
    },
  })
  writeFileSync(
    path,
    textOf([prompt('p1'), answer('m1', searched(1)), answer('m1', searched(3)), prompt('p2')]),
  )
  const { records } = await newImporter().read(path)
  const calls = records.filter(({ name }) => name === 'model_call')
  expect(calls.map(({ attributes }) => attributes.web_search_requests)).toEqual([3])
})

test('without content nothing of a title stays', async () => {
  const path = newFile()
  const title = { type: 'custom-title', sessionId: 'one', customTitle: 'a secret plan' }
  writeFileSync(path, textOf([prompt('p1'), title]))
  const { records } = await newImporter().read(path, 'drop')
  expect(records.map(({ name }) => name)).toContain('title')
  expect(JSON.stringify(records)).not.toMatch(/secret|question/)
})

test('what is read again goes on with the next import when it is ended', async () => {
  const path = newFile()
  writeFileSync(path, textOf([prompt('p1'), answer('a1')]))
  const { read, again, store } = newImporter()
  await read(path, 'drop')
  expect((await read(path)).keys).toEqual([])
  store.fails = true
  expect(await again(path, 'drop')).toMatchObject({ ok: false })
  store.fails = false
  // As it was asked for, and not as this import asks.
  const { keys, records } = await read(path)
  expect(keys).toEqual(['prompt|p1', 'call|a1'])
  expect(JSON.stringify(records)).not.toContain('question')
  expect((await read(path)).keys).toEqual([])
})

test.each(['the first line', 'the one after a small one'])(
  'a message of many megabytes is read where it is %s',
  async (place) => {
    const path = newFile()
    const content = [
      { type: 'image', source: { data: 'x'.repeat(3_000_000) } },
      { type: 'text', text: 'look' },
    ]
    const long = prompt('p1', { message: { role: 'user', content } })
    const small = { type: 'mode', sessionId: 'one', mode: 'default' }
    const lines = [...(place === 'the first line' ? [] : [small]), long, answer('a1')]
    writeFileSync(path, textOf(lines))
    const { keys, records, counts } = await newImporter().read(path)
    expect(keys).toEqual(['prompt|p1', 'call|a1'])
    expect(records[0]?.rank?.begunMs).toBe(Date.parse(AT))
    expect(counts.damagedLines).toBe(0)
  },
)

const summary = (index: number) => ({
  type: 'summary',
  summary: `work ${index}`,
  leafUuid: `l${index}`,
})
const snapshot = (text: string) => ({
  type: 'file-history-snapshot',
  messageId: 'm',
  snapshot: { text },
})

test.each([
  ['summaries', Array.from({ length: 60 }, (_, index) => summary(index))],
  ['snapshots', Array.from({ length: 45 }, () => snapshot(''))],
  ['a long snapshot', [snapshot('y'.repeat(300_000))]],
  ['long snapshots', Array.from({ length: 8 }, () => snapshot('☃'.repeat(1_000_000)))],
  ['lines of a later version', Array.from({ length: 50 }, (_, index) => ({ later: index }))],
])('a session is read whose file begins with %s', async (_, before) => {
  const path = newFile()
  writeFileSync(path, textOf([...before, prompt('p1'), answer('a1')]))
  const { counts, keys } = await newImporter().read(path)
  expect(keys).toEqual(['prompt|p1', 'call|a1'])
  expect(counts.skippedFiles.unrecognised).toBe(0)
})

test('a file with nothing but summaries is of an agent, and one of another format is named', async () => {
  const path = newFile()
  const folder = dirname(path)
  writeFileSync(path, textOf([summary(1), summary(2)]))
  const other = join(folder, 'other.jsonl')
  writeFileSync(other, '{"some":"thing"}\n')
  const { read } = newImporter()
  const { counts } = await read(folder)
  expect(counts).toMatchObject({ files: 1, sessions: 0, skippedFiles: { unrecognised: 1 } })
  expect(counts.leftOut).toEqual([`${other}: no line of Claude Code or Codex CLI`])
  expect(counts.unreadable).toEqual([])
  expect((await read(other)).counts.unreadable).toEqual(counts.leftOut)
})

test('a file that is written anew, longer and with the same first line, is read from its beginning', async () => {
  const path = newFile()
  const first = prompt('p1')
  writeFileSync(path, textOf([first, answer('a1'), answer('a2')]))
  const { read } = newImporter()
  await read(path)
  const others = Array.from({ length: 9 }, (_, index) => answer(`b${index}`))
  writeFileSync(path, textOf([first, ...others]))
  const { keys, counts } = await read(path)
  expect(keys).toEqual(['prompt|p1', ...others.map(({ uuid }) => `call|${String(uuid)}`)])
  expect(counts.damagedLines).toBe(0)
  writeFileSync(path, textOf([first, ...others, answer('c1')]))
  expect((await read(path)).keys).toEqual(['call|c1'])
})

test('a position of an earlier version goes on where it was', async () => {
  const path = newFile()
  writeFileSync(path, textOf([prompt('p1'), answer('a1')]))
  const { read, positions } = newImporter()
  await read(path)
  for (const [key, position] of positions) {
    const { trail, ...state } = JSON.parse(position.state) as { readonly trail?: string }
    expect(trail).toBeTypeOf('string')
    positions.set(key, { ...position, state: JSON.stringify(state) })
  }
  writeFileSync(path, textOf([prompt('p1'), answer('a1'), answer('a2')]))
  expect((await read(path)).keys).toEqual(['call|a2'])
})

test.each([
  ['/home/dev/tools', '/home/dev/tools/', true],
  ['/home/dev/tools', 'tools/', true],
  ['/home/dev/tools/', '/home/dev/tools', true],
  ['C:\\Users\\dev\\win', 'C:/Users/dev/win', true],
  ['C:\\Users\\dev\\win', 'C:/Users/dev/win/', true],
  ['C:\\Users\\dev\\win', 'win', true],
  ['/home/dev/tools', '/home/dev', false],
  ['/home/dev/tools', 'tool', false],
  ['/', '/', true],
])('work in %s is of project %s: %s', async (cwd, project, isOf) => {
  const path = newFile()
  writeFileSync(path, textOf([prompt('p1', { cwd })]))
  expect((await newImporter().read(path, 'keep', { project })).counts.files).toBe(isOf ? 1 : 0)
})

test.skipIf(process.platform === 'win32')(
  'a folder behind a link is read once, and a link to a file is named',
  async () => {
    const path = newFile()
    const root = dirname(path)
    const projects = join(root, 'projects')
    for (const name of ['projects/own', 'elsewhere/session/subagents']) {
      mkdirSync(join(root, name), { recursive: true })
    }
    writeFileSync(join(projects, 'own/own.jsonl'), textOf([prompt('own')]))
    writeFileSync(join(root, 'elsewhere/far.jsonl'), textOf([prompt('far')]))
    writeFileSync(join(root, 'elsewhere/session/subagents/agent-a.jsonl'), textOf([answer('sub')]))
    writeFileSync(path, textOf([prompt('file')]))
    symlinkSync(join(root, 'elsewhere'), join(projects, 'a-link'))
    symlinkSync(join(root, 'elsewhere'), join(projects, 'another-link'))
    symlinkSync(join(projects, 'own'), join(projects, 'a-link-to-a-neighbour'))
    symlinkSync(projects, join(projects, 'own/loop'))
    symlinkSync(join(root, 'elsewhere'), join(root, 'elsewhere/loop'))
    symlinkSync('nowhere', join(projects, 'broken'))
    symlinkSync('circle', join(projects, 'circle'))
    symlinkSync(path, join(projects, 'link.jsonl'))
    const { counts, keys } = await newImporter().read(projects)
    expect([...keys].sort()).toEqual(['call|sub', 'prompt|far', 'prompt|own'])
    expect(counts).toMatchObject({ files: 3, unreadable: [] })
    expect(counts.leftOut).toEqual([
      expect.stringMatching(/link\.jsonl: a link to a file; .*one\.jsonl$/),
    ])
  },
)

/** Under the claim it is found again where it was imported without. A title has a key of its own then. */
test.each(['claude-code-transcripts', 'codex-rollouts'])(
  'whatever has content can be told again with it: %s',
  async (corpus) => {
    const folder = join(import.meta.dirname, '../../../corpus', corpus)
    const names = new Set<string>()
    const { read } = newImporter()
    for (const file of globSync('**/*.jsonl', { cwd: folder })) {
      for (const { name, claim, attributes } of (await read(join(folder, file))).records) {
        const { prompt: asked, response, input, output, answer: said, error } = attributes
        const hasContent = [asked, response, input, output, said, error].some(Boolean)
        if (hasContent && claim === undefined) names.add(name)
      }
    }
    expect([...names]).toEqual([])
  },
)

test('a fork that an earlier version read to the middle of its copies goes on there', () => {
  const own = '01a217d6-9cee-7161-b462-c482db4f6840'
  const former = {
    thread: { threadId: own, sessionId: own, forkedFrom: 'parent' },
    ...{ place: {}, prompts: 2, tools: {}, text: '', asksForTools: false },
    ...{ beganMs: Date.parse(AT), isReplay: true },
  }
  const reader = codexTranscripts.createReader('rollout.jsonl', former, undefined, own)
  const read = (timestamp: string, payload: Fields) =>
    reader.read({ type: 'event_msg', timestamp, payload })?.map(({ name }) => name)
  const at = '2026-11-26T10:00:01.000Z'
  expect(read(at, { type: 'user_message', message: 'copied' })).toEqual([])
  const task = { type: 'task_started', turn_id: 'a', started_at: 1_795_687_100 }
  expect(read(at, task)).toEqual([])
  expect(read(at, { type: 'user_message', message: 'copied too' })).toEqual([])
  expect(read(at, { type: 'task_started', turn_id: 'b' })).toEqual([])
  expect(read(at, { type: 'user_message', message: 'may be its own' })).toEqual(['prompt'])
})

describe('a fork of Codex whose lines do not say what they are', () => {
  const meta = (id: string, more: Fields = {}): Fields => ({
    type: 'session_meta',
    timestamp: AT,
    payload: { id, timestamp: AT, ...more },
  })
  const event = (payload: Fields, timestamp = '2026-11-26T10:00:05.000Z'): Fields => ({
    type: 'event_msg',
    timestamp,
    payload,
  })
  const started = (turn_id: string, more: Fields = {}): Fields =>
    event({ type: 'task_started', turn_id, ...more })
  const asked = event({ type: 'user_message', message: 'a question' })
  const own = '01a217d6-9cee-7161-b462-c482db4f6840'
  const fork = [meta(own, { forked_from_id: 'parent' }), meta('parent')]
  const thread = event({ type: 'thread_settings_applied', thread_id: own })
  const older = '01a217d6-0000-7161-b462-c482db4f6840'
  const newer = '01a217d7-0000-7161-b462-c482db4f6840'

  // The thread began at 12:31 by its id, and at 10:00 by its line: both clocks are of the same day.
  test.each([
    ['its turn has an older id', [...fork, started(older), asked], 0],
    ['its turn has a newer id', [...fork, started(newer), asked], 1],
    ['its turn began before it', [...fork, started('t', { started_at: 1_795_687_199 }), asked], 0],
    ['its turn began after it', [...fork, started('t', { started_at: 1_795_687_201 }), asked], 1],
    [
      'its turn began in the same second',
      [...fork, started('t', { started_at: 1_795_687_200 }), asked],
      1,
    ],
    [
      'they contradict each other',
      [...fork, started(older, { started_at: 1_795_687_201 }), asked],
      1,
    ],
    ['neither is there', [...fork, started('t'), asked], 1],
    ['it is named', [...fork, started(older), thread, asked], 1],
    ['no turn is told', [...fork, asked], 1],
    ['it was written with the first line', [...fork, { ...asked, timestamp: AT }], 0],
    ['no fork', [meta(own), started(older, { started_at: 1_795_687_000 }), asked], 1],
    [
      'its own first line comes twice',
      [meta('fixture'), meta('fixture'), started(older), asked],
      1,
    ],
  ])('%s', async (_, lines, prompts) => {
    const path = newFile()
    const id = lines[0] && (lines[0].payload as Fields).id === 'fixture' ? '' : `-${own}`
    const rollout = join(path, '..', `rollout-2026-11-26T10-00-00${id}.jsonl`)
    writeFileSync(rollout, textOf(lines))
    const { records } = await newImporter().read(rollout)
    expect(records.map(({ name }) => name)).toEqual(Array.from({ length: prompts }, () => 'prompt'))
  })
})

test('what many tools are given is told early where it is too much to wait with', async () => {
  const path = newFile()
  const uses = Array.from({ length: 60 }, (_, index) => {
    const input = { content: '☃'.repeat(100_000) }
    const content = [{ type: 'tool_use', id: `t${index}`, name: 'Write', input }]
    const message = { id: `a${index}`, model: 'opus', content, usage: { input_tokens: 1 } }
    return answer(`a${index}`, { message })
  })
  const results = uses.map((_, index) => {
    const content = [{ type: 'tool_result', tool_use_id: `t${index}`, content: 'done' }]
    return prompt(`r${index}`, { message: { role: 'user', content } })
  })
  writeFileSync(path, textOf(uses))
  const { records } = await newImporter().read(path)
  const inputs = records.filter(({ name }) => name === 'tool_use')
  expect(inputs.map(({ key }) => key)).toEqual(uses.map((_, index) => `use|t${index}`))
  // Read in one, the last ones are told with their results.
  writeFileSync(path, textOf([...uses, ...results]))
  const whole = await newImporter().read(path)
  expect(whole.counts).toMatchObject({ calls: 60, tools: 60 })
  const told = whole.records.filter(({ name }) => name === 'tool_use').length
  expect(told).toBe(40)
  const withInput = whole.records.filter(
    ({ name, attributes }) => name === 'tool_result' && attributes.input !== undefined,
  )
  expect(withInput).toHaveLength(20)
})
