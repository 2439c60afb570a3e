/** What `top` knows of what goes on, and how it fits a terminal. */
import { describe, expect, test } from 'vitest'
import type { BudgetState } from '../../../src/api/contract/budgets.ts'
import type { LiveEvent } from '../../../src/api/contract/live.ts'
import type { SessionRow } from '../../../src/api/contract/session-list.ts'
import { widthOf } from '../../../src/cli/plain-text.ts'
import { createTerminal } from '../../../src/cli/terminal.ts'
import { emptyTop, type TopFacts, viewOf, withEvent } from '../../../src/cli/top-state.ts'
import { topLines } from '../../../src/cli/top-text.ts'
import { printed, terminalOf } from './printed.ts'

const NOW = Date.parse('2026-11-21T09:30:00Z')
const MINUTE = 60_000

function event(changes: Partial<LiveEvent>): LiveEvent {
  return {
    ...{ position: 1, sessionKey: 'claude-code/s1', sessionTitle: null, promptId: null },
    ...{ timeMs: NOW, receivedMs: NOW, kind: 'note', name: 'x', subject: null, text: null },
    ...{ level: 'default', costUsd: null, durationMs: null, tokens: null, summary: null },
    ...changes,
  }
}

function row(changes: Partial<SessionRow> = {}): SessionRow {
  return {
    ...{ key: 'claude-code/s1', agent: 'claude-code', sessionId: 's1', title: 'Fix it' },
    ...{ userId: null, project: 'widgets', team: null, isOpen: true, closeReason: null },
    ...{ firstMs: NOW - MINUTE, lastMs: NOW - 1000, costUsd: 1.5, estimatedUsd: 0 },
    ...{ metricsUsd: 0, unpricedCalls: 0, prompts: 1, modelCalls: 2, toolResults: 0, errors: 0 },
    tokens: { input: 1, output: 1, cacheRead: 0, cacheCreation: 0 },
    ...changes,
  }
}

const facts = (changes: Partial<TopFacts> = {}): TopFacts => ({
  ...{ rows: [row()], budgets: [], hasBridge: true },
  ...changes,
})
const seen = (...events: readonly Partial<LiveEvent>[]) =>
  events.map(event).reduce(withEvent, emptyTop)
const ago = (ms: number) => NOW - ms
const toolsAfter = (...events: readonly Partial<LiveEvent>[]) =>
  viewOf(seen(...events), facts(), NOW).sessions[0]?.tools

test('what is spent per minute is the mean of five; a call without a cost adds nothing', () => {
  const call = { kind: 'call' } as const
  const state = seen(
    { ...call, costUsd: 100, timeMs: ago(6 * MINUTE) },
    { ...call, costUsd: 1, timeMs: ago(4 * MINUTE) },
    { ...call, costUsd: 0.5 },
    { ...call, costUsd: 1, sessionKey: 'codex/s2' },
    { ...call, sessionKey: 'codex/s3' },
    { kind: 'error', level: 'error' },
  )
  const rows = [row(), ...['codex/s2', 'codex/s3'].map((key) => row({ key }))]
  const view = viewOf(state, facts({ rows }), NOW)
  expect(view).toMatchObject({ usdPerMinute: 0.5, callsPerMinute: 0.8, errors: 1 })
  expect(view.sessions.map(({ usdPerMinute }) => usdPerMinute)).toEqual([0.3, 0.2, null])
})

