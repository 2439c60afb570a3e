/** How what was refused is told. */
import { expect, test } from 'vitest'
import {
  byUrgency,
  internalRecords,
  refusalName,
  refusalTone,
} from '../../../src/api/contract/refusal-words.ts'

const refused = [
  { reason: 'not_work', count: 11_720, remedy: 'nothing' },
  { reason: 'unknown_agent', count: 12, remedy: 'list it' },
]

test('what is internal to an agent is nothing to act on, and comes last', () => {
  expect(byUrgency(refused).map(({ reason }) => reason)).toEqual(['unknown_agent', 'not_work'])
  expect(internalRecords(refused)).toBe(11_720)
  expect([refusalName('not_work'), refusalTone('not_work')]).toEqual([
    'internal to an agent',
    'faint',
  ])
  expect([refusalName('unknown_agent'), refusalTone('unknown_agent')]).toEqual([
    'unknown agent',
    'bad',
  ])
})
