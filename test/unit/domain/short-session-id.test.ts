/** Beginnings of ids that name a session. */
import { expect, test } from 'vitest'
import { shortSessionId } from '../../../src/domain/short-session-id.ts'

test.each([
  ['61a2248a-9617-485a-9e90-f046b552dafd', '61a2248a'],
  ['01a217e0-e25a-7a21-b2b4-75d57a9bd7c8', '01a217e0-e25a'],
  ['ses_de82a49c0ffeFDEY9Ofm3VNvKi', 'ses_de82a49c0'],
  ['1764261234567', '1764261234567'],
  ['complete-session', 'complete-session'],
  ['20261127_114500_review', '20261127_114500_'],
  ['s1', 's1'],
])('%s is %s', (id, short) => {
  expect(shortSessionId(id)).toBe(short)
})

test('sessions that opencode began within a second have different ones', () => {
  const ids = ['ses_de82a3e7bffet0cvsQ58XCycm6', 'ses_de82a3e7affet0cvsQ58XCycm6']
  expect(new Set(ids.map(shortSessionId)).size).toBe(2)
})
