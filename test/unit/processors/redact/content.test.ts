/** Titles of transcripts have no id, so their key is what they say: it goes with the title. */
import { expect, test } from 'vitest'
import type { TranscriptRecord } from '../../../../src/domain/telemetry-record.ts'
import { inProcess } from '../../../../src/processors/record-processor.ts'
import {
  type ContentKind,
  keyOfDropped,
  withoutContent,
} from '../../../../src/processors/redact/content.ts'

const KEY = 'title|Fix the payroll of Ada'

function without(kind: ContentKind, more: Partial<TranscriptRecord>): TranscriptRecord {
  const [record] = inProcess({
    signal: 'transcript',
    records: [
      {
        origin: { resource: {}, scopeName: 'transcripts/claude-code', scopeVersion: '' },
        sessionId: 'one',
        name: 'title',
        key: KEY,
        timeMs: 0,
        attributes: { title: 'Fix the payroll of Ada' },
        ...more,
      },
    ],
  })
  if (record?.signal !== 'transcript') throw new Error('no record')
  withoutContent(record, new Set([kind]))
  return record.record
}

test.each(['prompts', 'responses'] as const)('nothing of a title stays without %s', (kind) => {
  const record = without(kind, {})
  expect(JSON.stringify(record)).not.toMatch(/payroll|Ada/)
  expect(record.key).toBe(keyOfDropped(KEY))
})

test('a key that was made without content stays, and one of an earlier version becomes the same', () => {
  const key = keyOfDropped(KEY)
  expect(without('prompts', { key, attributes: {} }).key).toBe(key)
  expect(without('prompts', { attributes: {} }).key).toBe(key)
})

test('a title stays where only tool output is dropped, and so do keys of other entries', () => {
  expect(without('toolOutput', {})).toMatchObject({
    key: KEY,
    attributes: { title: 'Fix the payroll of Ada' },
  })
  expect(without('prompts', { name: 'prompt', key: 'prompt|p1' }).key).toBe('prompt|p1')
})
