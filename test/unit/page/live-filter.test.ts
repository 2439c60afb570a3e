/** What the live view shows, and what it folds. */
import { expect, test } from 'vitest'
import type { LiveEvent } from '../../../src/api/contract/live.ts'
import { foldedText, foldNoise, isShown, liveFilterOf } from '../../../src/page/live-filter.ts'

const event = (change: Partial<LiveEvent>): LiveEvent => ({
  position: 1,
  sessionKey: 'claude-code/a/b',
  sessionTitle: null,
  user: 'ada',
  project: 'shop',
  promptId: null,
  timeMs: 0,
  receivedMs: 0,
  kind: 'tool',
  name: 'tool_result',
  subject: 'Bash',
  summary: null,
  text: null,
  level: 'default',
  costUsd: null,
  durationMs: null,
  tokens: null,
  ...change,
})

const notice = (name: string) => event({ kind: 'note', name, subject: null })

test.each([
  ['', true],
  ['agent=claude-code&user=ada&project=shop&kind=tool', true],
  ['agent=codex', false],
  ['user=grace', false],
  ['project=', true],
  ['kind=error', false],
  ['errors=1', false],
])('?%s', (search, isSeen) => {
  expect(isShown(event({}), liveFilterOf(new URLSearchParams(search)))).toBe(isSeen)
})

test('errors alone have warnings with them, and what has no user is of none', () => {
  const errors = liveFilterOf(new URLSearchParams('errors=1'))
  expect(isShown(event({ level: 'error' }), errors)).toBe(true)
  expect(isShown(event({ level: 'warning' }), errors)).toBe(true)
  expect(isShown(event({ user: null }), liveFilterOf(new URLSearchParams('user=ada')))).toBe(false)
})

test('runs of notices are folded; what says something is not', () => {
  const notices = [notice('settings'), notice('plugin'), notice('plugin'), notice('plugin')]
  const failed = event({ kind: 'note', name: 'plugin', subject: null, level: 'error' })
  const items = foldNoise([
    ...notices,
    event({}),
    notice('alone'),
    failed,
    notice('a'),
    notice('b'),
  ])
  expect(items.map((item) => ('event' in item ? item.event.name : item.folded.length))).toEqual([
    5,
    'tool_result',
    'plugin',
    2,
  ])
  expect(foldedText(notices)).toBe('settings, plugin ×3')
})

test('notices that come one by one stand together; a single one is a row', () => {
  const namesOf = (events: readonly LiveEvent[]) =>
    foldNoise(events).map((item) =>
      'event' in item ? item.event.name : item.folded.map(({ name }) => name),
    )
  const [start, end] = [notice('hook_execution_start'), notice('hook_registered')]
  const done = event({ name: 'done' })
  expect(namesOf([start, done])).toEqual(['hook_execution_start', 'done'])
  const together = ['hook_execution_start', 'hook_registered', 'hook_execution_start']
  expect(namesOf([start, done, end, done, start])).toEqual([together, 'done', 'done'])
  expect(namesOf([start, done, end, start])).toEqual([together, 'done'])
})
