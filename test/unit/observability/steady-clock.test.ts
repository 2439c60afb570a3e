/** A clock that does not follow when the machine's is set back. */
import { expect, test } from 'vitest'
import { createSteadyClock } from '../../../src/observability/clock.ts'

function readings(...machine: number[]): number[] {
  let at = 0
  const clock = createSteadyClock({
    now: () => machine[at] ?? 0,
    setTimer: () => ({ cancel: () => {} }),
  })
  return machine.map((_, index) => {
    at = index
    return clock.now()
  })
}

test.each([
  { machine: [10, 10, 25], shown: [10, 10, 25] },
  { machine: [100, 40, 45, 50], shown: [100, 100, 105, 110] },
  { machine: [100, 40, 30, 31], shown: [100, 100, 100, 101] },
  { machine: [100, 40, 500], shown: [100, 100, 560] },
])('the machine says $machine, it says $shown', ({ machine, shown }) => {
  expect(readings(...machine)).toEqual(shown)
})
