/** The chain as a whole: what comes in, in which order it is stored, and what is refused. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Attributes } from '../../../src/domain/json-value.ts'
import type { Arrival } from '../../../src/domain/session-store.ts'
import type {
  LogRecord,
  SpanRecord,
  TranscriptRecord,
} from '../../../src/domain/telemetry-record.ts'
import type { TraceChange } from '../../../src/domain/trace-store.ts'
import { createIntake, type IntakeDeps } from '../../../src/processors/chain.ts'
import { createBodyFiles } from '../../../src/processors/enrich/body-files.ts'
import { createFileReader } from '../../../src/processors/enrich/file-reader.ts'
import { maskEntries } from '../../../src/processors/redact/entry.ts'
import {
  createRecordMasker,
  type RecordMasker,
} from '../../../src/processors/redact/record-masker.ts'
import { createManualClock } from '../manual-clock.ts'
import { createMemoryTraces } from './memory-traces.ts'
import { processLogs } from './processed.ts'

const NOW = 1_795_229_600_000
const request = { arrivedMs: NOW, permit: { grow: () => true, shrink: () => undefined } }

const log = (n: number, attributes: Attributes, scopeName = 'com.anthropic.claude_code') => {
  const origin = { resource: {}, scopeName, scopeVersion: '1' }
  const record: LogRecord = {
    origin,
    timeMs: NOW - n,
    observedMs: undefined,
    eventName: `event-${n}`,
    body: null,
    attributes: { 'event.sequence': n, ...attributes },
  }
  return record
}

/** An intake that remembers what was stored, in one list for each commit. */
function createStand(folders: readonly string[] = [], deps: Partial<IntakeDeps> = {}) {
  const commits: (readonly Arrival[])[] = []
  const intake = createIntake({
    masker: createRecordMasker({
      mode: 'off',
      attributes: new Set(),
      userRules: [],
      content: new Set(),
    }),
    traces: createMemoryTraces(),
    bodies: createBodyFiles(createFileReader(createManualClock(0)), folders),
    store: async (arrivals) => {
      commits.push(arrivals)
    },
    ...deps,
  })
  return { intake, commits }
}

test('records are stored in the order in which they happened, the refused ones are not', async () => {
  const { intake, commits } = createStand()
  // Later ones come first, and some cannot be placed.
  const records = Array.from({ length: 1000 }, (_, n) => {
    return log(n, n % 10 === 0 ? {} : { 'session.id': 's1' })
  })
  const rejected = await intake.accept({ signal: 'log', records }, request)
  expect(rejected).toHaveLength(100)
  expect(commits).toHaveLength(1)
  expect(commits[0]).toEqual(processLogs(records, NOW).accepted)
  const times = (commits[0] ?? []).map(({ item }) => item.timeMs)
  expect(times).toHaveLength(900)
  expect(times).toEqual(times.toSorted((a, b) => a - b))
})

test('each refusal says why, whichever stage it comes from', async () => {
  const { intake, commits } = createStand()
  const nameless = { ...log(3, { 'session.id': 's1' }), eventName: '' }
  const records = [log(1, {}, 'somebody.else'), log(2, {}), nameless]
  const rejected = await intake.accept({ signal: 'log', records }, request)
  expect(rejected.map(({ reason }) => reason)).toEqual([
    'unknown_agent',
    'no_session',
    'no_event_name',
  ])
  expect(commits.flat()).toEqual([])
})

test('a body is stored with its record before the next is read', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'claude-telemetry-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const large = JSON.stringify({ messages: [], pad: 'x'.repeat(3_000_000) })
  const records = ['a', 'b', 'c', 'd'].map((name, n) => {
    writeFileSync(join(folder, name), large)
    return log(n, { 'session.id': 's1', body_ref: join(folder, name) })
  })
  const { intake, commits } = createStand([folder])
  expect(await intake.accept({ signal: 'log', records }, request)).toEqual([])
  expect(commits.map((arrivals) => arrivals.length)).toEqual([2, 2])
  const bodies = commits.flat().map(({ stored }) => {
    return stored.signal === 'log' ? stored.record.attributes.body : undefined
  })
  expect(bodies).toEqual(Array(4).fill(large))
})

test('what one request may have read is bounded over all of its lots', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'claude-telemetry-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'a'), '{"messages":[]}')
  const { intake, commits } = createStand([folder])
  const referring = (n: number) => log(n, { 'session.id': 's1', body_ref: join(folder, 'a') })
  await intake.accept({ signal: 'log', records: [referring(1)] }, request)
  await intake.accept({ signal: 'log', records: [referring(2)] }, request)
  await intake.accept({ signal: 'log', records: [referring(3)] }, { ...request })
  const unread = commits.flat().map(({ stored }) => {
    return stored.signal === 'log' ? stored.record.attributes.body_unread : undefined
  })
  expect(unread).toEqual([undefined, 'is with an earlier record of the same request', undefined])
})

