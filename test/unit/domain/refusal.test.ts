/** Whatever a request can be refused for, a person is told what to do about it. */
import { expect, test } from 'vitest'
import { remedyOf } from '../../../src/domain/refusal.ts'
import { errorTable } from '../../../src/receivers/errors.ts'

test.each(Object.keys(errorTable))('there is a remedy for %s', (kind) => {
  expect(remedyOf(kind)).not.toBe(remedyOf('nothing that there is'))
})
