/**
 * ExportTraceServiceRequest in OTLP/JSON, as far as it matters while spans are not used: is it
 * one, and does it bring any.
 */
import { err, ok, type Result } from '../domain/result.ts'
import type { DecodeFailure } from './decode-failure.ts'
import { isObject, typeName } from './fault.ts'

/** Tells whether a parsed OTLP/JSON body brings spans. */
export function bringsSpans(body: unknown): Result<boolean, DecodeFailure> {
  if (!isObject(body)) {
    return err({ message: `the request is ${typeName(body)}, expected a JSON object` })
  }
  const groups = body.resourceSpans ?? []
  if (Array.isArray(groups)) return ok(groups.length > 0)
  return err({ message: `resourceSpans is ${typeName(groups)}, expected a list` })
}
