import { expect, it } from 'vitest'
import { createTurns } from '../../../src/receivers/turns.ts'
import { settle } from '../manual-clock.ts'

it('turns come one after the other, in the order of asking', async () => {
  const turns = createTurns(1)
  const begun: string[] = []
  const ends: (() => void)[] = []
  for (const name of ['a', 'b', 'c']) {
    void turns.next().then((end) => {
      begun.push(name)
      ends.push(end)
    })
  }
  await settle()
  expect(begun).toEqual(['a'])
  ends[0]?.()
  ends[0]?.()
  await settle()
  expect(begun).toEqual(['a', 'b'])
  ends[1]?.()
  await settle()
  expect(begun).toEqual(['a', 'b', 'c'])
})

it('as many at a time as are allowed', async () => {
  const turns = createTurns(2)
  const begun: number[] = []
  for (const n of [1, 2, 3]) void turns.next().then(() => begun.push(n))
  await settle()
  expect(begun).toEqual([1, 2])
})
