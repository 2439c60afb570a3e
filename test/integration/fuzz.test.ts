/** A short run of the fuzzer (`npm run fuzz` is the long one), with a new seed each time. */
import { expect, test } from 'vitest'
import { fuzz } from '../../scripts/fuzz/fuzz.ts'

const REQUESTS = 6000

test('hostile requests are all answered, and the bridge goes on', async () => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  const { requests, counts, faults } = await fuzz({ requests: REQUESTS, seed })
  expect(faults, `npm run fuzz -- ${REQUESTS} ${seed}`).toEqual([])
  expect(requests).toBeGreaterThanOrEqual(REQUESTS)
  const answers = new Set([...counts.keys()].map((key) => key.split('|')[1]))
  expect([...answers]).toEqual(expect.arrayContaining(['200', '400', '413', '415', 'g0', 'g3']))
})
