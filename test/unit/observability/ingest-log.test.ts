import { expect, test } from 'vitest'
import {
  createIngestLog,
  type IngestEntry,
  reasonsOf,
} from '../../../src/observability/ingest-log.ts'

const entry = (timeMs: number): IngestEntry => ({
  timeMs,
  door: 'http',
  signal: 'logs',
  bytes: 1,
  status: 200,
  rejected: 0,
  reasons: [],
})

test.each([
  [0, []],
  [2, [2, 1]],
  [200, Array.from({ length: 200 }, (_, n) => 200 - n)],
  [401, Array.from({ length: 200 }, (_, n) => 401 - n)],
])('after %i requests it has the newest, the newest first', (count, expected) => {
  const log = createIngestLog()
  for (let n = 1; n <= count; n += 1) log.note(entry(n))
  expect(log.recent().map(({ timeMs }) => timeMs)).toEqual(expected)
})

test('reasons stand there once each, ten at most', () => {
  const rejected = (n: number) => ({ reason: 'malformed' as const, message: `record ${n}` })
  expect(reasonsOf([rejected(1), rejected(1), rejected(2)])).toEqual(['record 1', 'record 2'])
  expect(reasonsOf(Array.from({ length: 50 }, (_, n) => rejected(n)))).toHaveLength(10)
})
