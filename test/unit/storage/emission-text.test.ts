/** Emissions in the outbox: those of today, of the first program, of a newer one, and after damage. */
import { expect, test } from 'vitest'
import {
  EMISSION_VERSION,
  readEmission,
  writeEmission,
} from '../../../src/storage/emission-text.ts'
import { observation, score } from './arrivals.ts'

test('what was written is read as it was', () => {
  for (const emission of [observation('a'), score('b')]) {
    expect(readEmission(writeEmission(emission), EMISSION_VERSION)).toEqual({
      ok: true,
      value: emission,
    })
  }
})

const damaged = (change: object) => JSON.stringify({ ...observation('a'), ...change })

test.each<[string, string, number, RegExp]>([
  [
    'of a newer program',
    '{}',
    EMISSION_VERSION + 1,
    /^its payload has version \d+, written by a newer .*Update it/,
  ],
  ['cut off', writeEmission(observation('a')).slice(0, 50), 1, /^its payload is not JSON: /],
  ['something else', '{"kind":"trace"}', 1, /^its payload is neither an observation nor a score$/],
  ['no object', 'null', 1, /neither/],
  [
    'without a start',
    damaged({ startMs: 'soon' }),
    1,
    /^its payload has no startMs, as observations have$/,
  ],
  ['without a context', damaged({ context: null }), 1, /has no context/],
  [
    'a score without a target',
    JSON.stringify({ ...score('b'), target: undefined }),
    1,
    /^its payload has no target, as scores have$/,
  ],
])('one that is %s is refused in words', (_, text, version, expected) => {
  expect(readEmission(text, version)).toEqual({ ok: false, error: expect.stringMatching(expected) })
})
