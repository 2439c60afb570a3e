import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createDeadline } from '../../../../src/http/exchange.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

it('comes when the time is up', () => {
  const deadline = createDeadline(1_000, undefined)
  vi.advanceTimersByTime(999)
  expect([deadline.signal.aborted, deadline.isOver()]).toEqual([false, false])
  vi.advanceTimersByTime(1)
  expect([deadline.signal.aborted, deadline.isOver()]).toEqual([true, true])
})

it.each([
  ['stops', false],
  ['had stopped before', true],
])('comes when the caller %s', (_what, before) => {
  const stop = new AbortController()
  if (before) stop.abort()
  const deadline = createDeadline(1_000, stop.signal)
  stop.abort()
  expect([deadline.signal.aborted, deadline.isOver()]).toEqual([true, false])
})

it('leaves nothing behind', () => {
  const { signal: stop } = new AbortController()
  const deadline = createDeadline(1_000, stop)
  deadline.clear()
  expect(vi.getTimerCount()).toBe(0)
  expect(getEventListeners(stop, 'abort')).toEqual([])
  expect(deadline.signal.aborted).toBe(false)
})
