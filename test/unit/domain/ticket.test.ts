import { setFlagsFromString } from 'node:v8'
import { beforeAll, describe, expect, test } from 'vitest'
import { processorMs } from '../../processor-time.ts'
import { LINEAR_ENGINE } from '../../../src/domain/linear-expression.ts'
import { createTicketReader } from '../../../src/domain/ticket.ts'

beforeAll(() => setFlagsFromString(LINEAR_ENGINE))

describe('the ticket of a branch', () => {
  test.each([
    ['feature/SHOP-42-checkout', 'SHOP-42'],
    ['SHOP2-7', 'SHOP2-7'],
    ['fix-42', undefined],
    ['main', undefined],
    ['', undefined],
  ])('%s', (branch, ticket) => {
    const ticketOf = createTicketReader()
    expect(ticketOf(branch)).toBe(ticket)
    // Remembered.
    expect(ticketOf(branch)).toBe(ticket)
  })

  test.each([
    ['issue/([0-9]+)', 'ada/issue/17-pay', '17'],
    ['^([0-9]+)-|#([0-9]+)', '17-pay', '17'],
    ['(?:)', 'main', undefined],
  ])('by the pattern %s', (pattern, branch, ticket) => {
    expect(createTicketReader(pattern)(branch)).toBe(ticket)
  })

  test('is found in no time, whatever the pattern and the branch', () => {
    const ticketOf = createTicketReader('(([a-z])+.)+[A-Z]([a-z])+$')
    const branch = `${'a'.repeat(5000)}!`
    expect(ticketOf(branch)).toBeUndefined()
    expect(processorMs(() => ticketOf(branch))).toBeLessThan(5000)
  })

  test.each(['(?=x)[0-9]+', '([a-z])\\1', '('])(
    'a pattern that cannot be run so is none: %s',
    (pattern) => {
      expect(() => createTicketReader(pattern)).toThrow(SyntaxError)
    },
  )

  test('of a pattern with several groups is the first that matches', () => {
    expect(createTicketReader('^([0-9]+)-|#([0-9]+)')('fix-#18')).toBe('18')
  })
})
