import { describe, expect, it } from 'vitest'
import { createInFlight, type Ticket } from '../../../src/receiver/in-flight.ts'
import { createReadingSlots } from '../../../src/receiver/reading-slots.ts'

describe('work in flight', () => {
  it('is bounded in bytes, over all requests', () => {
    const inFlight = createInFlight(100)
    const first = inFlight.admit(60) as Ticket
    const second = inFlight.admit(60) as Ticket
    expect([first.grow(60), second.grow(41), second.grow(40), second.grow(1)]).toEqual([
      true,
      false,
      true,
      false,
    ])
    expect(inFlight.admit(1)).toBeUndefined()
    expect(inFlight.admit(0)).toBeDefined()
    first.release()
    expect(inFlight.admit(60)).toBeDefined()
    expect(inFlight.admit(61)).toBeUndefined()
  })

  it('is bounded in requests', () => {
    const inFlight = createInFlight(100, 2)
    const tickets = [inFlight.admit(0), inFlight.admit(0)]
    expect(inFlight.admit(0)).toBeUndefined()
    tickets[0]?.release()
    expect(inFlight.admit(0)).toBeDefined()
  })

  it('gives back once, however often it is told', () => {
    const inFlight = createInFlight(100)
    const ticket = inFlight.admit(0) as Ticket
    ticket.grow(80)
    ticket.release()
    ticket.release()
    expect(inFlight.admit(100)).toBeDefined()
    expect(inFlight.admit(101)).toBeUndefined()
  })
})

describe('reading slots', () => {
  it('are given in the order of asking, as they come free', () => {
    const slots = createReadingSlots(2)
    const turns: string[] = []
    const leave = ['a', 'b', 'c', 'd', 'e'].map((name) => slots.acquire(() => turns.push(name)))
    expect(turns).toEqual(['a', 'b'])
    leave[3]?.()
    leave[0]?.()
    leave[0]?.()
    expect(turns).toEqual(['a', 'b', 'c'])
    leave[2]?.()
    expect(turns).toEqual(['a', 'b', 'c', 'e'])
  })
})
