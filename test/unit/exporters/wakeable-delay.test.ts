import { describe, expect, it } from 'vitest'
import { createWakeableDelay } from '../../../src/exporters/wakeable-delay.ts'
import { createManualClock, settle } from '../manual-clock.ts'

/** A delay, and how often a wait has ended. */
function waiting() {
  const clock = createManualClock(0)
  const delay = createWakeableDelay(clock)
  let ended = 0
  const rest = async (restMs: number) => {
    await delay.wait(restMs)
    ended += 1
  }
  return { clock, delay, rest, ended: () => ended }
}

describe('a delay', () => {
  it('ends by itself', async () => {
    const { clock, rest, ended } = waiting()
    void rest(1_000)
    await clock.advance(999)
    expect(ended()).toBe(0)
    await clock.advance(1)
    expect(ended()).toBe(1)
  })

  it('ends when called, and its timer with it', async () => {
    const { clock, delay, rest, ended } = waiting()
    void rest(1_000)
    delay.end()
    await settle()
    expect(ended()).toBe(1)
    expect(clock.pendingTimers()).toBe(0)
  })

  it('does not begin when the call came before', async () => {
    const { clock, delay, rest, ended } = waiting()
    delay.arm()
    delay.end()
    void rest(1_000)
    await settle()
    expect(ended()).toBe(1)
    expect(clock.pendingTimers()).toBe(0)
  })

  it('begins when the call was heard already', async () => {
    const { clock, delay, rest, ended } = waiting()
    delay.end()
    delay.arm()
    void rest(1_000)
    await settle()
    expect(ended()).toBe(0)
    expect(clock.pendingTimers()).toBe(1)
  })
})
