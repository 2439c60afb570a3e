/**
 * Masking from end to end: some of the secrets of `npm run test:secrets`, in every channel over every
 * transport, to the real program.
 */
import { expect, test } from 'vitest'
import { generateLookAlikes, generateSecrets } from '../../scripts/secrets/generate.ts'
import { seeded } from '../../scripts/secrets/seeded.ts'
import { runTrial } from '../../scripts/secrets/trial.ts'

test('no half of a secret is stored, logged, shown or sent', { timeout: 300_000 }, async () => {
  const secrets = generateSecrets(seeded(11)).filter((_, n) => n % 6 === 0)
  const lookAlikes = generateLookAlikes(seeded(11)).slice(0, 12)
  expect(secrets.length).toBeGreaterThan(20)
  const { leaks, touched, foundInSent, foundInKept, bytes } = await runTrial(secrets, lookAlikes)
  expect(leaks).toEqual([])
  expect(touched).toEqual([])
  expect(foundInSent.length).toBeGreaterThan(3)
  expect(foundInKept).toEqual([])
  expect(bytes).toBeGreaterThan(100_000)
})
