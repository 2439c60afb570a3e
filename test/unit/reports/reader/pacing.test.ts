/** The reader rests while intake is busy, and only then. */
import { expect, test } from 'vitest'
import {
  createIntakeMark,
  createIntakeMemory,
  isIntakeBusy,
} from '../../../../src/reports/reader/intake-mark.ts'
import { createPacing } from '../../../../src/reports/reader/pacing.ts'

const { signal } = new AbortController()

function setUp() {
  let nowMs = 1000
  const knobs = { isBusy: true }
  const pacing = createPacing({
    isIntakeBusy: () => knobs.isBusy,
    now: () => nowMs,
    sleep: async (ms) => {
      expect(ms).toBeLessThanOrEqual(50)
      nowMs += ms
      await Promise.resolve()
    },
  })
  return {
    knobs,
    /** How long it rests after some work. */
    restAfter: async (workedMs: number) => {
      const fromMs = nowMs
      await pacing.rest(workedMs, signal)
      return nowMs - fromMs
    },
    pacing,
    now: () => nowMs,
  }
}

test('it goes on at once while intake is quiet', async () => {
  const { restAfter, knobs } = setUp()
  knobs.isBusy = false
  expect(await restAfter(50)).toBe(0)
})

test('it rests five times as long as it worked, but not for ever', async () => {
  const { restAfter } = setUp()
  expect(await restAfter(5)).toBe(25)
  expect(await restAfter(1)).toBe(5)
  expect(await restAfter(70)).toBe(350)
  expect(await restAfter(5000)).toBe(1000)
})

test('what several questions worked is rested for together', async () => {
  const { pacing, now } = setUp()
  await Promise.all([2, 3, 20].map((workedMs) => pacing.rest(workedMs, signal)))
  expect(now() - 1000).toBeGreaterThanOrEqual(5 * 25)
})

test('what nothing went on after is rested for by what begins next', async () => {
  const { pacing, restAfter } = setUp()
  pacing.worked(20)
  expect(await restAfter(0)).toBe(100)
  expect(await restAfter(0)).toBe(0)
})

test('a rest ends soon after intake has become quiet', async () => {
  const { knobs, pacing, now } = setUp()
  const rest = pacing.rest(100, signal)
  knobs.isBusy = false
  await rest
  expect(now() - 1000).toBe(50)
})

test('intake is busy for a moment after a commit while there was little time left', () => {
  let nowMs = 1_000_000
  let share = 0.4
  let looks = 0
  const shared = { memory: createIntakeMemory(), now: () => nowMs }
  const utilization = (): number => {
    looks += 1
    return share
  }
  const mark = createIntakeMark({ ...shared, utilization })
  nowMs += 60
  mark()
  expect(isIntakeBusy(shared)).toBe(false)
  share = 0.6
  nowMs += 49
  mark()
  expect([isIntakeBusy(shared), looks]).toEqual([false, 1])
  nowMs += 1
  mark()
  expect([isIntakeBusy(shared), looks]).toEqual([true, 2])
  nowMs += 149
  expect(isIntakeBusy(shared)).toBe(true)
  nowMs += 1
  expect(isIntakeBusy(shared)).toBe(false)
})
