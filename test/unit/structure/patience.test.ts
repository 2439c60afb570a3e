/** No test may fail because the machine is busy: `test/patient-waits.ts`. */
import { expect, test, vi } from 'vitest'

test('a wait for a condition outlasts the second that Vitest gives it by itself', async () => {
  const startedMs = performance.now()
  await vi.waitFor(() => expect(performance.now() - startedMs).toBeGreaterThan(1_300))
})
