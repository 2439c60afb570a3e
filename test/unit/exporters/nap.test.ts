import { describe, expect, it } from 'vitest'
import { createNap } from '../../../src/exporters/wakeable-delay.ts'
import { createManualClock, settle } from '../manual-clock.ts'

/** A nap, and how often a rest has ended. */
function napping() {
  const clock = createManualClock(0)
  const nap = createNap(clock)
  let ended = 0
  const rest = async (restMs: number) => {
    await nap.rest(restMs)
    ended += 1
  }
  return { clock, nap, rest, ended: () => ended }
}

describe('a nap', () => {
  it('ends by itself', async () => {
    const { clock, rest, ended } = napping()
    void rest(1_000)
    await clock.advance(999)
    expect(ended()).toBe(0)
    await clock.advance(1)
    expect(ended()).toBe(1)
  })

  it('ends when called, and its timer with it', async () => {
    const { clock, nap, rest, ended } = napping()
    void rest(1_000)
    nap.end()
    await settle()
    expect(ended()).toBe(1)
    expect(clock.pendingTimers()).toBe(0)
  })

  it('does not begin when the call came before', async () => {
    const { clock, nap, rest, ended } = napping()
    nap.arm()
    nap.end()
    void rest(1_000)
    await settle()
    expect(ended()).toBe(1)
    expect(clock.pendingTimers()).toBe(0)
  })

  it('begins when the call was heard already', async () => {
    const { clock, nap, rest, ended } = napping()
    nap.end()
    nap.arm()
    void rest(1_000)
    await settle()
    expect(ended()).toBe(0)
    expect(clock.pendingTimers()).toBe(1)
  })
})
