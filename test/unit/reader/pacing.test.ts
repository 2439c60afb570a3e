/** The reader rests while intake is busy, and only then. */
import { expect, test } from 'vitest'
import { createIntakeMemory, intakeMarkOver } from '../../../src/reader/intake-mark.ts'
import { createPacing } from '../../../src/reader/pacing.ts'

const { signal } = new AbortController()

function setUp() {
  let nowMs = 1000
  const knobs = { isBusy: true }
  const rests: number[] = []
  const pacing = createPacing({
    isIntakeBusy: () => knobs.isBusy,
    now: () => nowMs,
    sleep: async (ms) => void rests.push(ms),
  })
  return { pacing, rests, knobs, pass: (ms: number) => void (nowMs += ms) }
}

test('it goes on at once while intake is quiet', async () => {
  const { pacing, rests, knobs } = setUp()
  knobs.isBusy = false
  await pacing.rest(50, signal)
  expect(rests).toEqual([])
})

test('it rests nine times as long as it worked, but never long', async () => {
  const { pacing, rests, pass } = setUp()
  await pacing.rest(5, signal)
  pass(45)
  await pacing.rest(1, signal)
  pass(9)
  await pacing.rest(500, signal)
  expect(rests).toEqual([45, 9, 100])
})

test('what several questions worked is rested for together', async () => {
  const { pacing, rests } = setUp()
  await Promise.all([pacing.rest(2, signal), pacing.rest(3, signal), pacing.rest(20, signal)])
  expect(rests).toEqual([18, 45, 100])
})

test('intake is busy when the thread that commits has little time left, for a moment', () => {
  let nowMs = 1_000_000
  const mark = intakeMarkOver(createIntakeMemory(), () => nowMs)
  expect(mark.isBusy()).toBe(false)
  // This test does not let its thread rest: all of its time is work.
  nowMs += 60
  mark.committed()
  expect(mark.isBusy()).toBe(true)
  nowMs += 149
  expect(mark.isBusy()).toBe(true)
  nowMs += 1
  expect(mark.isBusy()).toBe(false)
})

test('intake is not busy when the thread that commits mostly waits', async () => {
  let nowMs = 1_000_000
  const memory = createIntakeMemory()
  const mark = intakeMarkOver(memory, () => nowMs)
  await new Promise((resolve) => setTimeout(resolve, 200))
  nowMs += 60
  mark.committed()
  expect(intakeMarkOver(memory, () => nowMs).isBusy()).toBe(false)
})
