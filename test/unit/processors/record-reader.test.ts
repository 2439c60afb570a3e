import { expect, test } from 'vitest'
import type { LogRecord } from '../../../src/domain/telemetry-record.ts'
import { logReader, processLogs } from '../../../src/processors/event-processor.ts'
import { readInSlices } from '../../../src/processors/record-reader.ts'

const NOW = 1_795_229_600_000

const records = Array.from({ length: 3500 }, (_, n): LogRecord => {
  return {
    origin: { resource: {}, scopeName: 'com.anthropic.claude_code', scopeVersion: '1' },
    // Later ones come first, and some cannot be placed.
    timeMs: NOW - n,
    observedMs: undefined,
    eventName: `event-${n}`,
    body: null,
    attributes: n % 10 === 0 ? {} : { 'session.id': 's1', 'event.sequence': n },
  }
})

test('a long batch read in slices is the same as one read at once, with pauses between', async () => {
  let pauses = 0
  const sliced = await readInSlices(logReader, records, NOW, async () => {
    pauses += 1
  })
  expect(sliced).toEqual(processLogs(records, NOW))
  expect(sliced.accepted).toHaveLength(3150)
  expect(sliced.rejected).toHaveLength(350)
  expect(pauses).toBe(3)
})

test('a short batch is read without a pause', async () => {
  let pauses = 0
  await readInSlices(logReader, records.slice(0, 1000), NOW, async () => {
    pauses += 1
  })
  expect(pauses).toBe(0)
})
