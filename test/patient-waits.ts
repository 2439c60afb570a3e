/** Gives `vi.waitFor` and `vi.waitUntil` that patience: Vitest has no setting for their one second. */
import { vi } from 'vitest'
import { PATIENCE_MS } from './patience.ts'

const { waitFor, waitUntil } = vi

vi.waitFor = (callback, options) => waitFor(callback, patient(options))
vi.waitUntil = (callback, options) => waitUntil(callback, patient(options))

function patient<T extends object>(options: number | T | undefined): T | { timeout: number } {
  const given = typeof options === 'number' ? { timeout: options } : options
  return { timeout: PATIENCE_MS, ...given }
}
