/** Session ids that no database could give back as they were sent. */
import { expect, test } from 'vitest'
import { storableId } from '../../../src/domain/identity.ts'

test.each([
  ['s-1', 's-1'],
  ['🙂', '🙂'],
  ['a\ud800', 'a\ufffd'],
  ['\udfffb', '\ufffdb'],
  ['a\0b\0', 'a␀b␀'],
])('%j becomes one that comes back', (id, stored) => {
  expect(storableId(id)).toBe(stored)
  expect(Buffer.from(storableId(id)).toString()).toBe(stored)
})