test('a hook gets the labels of its folder, and comes from the agent it was posted by', async () => {
  const workspaces = { labels: async (folder: string) => ({ folder: `of ${folder}` }) }
  const { intake, commits } = createStand([], { workspaces })
  const body = { session_id: 's1', hook_event_name: 'SessionEnd', cwd: '/w' }
  const accept = (agent: string) =>
    intake.accept({ signal: 'hook', records: [{ agent, body, labels: {} }] }, request)
  expect(await accept('claude-code')).toEqual([])
  expect(commits.flat()).toMatchObject([
    {
      sessionKey: 'claude-code/s1',
      origin: { scopeName: 'hooks/claude-code' },
      stored: { signal: 'hook', record: { body, labels: { folder: 'of /w' } } },
      arrivedMs: NOW,
    },
  ])
  expect(await accept('nobody')).toHaveLength(1)
})

test('a store that fails rejects the request', async () => {
  const { intake } = createStand([], { store: () => Promise.reject(new Error('disk full')) })
  const records = [log(1, { 'session.id': 's1' })]
  await expect(intake.accept({ signal: 'log', records }, request)).rejects.toThrow('disk full')
})

test('records that their reader has masked are masked once, and counted', async () => {
  const settings = { mode: 'on', attributes: new Set<string>(), userRules: [] } as const
  const masker = createRecordMasker({ ...settings, content: new Set() })
  const others = createRecordMasker({ ...settings, content: new Set(['bodies']) })
  const token = 'ghp_abcdefghijklmnopqrstuvwxyz0123456789'
  const entry: TranscriptRecord = {
    origin: { resource: {}, scopeName: 'transcripts/claude-code', scopeVersion: '' },
    ...{ sessionId: 's1', name: 'prompt', key: 'prompt|1', timeMs: NOW },
    attributes: { prompt: `use ${token}` },
  }
  const passed: unknown[] = []
  const told: unknown[] = []
  const { intake, commits } = createStand([], {
    masker: {
      ...masker,
      mask: (record) => {
        passed.push(record)
        masker.mask(record)
      },
    },
    onMasked: (counts) => told.push(counts),
  })
  const accept = (by: RecordMasker) =>
    intake.accept(
      { signal: 'transcript', records: maskEntries(by, [entry]) },
      { ...request, maskedBy: by.fingerprint },
    )
  await accept(masker)
  expect(passed).toHaveLength(0)
  await accept(others)
  // Whoever masked by other settings is not believed.
  expect(passed).toHaveLength(1)
  await intake.accept({ signal: 'transcript', records: [entry] }, request)
  expect(passed).toHaveLength(2)
  const once = { 'github-token': 1 }
  expect(told).toEqual([once, once, once])
  const stored = commits.flat().map(({ stored: of }) => of.record)
  expect(stored[0]).toMatchObject({
    attributes: { prompt: 'use [masked: github-token]' },
    masked: once,
  })
  expect(stored[2]).toEqual(stored[0])
})

const SECRET_ID = 'ghp_9fK2mQ7xT4vB8nL1cR6wZ3yH5jD0sA9gPq2E'

const maskerIn = (mode: 'on' | 'off') =>
  createRecordMasker({ mode, attributes: new Set(), userRules: [], content: new Set() })

const chat = (spanId: string, attributes: Attributes): SpanRecord => ({
  origin: { resource: {}, scopeName: 'x', scopeVersion: '' },
  ...{ traceId: 't', spanId, name: 'chat', startMs: NOW - 2, endMs: NOW - 1 },
  attributes: { 'gen_ai.operation.name': 'chat', ...attributes },
  ...{ moments: [], statusCode: 0, statusMessage: '' },
})

test('what is known of a trace has no secret of an id', async () => {
  const memory = createMemoryTraces()
  const known: TraceChange[] = []
  const { intake, commits } = createStand([], {
    masker: maskerIn('on'),
    traces: {
      change: (owner, traces, heldVersion, learn) =>
        memory.change(owner, traces, heldVersion, (stored) => {
          const changes = learn(stored)
          known.push(...changes)
          return changes
        }),
    },
  })
  const records = [chat('named', { 'gen_ai.conversation.id': SECRET_ID }), chat('nameless', {})]
  await intake.accept({ signal: 'trace', records }, request)
  expect(known).toHaveLength(1)
  expect(JSON.stringify(known)).not.toContain(SECRET_ID)
  expect(JSON.stringify(commits)).not.toContain(SECRET_ID)
  const [named, nameless] = commits.flat()
  expect(named?.item.sessionId).toContain('masked')
  expect(nameless?.item.sessionId).toBe(named?.item.sessionId)
})

test('what was known of a trace before a rule is masked by it, as what comes', async () => {
  const traces = createMemoryTraces()
  const before = createStand([], { masker: maskerIn('off'), traces })
  const id = { 'gen_ai.conversation.id': SECRET_ID }
  await before.intake.accept({ signal: 'trace', records: [chat('first', id)] }, request)
  const { intake, commits } = createStand([], { masker: maskerIn('on'), traces })
  const records = [chat('nameless', {}), chat('named', id)]
  await intake.accept({ signal: 'trace', records }, request)
  expect(JSON.stringify(commits)).not.toContain(SECRET_ID)
  const [nameless, named] = commits.flat()
  expect(named?.item.sessionId).toContain('masked')
  expect(nameless?.item.sessionId).toBe(named?.item.sessionId)
})
