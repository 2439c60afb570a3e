/** The card of a session: what it says, at which widths, and what it leaves out. */
import { describe, expect, test } from 'vitest'
import { widthOf } from '../../../src/cli/plain-text.ts'
import { sessionCard } from '../../../src/cli/session-card.ts'
import type { Session } from '../../../src/api/contract/session.ts'
import type { WasteFinding } from '../../../src/api/contract/waste.ts'
import { printed, terminalOf } from './printed.ts'

const nothing = { input: 0, output: 0, cacheRead: 0, cacheCreation: 0 }
const quiet: Session = {
  session: {
    key: 'claude-code/3f2a91c0-5d5e-4b3f-9a52-1c2d3e4f5a6b',
    agent: 'claude-code',
    sessionId: '3f2a91c0-5d5e-4b3f-9a52-1c2d3e4f5a6b',
    title: null,
    userId: null,
    project: null,
    team: null,
    isOpen: true,
    closeReason: null,
    firstMs: Date.parse('2026-11-21T09:30:00Z'),
    lastMs: Date.parse('2026-11-21T09:30:00Z'),
    costUsd: 0,
    estimatedUsd: 0,
    metricsUsd: 0,
    unpricedCalls: 0,
    tokens: nothing,
    prompts: 0,
    modelCalls: 0,
    toolResults: 0,
    errors: 0,
  },
  strip: {
    costUsd: 0,
    estimatedUsd: 0,
    metricsUsd: 0,
    unpricedCalls: 0,
    tokens: nothing,
    cacheHitRatio: null,
    durationMs: 0,
    activeUserS: 0,
    activeAgentS: 0,
    prompts: 0,
    modelCalls: 0,
    modelErrors: 0,
    toolResults: 0,
    toolFailures: 0,
    toolRefusals: 0,
    subagents: 0,
    linesAdded: 0,
    linesRemoved: 0,
    commits: 0,
    pullRequests: 0,
    editsAccepted: 0,
    editsRejected: 0,
    errors: 0,
  },
  scores: [],
  masked: {},
  models: [],
  tools: [],
  turns: [],
  omittedTurns: 0,
  turnsCursor: null,
  attributes: {},
  omittedAttributes: 0,
  work: [],
  files: [],
  omittedFiles: 0,
  agentVersion: null,
  reconciliation: null,
  langfuseUrl: null,
}

const tokens = { input: 12_345, output: 30_000, cacheRead: 1_100_000, cacheCreation: 50_000 }
const busy: Session = {
  ...quiet,
  session: {
    ...quiet.session,
    title: 'Fix the login test\u001b[31m, which has failed since the library was updated last week',
    userId: 'anna@example.com',
    project: 'web',
    team: 'core',
    isOpen: false,
    closeReason: 'idle',
  },
  strip: {
    ...quiet.strip,
    costUsd: 4.2,
    estimatedUsd: 0,
    metricsUsd: 0,
    unpricedCalls: 0,
    tokens,
    cacheHitRatio: 0.9464,
    durationMs: 3_900_000,
    activeUserS: 720,
    activeAgentS: 2400,
    prompts: 1,
    modelCalls: 42,
    modelErrors: 1,
    toolResults: 80,
    toolFailures: 3,
    toolRefusals: 1,
    linesAdded: 120,
    linesRemoved: 30,
    commits: 2,
    pullRequests: 1,
    editsAccepted: 10,
    editsRejected: 1,
    errors: 4,
  },
  scores: [
    { name: 'quality', value: 92.4, max: 100, comment: '' },
    { name: 'tool_success_rate', value: 0.9625, max: 1, comment: '' },
  ],
  models: [
    {
      model: 'claude-opus-5-5',
      calls: 42,
      errors: 1,
      costUsd: 4.2,
      estimatedUsd: 0,
      metricsUsd: 0,
      unpricedCalls: 0,
      tokens,
      avgMs: 3200,
      p95Ms: 9000,
      ttftMs: null,
    },
  ],
  tools: [
    {
      tool: 'Bash',
      results: 80,
      failures: 3,
      refusals: 0,
      successRate: 0.9625,
      avgMs: 100,
      p95Ms: 900,
    },
  ],
  turns: [
    {
      key: 'p1',
      ordinal: 1,
      startMs: Date.parse('2026-11-21T09:30:05Z'),
      endMs: Date.parse('2026-11-21T10:35:05Z'),
      isSynthetic: false,
      command: null,
      prompt: { text: 'Fix the login test\nplease', note: null },
      answer: { text: null, note: null },
      costUsd: 4.2,
      estimatedUsd: 0,
      metricsUsd: 0,
      unpricedCalls: 0,
      tokens,
      modelCalls: 42,
      toolResults: 80,
      errors: 4,
      truncated: false,
      langfuseUrl: null,
    },
  ],
  reconciliation: { eventsUsd: 4.2, metricsUsd: 4.5, eventsTokens: 0, metricsTokens: 0 },
}

