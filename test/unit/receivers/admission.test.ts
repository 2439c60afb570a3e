import { describe, expect, it } from 'vitest'
import {
  type AdmissionLimits,
  createAdmission,
  type Permit,
} from '../../../src/receivers/admission.ts'
import { createManualClock } from '../manual-clock.ts'

/** An admission under a clock of its own, and who was evicted from it. */
function setUp(limits: AdmissionLimits) {
  const clock = createManualClock(0)
  const admission = createAdmission(limits, clock)
  const evicted: string[] = []
  const admit = (name: string, expectedBytes = 0): Permit | undefined => {
    const permit = admission.admit(expectedBytes)
    permit?.onEvicted(() => evicted.push(name))
    return permit
  }
  const admitted = (name: string, expectedBytes = 0): Permit => {
    const permit = admit(name, expectedBytes)
    if (permit === undefined) throw new Error(`${name} was refused`)
    return permit
  }
  return { clock, admission, evicted, admit, admitted }
}

describe('memory', () => {
  it('is bounded over all requests, and comes back', () => {
    const { admit, admitted } = setUp({ maxBytes: 100 })
    const first = admitted('first', 60)
    const second = admitted('second', 60)
    expect([first.grow(60), second.grow(41), second.grow(40), second.grow(1)]).toEqual([
      true,
      false,
      true,
      false,
    ])
    expect(admit('third', 1)).toBeUndefined()
    expect(admit('fourth', 0)).toBeDefined()
    second.shrink(30)
    expect(admit('fifth', 30)).toBeDefined()
    first.release()
    expect(admit('sixth', 90)).toBeDefined()
    expect(admit('seventh', 91)).toBeUndefined()
  })

  it('for decoding is beside that for bodies', () => {
    const { admitted } = setUp({ maxBytes: 100, decodingBytes: 50 })
    const [full, other] = [admitted('full'), admitted('other')]
    expect([full.grow(100), full.grow(1), full.growDecoding(51), full.growDecoding(50)]).toEqual([
      true,
      false,
      false,
      true,
    ])
    expect(other.growDecoding(1)).toBe(false)
    full.shrink(1)
    expect([other.growDecoding(1), other.grow(1)]).toEqual([true, false])
    full.shrinkDecoding(1)
    expect([other.grow(2), other.grow(1)]).toEqual([false, true])
  })

  it('is given back once, however often', () => {
    const { admit, admitted } = setUp({ maxBytes: 100 })
    const permit = admitted('a')
    permit.grow(80)
    permit.release()
    permit.release()
    permit.shrink(80)
    expect([permit.grow(10), permit.complete()]).toEqual([false, false])
    expect(admit('b', 100)).toBeDefined()
    expect(admit('c', 101)).toBeUndefined()
  })

  it('is taken from late requests that hold most, for whoever needs it', async () => {
    const { clock, evicted, admitted } = setUp({ maxBytes: 100 })
    for (const [name, bytes] of [
      ['little', 20],
      ['most', 50],
      ['some', 30],
    ] as const) {
      const permit = admitted(name)
      permit.sent(bytes)
      permit.grow(bytes)
    }
    await clock.advance(1000)
    expect(admitted('new').grow(60)).toBe(true)
    expect(evicted).toEqual(['most', 'some'])
  })

  it('is not taken from who keeps up, nor from requests that are whole', async () => {
    const { clock, evicted, admitted } = setUp({ maxBytes: 1_000_000 })
    const whole = admitted('whole')
    expect([whole.grow(400_000), whole.complete()]).toEqual([true, true])
    const quick = admitted('quick')
    quick.grow(500_000)
    await clock.advance(60_000)
    quick.sent(2_000_000)
    await clock.advance(200)
    expect(admitted('new').grow(200_000)).toBe(false)
    expect(evicted).toEqual([])
  })
})

describe('places', () => {
  it('of requests that arrive go from the latest to the newest', async () => {
    const { clock, evicted, admit, admitted } = setUp({ maxBytes: 100, maxArriving: 2 })
    admitted('first')
    await clock.advance(10)
    admitted('second')
    await clock.advance(10)
    admitted('third')
    expect(evicted).toEqual(['first'])
    // Within one moment nobody is late.
    await clock.advance(0)
    expect(admit('fourth')).toBeDefined()
    expect(evicted).toEqual(['first', 'second'])
    expect(admit('fifth')).toBeUndefined()
  })

  it('are not kept by a byte now and then, nor for long by one burst', async () => {
    const { clock, evicted, admitted } = setUp({ maxBytes: 1e9, maxArriving: 3 })
    const drip = admitted('drip')
    const burst = admitted('burst')
    const steady = admitted('steady')
    burst.sent(10_000_000)
    for (let second = 0; second < 5; second += 1) {
      await clock.advance(1000)
      drip.sent(1)
      steady.sent(64_000)
    }
    for (const name of ['new', 'newer']) admitted(name)
    expect(evicted).toEqual(['drip', 'burst'])
  })

  it('of whole requests are kept, and more of them are refused', () => {
    const { evicted, admitted } = setUp({ maxBytes: 100, maxArriving: 9, maxHandled: 1 })
    const [first, second] = [admitted('first'), admitted('second')]
    expect([first.complete(), second.complete()]).toEqual([true, false])
    first.release()
    expect(second.complete()).toBe(true)
    expect(evicted).toEqual([])
  })

  it('of all that are late are free at the end', async () => {
    const { clock, admission, evicted, admitted } = setUp({ maxBytes: 100 })
    admitted('late')
    admitted('whole').complete()
    await clock.advance(1)
    admitted('new')
    admission.evictSlow()
    expect(evicted).toEqual(['late'])
  })
})
