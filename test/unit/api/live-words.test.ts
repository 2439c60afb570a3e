/** What an event of the live feed says. */
import { expect, test } from 'vitest'
import { liveWords } from '../../../src/api/contract/live-words.ts'
import type { LiveEvent } from '../../../src/api/contract/live.ts'

type Event = Pick<LiveEvent, 'kind' | 'subject' | 'text'>

test.each<[what: string, event: Event, words: ReturnType<typeof liveWords>]>([
  [
    'a prompt without its text says so',
    { kind: 'prompt', subject: null, text: null },
    { subject: null, text: 'not recorded' },
  ],
  [
    'a command is one without its text',
    { kind: 'prompt', subject: 'compact', text: null },
    { subject: 'compact', text: null },
  ],
  [
    'an answer is what was said',
    { kind: 'answer', subject: 'opus', text: 'Run.' },
    { subject: null, text: 'Run.' },
  ],
  [
    'an answer without its text is by its model',
    { kind: 'answer', subject: 'opus', text: null },
    { subject: 'opus', text: null },
  ],
  [
    'an error stands apart from its model',
    { kind: 'error', subject: 'opus', text: 'Overloaded' },
    { subject: 'opus:', text: 'Overloaded' },
  ],
  [
    'an error of no known model is one word of unknown',
    { kind: 'error', subject: 'unknown', text: 'unknown error' },
    { subject: null, text: 'unknown error' },
  ],
  [
    'what has no words has its name',
    { kind: 'note', subject: null, text: null },
    { subject: 'plugin_loaded', text: null },
  ],
  [
    'a tool that failed keeps its name',
    { kind: 'tool', subject: 'Bash', text: 'exit code 1' },
    { subject: 'Bash', text: 'exit code 1' },
  ],
])('%s', (_, event, words) => {
  expect(liveWords({ name: 'plugin_loaded', ...event })).toEqual(words)
})
