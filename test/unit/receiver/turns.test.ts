import { expect, it } from 'vitest'
import { createTurns } from '../../../src/receiver/turns.ts'
import { settle } from '../manual-clock.ts'

it('turns come one after the other, in the order of asking', async () => {
  const turns = createTurns()
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
