/** Numbers from 0 to below 1 that are the same for the same seed. */
import { createRandom } from '../fuzz/random.ts'
import type { Random } from './generate.ts'

const STEPS = 0x1_0000_0000

export function seeded(seed: number): Random {
  const random = createRandom(seed)
  return () => random.below(STEPS) / STEPS
}
