/**
 * The body of a hook: one JSON object of unknown shape, bounded in depth so that whoever walks
 * through it later can. Numbers beyond all doubles (`1e400`) become the text `Infinity`, as those of
 * OTLP do: JSON has no number for them, and what is stored must read as what came.
 */
import type { Attributes } from '../domain/attributes.ts'
import type { Intake } from '../domain/rejection.ts'
import { err, ok, type Result } from '../domain/result.ts'
import type { DecodeFailure } from '../otlp/decode-failure.ts'

const MAX_DEPTH = 64

/** Takes the parsed body, which is its own from now on. */
export function decodeHook(body: unknown): Result<Intake<Attributes>, DecodeFailure> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return err({ message: 'a hook is one JSON object' })
  }
  if (!isWithinDepth(body))
    return err({ message: `the hook nests deeper than ${MAX_DEPTH} levels` })
  return ok({ accepted: [body as Attributes], rejected: [] })
}

/** Hooks come as JSON only. */
export function refuseProtobufHook(): Result<Intake<Attributes>, DecodeFailure> {
  return err({ message: 'hooks are JSON: send content-type application/json' })
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** Level by level, without recursion. */
function isWithinDepth(body: object): boolean {
  let level: object[] = [body]
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) return false
    for (const container of level) nameInfinities(container)
    level = level.flatMap((container) => Object.values(container).filter(isContainer))
  }
  return true
}

function nameInfinities(container: object): void {
  for (const [key, value] of Object.entries(container)) {
    if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY) {
      Object.defineProperty(container, key, { value: String(value), enumerable: true })
    }
  }
}