const card = (session: Session, columns?: number, waste: readonly WasteFinding[] = []) =>
  printed(sessionCard(session, waste, terminalOf(columns === undefined ? {} : { columns }), 'UTC'))

test('says everything that there is', () => {
  expect(card(busy).split('\n')).toEqual([
    'Fix the login test, which has failed since the library was updated last week',
    'claude-code  3f2a91c0-5d5e-4b3f-9a52-1c2d3e4f5a6b',
    'anna@example.com · project web · team core · 2026-11-21 09:30 · closed as idle',
    '',
    'Cost       $4.20',
    'Tokens     1.2M: 12.3K in, 30.0K out, cache 1.1M read, 50.0K written',
    'Cache      94.6% of all input was read from it',
    'Time       1h 5m, active: you 12m, the agent 40m',
    'Prompts    1',
    'Calls      42, 1 failed',
    'Tools      80, 3 failed, 1 refused',
    'Errors     4',
    'Work       +120 −30 lines, 2 commits, 1 pull request, 10 of 11 edits accepted',
    'Scores     quality 92.4, tool success rate 96.3%',
    'Metrics    report $4.50, $0.30 different from the events',
    '',
    'MODEL            CALLS  FAILED   COST  TOKENS  MEAN   P95  FIRST TOKEN',
    'claude-opus-5-5     42       1  $4.20    1.2M  3.2s  9.0s            –',
    '',
    'TOOL  RESULTS  FAILED  REFUSED  SUCCESS   MEAN    P95',
    'Bash       80       3             96.3%  100ms  900ms',
    '',
    '#  AT         TOOK   COST  TOKENS  CALLS  TOOLS  ERRORS  PROMPT',
    '1  09:30:05  1h 5m  $4.20    1.2M     42     80       4  Fix the login test please',
  ])
})

test('leaves out what says nothing', () => {
  expect(card(quiet).split('\n')).toEqual([
    '(no title: no prompt is stored)',
    'claude-code  3f2a91c0-5d5e-4b3f-9a52-1c2d3e4f5a6b',
    '2026-11-21 09:30 · open',
    '',
    'Cost       $0.00',
    'Tokens     0: 0 in, 0 out, cache 0 read, 0 written',
    'Time       0ms',
    'Prompts    0',
    'Calls      0',
    'Tools      0',
  ])
})

describe('on a terminal', () => {
  test.each([60, 80, 140])('of %d columns no line is wider', (columns) => {
    const widest = Math.max(...card(busy, columns).split('\n').map(widthOf))
    expect(widest).toBeLessThanOrEqual(columns)
  })
})

test('a prompt that is not recorded says what it was', () => {
  const [turn] = busy.turns
  if (turn === undefined) throw new Error('there is a turn')
  const shown = (change: Partial<typeof turn>) =>
    card({ ...busy, turns: [{ ...turn, prompt: { text: null, note: null }, ...change }] })
      .split('\n')
      .at(-1)
  expect(shown({})).toMatch(/\(not recorded\)$/)
  expect(shown({ command: 'review' })).toMatch(/\/review$/)
  expect(shown({ isSynthetic: true })).toMatch(/\(the agent to itself\)$/)
})

test('ends with what was spent to no purpose, and what to do about it', () => {
  const waste: readonly WasteFinding[] = [
    { kind: 'retry_loop', subject: 'Bash', count: 4, tokens: 96_000, usd: 0.31, ms: 84_000 },
    { kind: 'waiting', subject: 'Edit', count: 1, tokens: null, usd: null, ms: 310_000 },
  ]
  expect(card(busy, 100, waste).split('\n').slice(-6)).toEqual([
    'WASTE       WHAT  TIMES   COST  TOKENS    TIME',
    'Retry loop  Bash      4  $0.31   96.0K  1m 24s',
    'Waiting     Edit      1      –       –  5m 10s',
    '',
    'Retry loop: Find out why it fails, and put the working way into CLAUDE.md or AGENTS.md.',
    'Waiting: Allow what you always approve (permissions.allow), or get notified.',
  ])
})

test('names the files that were changed, the first ten', () => {
  const files = Array.from({ length: 12 }, (_, n) => ({ path: `src/f${n}.ts`, times: n + 1 }))
  const textOf = (change: Partial<Session>) =>
    card({ ...quiet, ...change })
      .split('\n')
      .find((line) => line.startsWith('Files'))
  expect(textOf({})).toBeUndefined()
  expect(textOf({ files: files.slice(0, 2) })).toBe(
    'Files      2 changed: src/f0.ts, src/f1.ts (2×)',
  )
  expect(textOf({ files, omittedFiles: 1 })).toMatch(
    /^Files {6}more than 12 changed: src\/f0\.ts, src\/f1\.ts \(2×\)/,
  )
  expect(card({ ...quiet, files })).toContain('2 more')
  expect(card({ ...quiet, files })).not.toContain('f10.ts')
})
