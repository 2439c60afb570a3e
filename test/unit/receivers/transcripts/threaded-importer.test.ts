/** The thread that reads transcripts, and what becomes of an import when it ends. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import type { TranscriptRecord } from '../../../../src/domain/telemetry-record.ts'
import type { TranscriptPosition } from '../../../../src/domain/transcript-files.ts'
import type { IngestRequest, SignalRecords } from '../../../../src/processors/record-processor.ts'
import {
  createRecordMasker,
  type MaskSettings,
} from '../../../../src/processors/redact/record-masker.ts'
import { parseUserRules } from '../../../../src/processors/redact/user-rules.ts'
import {
  createThreadedImporter,
  type ThreadedImporterDeps,
} from '../../../../src/receivers/transcripts/threaded-importer.ts'
import { createManualClock } from '../../manual-clock.ts'

const request = { content: 'keep', isExported: false } as const

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'claude-telemetry-thread-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

function importerWith(more: Partial<ThreadedImporterDeps> = {}) {
  const records: TranscriptRecord[] = []
  const positions = new Map<string, TranscriptPosition>()
  const importer = createThreadedImporter({
    intake: {
      accept: async (of: SignalRecords) => {
        if (of.signal === 'transcript') records.push(...of.records)
        return []
      },
    },
    positions: {
      get: async (path) => positions.get(path),
      put: async (all) => {
        for (const position of all) positions.set(position.path, position)
      },
      ranks: async (sessions) => sessions.map(() => undefined),
      rank: async () => {},
      toldBy: async (_, lines) => lines.map(() => undefined),
    },
    masking: { mode: 'on', attributes: new Set(), userRules: [], content: new Set(['prompts']) },
    clock: createManualClock(1_795_000_000_000),
    ...more,
  })
  onTestFinished(() => importer.close())
  return { importer, records, positions }
}

function transcript(): string {
  const path = join(folder(), 'one.jsonl')
  const common = { sessionId: 'one', timestamp: '2026-11-26T10:00:00Z' }
  const lines = [
    { ...common, type: 'user', uuid: 'u1', message: { role: 'user', content: 'a question' } },
    {
      ...{ ...common, type: 'assistant', uuid: 'u2', requestId: 'r1' },
      message: { id: 'm1', model: 'opus', content: [], usage: { input_tokens: 1 } },
    },
  ]
  writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  return path
}

test('hands over records, and what it remembers without content that is not kept', async () => {
  const path = transcript()
  const { importer, records, positions } = importerWith()
  const done = await importer.run({ ...request, paths: [path] }, () => {})
  expect(done).toMatchObject({ ok: true, value: { files: 1, prompts: 1, calls: 1, refused: 0 } })
  expect(records.map(({ name }) => name)).toEqual(['prompt', 'model_call'])
  expect([...positions.values()]).toMatchObject([{ path }])
  expect(JSON.stringify([...positions.values()])).not.toContain('a question')
})

test('hands over records that are masked, with the masker they have passed', async () => {
  const rules = parseUserRules('question: a q[a-z]+')
  if (!rules.ok) throw new Error(rules.error)
  const userRules = rules.value
  const masking: MaskSettings = {
    ...{ mode: 'strict', attributes: new Set(['model']), userRules },
    content: new Set(['responses']),
  }
  const requests: IngestRequest[] = []
  const records: TranscriptRecord[] = []
  const { importer, positions } = importerWith({
    masking,
    intake: {
      accept: async (of: SignalRecords, by) => {
        if (of.signal === 'transcript') records.push(...of.records)
        requests.push(by)
        return []
      },
    },
  })
  await importer.run({ ...request, paths: [transcript()] }, () => {})
  expect(records).toMatchObject([
    { name: 'prompt', attributes: { prompt: '[masked: question]' }, masked: { question: 1 } },
    { name: 'model_call', attributes: { model: '[masked: attribute]' }, masked: { attribute: 1 } },
  ])
  const { fingerprint } = createRecordMasker(masking)
  expect(requests).toMatchObject([{ maskedBy: fingerprint }])
  expect(JSON.stringify([...positions.values()])).not.toContain('a question')
})

test('says why an import ended with its thread, and begins another one', async () => {
  const dies = join(folder(), 'dies.mjs')
  writeFileSync(
    dies,
    "import { parentPort } from 'node:worker_threads'\nparentPort.on('message', () => process.exit(3))\n",
  )
  const { importer } = importerWith({ threadFile: pathToFileURL(dies) })
  for (let at = 0; at < 2; at += 1) {
    const done = await importer.run({ ...request, paths: ['/nowhere'] }, () => {})
    expect(done).toEqual({ ok: false, error: expect.stringMatching(/ended with 3.*Run it again/) })
  }
})

test('says that what was read could not be stored', async () => {
  const { importer } = importerWith({
    intake: { accept: () => Promise.reject(new Error('the disk is full')) },
  })
  const done = await importer.run({ ...request, paths: [transcript()] }, () => {})
  expect(done).toEqual({ ok: false, error: expect.stringMatching(/the disk is full/) })
})
