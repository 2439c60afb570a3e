/** What a line of the feed says of each kind of event. */
import { expect, test } from 'vitest'
import { liveLine } from '../../../src/cli/live-line.ts'
import { widthOf } from '../../../src/cli/plain-text.ts'
import type { LiveEvent } from '../../../src/api/contract/live.ts'
import { printed, type Screen, terminalOf } from './printed.ts'

const event: LiveEvent = {
  position: 1,
  sessionKey: 'claude-code/3f2a91c0-5d5e-4b3f-9a52-1c2d3e4f5a6b',
  sessionTitle: null,
  promptId: null,
  timeMs: Date.parse('2026-11-21T09:30:05.678Z'),
  receivedMs: 0,
  kind: 'note',
  name: 'something',
  subject: null,
  summary: null,
  text: null,
  level: 'default',
  costUsd: null,
  durationMs: null,
  tokens: null,
}

const line = (change: Partial<LiveEvent>, screen: Screen = {}) =>
  printed([liveLine({ ...event, ...change }, terminalOf(screen), 'UTC')], screen)

test.each<[string, Partial<LiveEvent>]>([
  ['prompt    Fix the test', { kind: 'prompt', text: 'Fix\nthe test' }],
  ['prompt    not recorded', { kind: 'prompt' }],
  [
    'call      claude-opus-5  1.2M tokens, $0.42, 3.2s',
    { kind: 'call', subject: 'claude-opus-5', tokens: 1_200_000, costUsd: 0.42, durationMs: 3210 },
  ],
  ['tool      Bash  1.2s', { kind: 'tool', subject: 'Bash', durationMs: 1200 }],
  [
    'tool      Bash  npm test  1.2s',
    { kind: 'tool', subject: 'Bash', summary: 'npm test', durationMs: 1200 },
  ],
  [
    'error     claude-opus-5:  overloaded',
    { kind: 'error', subject: 'claude-opus-5', text: 'overloaded' },
  ],
])('%s', (words, change) => {
  expect(line(change)).toBe(`09:30:05  3f2a91c0  ${words}`)
})

test('on a terminal it stays on its line', () => {
  const text = line(
    { kind: 'answer', text: 'word '.repeat(100) },
    { columns: 60, variables: { NO_COLOR: '1' } },
  )
  expect([widthOf(text), text.at(-1)]).toEqual([60, '…'])
})

test('colours tell kinds apart, and failures from the rest', () => {
  expect(line({ kind: 'tool', subject: 'Bash' }, { columns: 80 })).toContain('\u001b[35mtool')
  expect(line({ kind: 'tool', subject: 'Bash', level: 'error' }, { columns: 80 })).toContain(
    '\u001b[31mtool',
  )
})
