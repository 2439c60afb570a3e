/** The status line, from what the agent and the bridge tell. */
import { describe, expect, test } from 'vitest'
import { statusLineWish } from '../../../../src/cli/statusline/arguments.ts'
import { readStatusInput, recordedPart } from '../../../../src/cli/statusline/input.ts'
import {
  MAX_STATUS_WIDTH,
  STATUS_PARTS,
  statusLine,
  type StatusPart,
} from '../../../../src/cli/statusline/line.ts'
import type { StatusFigures } from '../../../../src/domain/status-line.ts'

const NOW_MS = Date.UTC(2026, 10, 27, 12)
const NOW_S = NOW_MS / 1000

/** As Claude Code 2.1.329 writes it, with what its documentation adds for subscribers. */
const told = {
  session_id: 's1',
  transcript_path: '/home/ada/.claude/projects/x/s1.jsonl',
  cwd: '/work',
  model: { id: 'claude-opus-5-5', display_name: 'Opus' },
  cost: { total_cost_usd: 1.234, total_duration_ms: 60_000 },
  context_window: { total_input_tokens: 42_000, context_window_size: 200_000, used_percentage: 21 },
  prompt_cache: { warm: true, ttl: '5m', expires_at: NOW_S + 250 },
  rate_limits: {
    five_hour: { used_percentage: 61.6, resets_at: NOW_S + 4800 },
    seven_day: { used_percentage: 31, resets_at: NOW_S + 3 * 86_400 + 4 * 3600 },
  },
  pr: { number: 7, url: 'https://example.com/pull/7', review_state: 'approved' },
}
const figures: StatusFigures = {
  sessionUsd: 3.5,
  todayUsd: 12,
  budgets: [
    { scope: 'day', limitUsd: 100, spentUsd: 12 },
    { scope: 'session', limitUsd: 5, spentUsd: 3.5 },
  ],
}

const lineOf = (
  input: object,
  bridge?: StatusFigures,
  parts: readonly StatusPart[] = STATUS_PARTS,
  width = MAX_STATUS_WIDTH,
) => statusLine(readStatusInput({ ...input }), bridge, { parts, width, nowMs: NOW_MS })

test.each<[StatusPart, string]>([
  ['session', 'session $3.50'],
  ['today', 'today $12.00'],
  ['budget', 'session budget $1.50 left'],
  ['context', 'context 21%'],
  ['cache', 'cache 4m'],
  ['plan', '5h 62% 1h20m 7d 31% 3d4h'],
  ['pr', 'PR #7'],
])('%s reads %s', (part, text) => {
  expect(lineOf(told, figures, [part])).toBe(text)
})

test('all that is known stands in one line of at most 80 columns, the budget last to go', () => {
  expect(lineOf(told, figures)).toBe(
    'session $3.50 · session budget $1.50 left · 5h 62% 1h20m 7d 31% 3d4h',
  )
  for (let width = 10; width <= MAX_STATUS_WIDTH; width += 1) {
    const line = lineOf(told, figures, STATUS_PARTS, width)
    expect(line.length).toBeLessThanOrEqual(width)
    expect(line).not.toMatch(/\n|^$/)
  }
  expect(lineOf(told, figures, STATUS_PARTS, 17)).toBe('budget $1.50 left')
  expect(lineOf(told, figures, STATUS_PARTS, 10)).toBe('$1.50 left')
  expect(lineOf(told, figures, STATUS_PARTS, 30)).toBe('session budget $1.50 left')
})

test.each<[StatusPart, number, string]>([
  ['session', 12, '$3.50'],
  ['today', 11, '$12.00'],
  ['plan', 13, '5h 62% 1h20m'],
  ['plan', 10, '5h 62%'],
  ['context', 10, '21%'],
])('a figure is never cut: %s in %d columns reads %s', (part, width, text) => {
  expect(lineOf(told, figures, [part], width)).toBe(text)
  const rich: StatusFigures = { sessionUsd: 1_234_567_890_123, todayUsd: 0, budgets: [] }
  expect(lineOf({ session_id: 's1' }, rich, ['session'], 10)).toBe('')
})

test('a name of wide characters takes two columns each', () => {
  const wide: StatusFigures = {
    sessionUsd: 0,
    todayUsd: 0,
    budgets: [{ scope: 'day', budget: '予算予算予算予算予算予算予算', limitUsd: 9, spentUsd: 1 }],
  }
  expect(lineOf(told, wide, ['budget'])).toBe('予算予算予算予算予… budget $8.00 left')
})

test('parts stand in the order in which they are asked for', () => {
  expect(lineOf(told, figures, ['context', 'session'])).toBe('context 21% · session $3.50')
})

describe('without the bridge', () => {
  test('the line says what the agent tells', () => {
    expect(lineOf(told)).toBe(
      'session $1.23 · context 21% · cache 4m · 5h 62% 1h20m 7d 31% 3d4h · PR #7',
    )
    expect(lineOf({ session_id: 's1', cost: { total_cost_usd: 0.001 } })).toBe('session <$0.01')
  })

  test.each([
    ['nothing', {}],
    ['what is of another shape', { cost: 'x', context_window: [], rate_limits: 5, pr: null }],
    ['figures that cannot be', { cost: { total_cost_usd: -1 }, pr: { number: Number.NaN } }],
  ])('%s is an empty line', (_, input) => {
    expect(lineOf(input)).toBe('')
  })
})

test('a budget that is spent, a cache that is cold and a window that was reset are said so', () => {
  const spent = { ...figures, budgets: [{ scope: 'team', limitUsd: 5, spentUsd: 6 }] } as const
  expect(lineOf(told, spent, ['budget'])).toBe('team budget spent')
  const later = { prompt_cache: { warm: true, expires_at: NOW_S - 1 } }
  expect(lineOf(later, undefined, ['cache'])).toBe('cache cold')
  const window = { rate_limits: { five_hour: { used_percentage: 3, resets_at: NOW_S - 1 } } }
  expect(lineOf(window, undefined, ['plan'])).toBe('5h 3%')
})

test('the bridge gets what telemetry does not tell, and no more', () => {
  expect(Object.keys(recordedPart(told))).toEqual([
    ...['session_id', 'cwd', 'model', 'context_window', 'prompt_cache', 'rate_limits', 'pr'],
  ])
})

test.each([
  [['statusline'], { parts: STATUS_PARTS, width: 80 }],
  [
    ['statusline', '--parts', 'plan, session', '--width', '40'],
    { parts: ['plan', 'session'], width: 40 },
  ],
  [['statusline', '--parts', 'nonsense'], undefined],
  [['statusline', '--width', '81'], undefined],
  [['statusline', '--help'], undefined],
  [['status'], undefined],
])('%j asks for %j', (args, wish) => {
  expect(statusLineWish(args)).toEqual(wish)
})
