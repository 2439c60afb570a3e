import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createSystemClock } from '../../../src/observability/clock.ts'

const DAY_MS = 86_400_000

describe('the system clock', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('tells the time', () => {
    vi.setSystemTime(1_795_229_558_020)
    expect(createSystemClock().now()).toBe(1_795_229_558_020)
  })

  it.each([1, 5_000, 24 * DAY_MS, 25 * DAY_MS, 100 * DAY_MS])(
    'calls back after %d ms, once',
    (delayMs) => {
      const callback = vi.fn<() => void>()
      createSystemClock().setTimer(callback, delayMs)
      vi.advanceTimersByTime(delayMs - 1)
      expect(callback).not.toHaveBeenCalled()
      vi.advanceTimersByTime(1)
      expect(callback).toHaveBeenCalledTimes(1)
      vi.advanceTimersByTime(200 * DAY_MS)
      expect(callback).toHaveBeenCalledTimes(1)
    },
  )

  it('calls back as soon as it can for no time, or a time gone by', () => {
    const callback = vi.fn<() => void>()
    createSystemClock().setTimer(callback, -5)
    createSystemClock().setTimer(callback, 0)
    vi.advanceTimersByTime(1)
    expect(callback).toHaveBeenCalledTimes(2)
  })

  it.each([5_000, 100 * DAY_MS])('stays silent when cancelled before %d ms', (delayMs) => {
    const callback = vi.fn<() => void>()
    const timer = createSystemClock().setTimer(callback, delayMs)
    vi.advanceTimersByTime(delayMs - 1)
    timer.cancel()
    vi.advanceTimersByTime(DAY_MS)
    expect(callback).not.toHaveBeenCalled()
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('its timers', () => {
  it('do not keep the process alive', () => {
    const made = vi.spyOn(globalThis, 'setTimeout').mock.results
    const timer = createSystemClock().setTimer(() => undefined, DAY_MS)
    expect(made.map((result) => (result.value as NodeJS.Timeout).hasRef())).toEqual([false])
    timer.cancel()
  })
})
