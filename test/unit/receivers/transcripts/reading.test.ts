/** What is read of files that are not as an agent leaves them: marks, rewritten ones, ids and times that lack. */
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { TranscriptRecord } from '../../../../src/domain/telemetry-record.ts'
import type { TranscriptPosition } from '../../../../src/domain/transcript-files.ts'
import { createTranscriptImporter } from '../../../../src/receivers/transcripts/importer.ts'
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
    },
    sources: transcriptSources,
    clock: createManualClock(NOW_MS),
    batchRecords: 100,
  })
  /** What an import of a file tells, by name and key. */
  const read = async (path: string, content: 'keep' | 'drop' = 'keep') => {
    records.length = 0
    const done = await importer.run({ paths: [path], content, isExported: false }, () => {})
    if (!done.ok) throw new Error(done.error)
    return { counts: done.value, keys: records.map(({ key }) => key), records: [...records] }
  }
  const again = (path: string, content: 'keep' | 'drop' = 'keep') =>
    importer.run({ paths: [path], content, isExported: false, again: true }, () => {})
  return { read, again, store }
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
