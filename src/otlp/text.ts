/**
 * Plain string fields of OTLP/JSON.
 */
import { type Fault, refuse, typeName } from './fault.ts'

/** A string field; empty when it was left out. */
export function readText(field: string, raw: unknown, fault: Fault): string | undefined {
  if (typeof raw === 'string') return raw
  if (raw === undefined || raw === null) return ''
  return refuse(fault, `${field} is ${typeName(raw)}, expected a string`)
}
