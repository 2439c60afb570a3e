import { describe, expect, test } from 'vitest'
import { createTicketReader } from '../../../src/domain/ticket.ts'

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

  test('of a pattern with several groups is the first that matches', () => {
    expect(createTicketReader('^([0-9]+)-|#([0-9]+)')('fix-#18')).toBe('18')
  })
})
