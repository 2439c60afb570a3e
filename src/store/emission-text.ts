/**
 * Emissions as they stand in the outbox. They may wait there while the program is replaced by a
 * newer one, so they say which version wrote them.
 */
import type { Emission } from '../domain/emission.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { parseJsonText } from './json-text.ts'

/** Raised when stored emissions can no longer be read as they are. */
export const EMISSION_VERSION = 1

export function writeEmission(emission: Emission): string {
  return JSON.stringify(emission)
}

/** The emission, or why the text is none that this program can deliver. */
export function readEmission(text: string, version: number): Result<Emission, string> {
  if (version !== EMISSION_VERSION) {
    return err(`its payload has version ${version}, this program reads ${EMISSION_VERSION}`)
  }
  const parsed = parseJsonText(text)
  if (!parsed.ok) return err(`its payload is not JSON: ${parsed.error}`)
  if (!isEmission(parsed.value)) return err('its payload is neither an observation nor a score')
  return ok(parsed.value)
}

/** Text of this version was written from an `Emission`; only damage can have changed it. */
function isEmission(value: unknown): value is Emission {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return false
  return value.kind === 'observation' || value.kind === 'score'
}