describe('a tool runs', () => {
  const accepted = { kind: 'decision', text: 'accepted by config' } as const
  const bash = { ...accepted, subject: 'Bash', timeMs: ago(7000) }

  test('from its decision to its result; two of one name are two', () => {
    expect(toolsAfter(bash)).toEqual([{ tool: 'Bash', sinceMs: NOW - 7000 }])
    const twice = [bash, { ...bash, timeMs: ago(3000) }]
    expect(toolsAfter(...twice)).toHaveLength(2)
    const result = { kind: 'tool', subject: 'Bash' } as const
    expect(toolsAfter(...twice, result)).toEqual([{ tool: 'Bash', sinceMs: NOW - 3000 }])
    expect(toolsAfter(...twice, result, result)).toEqual([])
  })

  test('not where it was refused, nor past the next prompt, nor for ever', () => {
    expect(toolsAfter({ ...bash, text: 'refused by user_reject' })).toEqual([])
    expect(toolsAfter(bash, { kind: 'prompt' })).toEqual([])
    expect(toolsAfter({ ...bash, timeMs: ago(61 * MINUTE) })).toEqual([])
  })

  test('by its hooks where there are some, and then once', () => {
    const hook = { kind: 'hook', subject: 'Bash' } as const
    const begun = { ...hook, text: 'begun', timeMs: ago(9000) }
    expect(toolsAfter(begun, bash)).toEqual([{ tool: 'Bash', sinceMs: NOW - 9000 }])
    expect(toolsAfter(begun, bash, { ...hook, text: 'failed' })).toEqual([])
  })
})

const budget: BudgetState = {
  ...{ scope: 'day', name: null, budget: null, window: 'day', sessionKey: null },
  ...{ limitUsd: 20, spentUsd: 17, leftUsd: 3, level: 'near', resetsMs: NOW },
}

test('reads well', () => {
  const bash = {
    kind: 'decision',
    text: 'accepted by config',
    subject: 'Bash',
    timeMs: ago(12_000),
  } as const
  const rows = [
    row({
      key: 'codex/s2',
      sessionId: 's2',
      title: null,
      costUsd: null,
      lastMs: ago(3 * MINUTE),
      errors: 2,
    }),
    row(),
  ]
  const view = viewOf(seen(bash), facts({ rows, budgets: [budget] }), NOW)
  expect(printed(topLines(view, terminalOf({ columns: 80 }), 'q quits'))).toBe(
    [
      '2 open sessions, 1 at work  $0.00/min  0 calls/min                       q quits',
      '',
      'ID   COST  $/MIN  ERRORS  NOW       PROJECT  TITLE',
      's1  $1.50      -       -  Bash 12s  widgets  Fix it',
      's2      ?      -       2  idle 3m   widgets',
      '',
      'BUDGET        SPENT   LIMIT   LEFT',
      'all per day  $17.00  $20.00  $3.00',
    ].join('\n'),
  )
  const nobody = viewOf(emptyTop, facts({ rows: [], hasBridge: false }), NOW)
  expect(printed(topLines(nobody, terminalOf({})))).toMatch(
    /^0 open sessions.*\nNo bridge runs here.*claude-telemetry start\n\nNo session is open\.$/,
  )
})

test.each([100, 80, 60, 44, 38])('fits %i columns, and the rows of the terminal', (columns) => {
  const many = Array.from({ length: 60 }, (_, index) =>
    row({ key: `codex/${index}`, title: '日本語 '.repeat(40), project: 'p'.repeat(90) }),
  )
  const budgets = Array.from({ length: 9 }, () => ({ ...budget, budget: 'b'.repeat(100) }))
  const view = viewOf(seen({ subject: 'T'.repeat(200) }), facts({ rows: many, budgets }), NOW)
  const terminal = terminalOf({ columns })
  const lines = printed(topLines(view, terminal, 'q quits')).split('\n')
  expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(columns)
  expect(lines.length).toBeLessThanOrEqual(terminal.rows)
  expect(lines.join('\n')).toMatch(/and \d+ more sessions\n/)
})

test('a screen shows what has room, and gives the terminal back as it was', () => {
  let written = ''
  const write = (text: string) => {
    written += text
  }
  const terminal = createTerminal({ isTTY: true, columns: 10, rows: 2, write }, {})
  const screen = terminal.openScreen()
  screen?.show(['one\u001b[2J', 'two', 'three'])
  expect(written).toBe(
    '\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[Hone\u001b[K\r\ntwo\u001b[K\u001b[J',
  )
  written = ''
  screen?.close()
  expect(written).toBe('\u001b[?7h\u001b[?25h\u001b[?1049l')
  expect(createTerminal({ write }, {}).openScreen()).toBe(undefined)
  expect(createTerminal({ isTTY: true, write }, { TERM: 'dumb' }).openScreen()).toBe(undefined)
})
