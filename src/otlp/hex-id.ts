/**
 * Trace and span ids of OTLP/JSON: hexadecimal in either case.
 */
import type { Fault } from './fault.ts'
import { readText } from './text.ts'

/** Hexadecimal digits of a trace id. */
export const TRACE_ID_CHARS = 32
/** Hexadecimal digits of a span id. */
export const SPAN_ID_CHARS = 16

const HEX = /^[0-9a-f]+$/
const ZEROS = /^0+$/

/**
 * An id in lower case, or `''` when the record has none. An invalid id counts as none, as the
 * data model of logs asks of receivers; only a value that is not even text is refused.
 */
export function readHexId(
  field: string,
  raw: unknown,
  chars: number,
  fault: Fault,
): string | undefined {
  const text = readText(field, raw, fault)
  if (text === undefined) return undefined
  if (text.length !== chars) return ''
  const id = text.toLowerCase()
  return HEX.test(id) && !ZEROS.test(id) ? id : ''
}
