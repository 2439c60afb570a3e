/**
 * Trace and span ids of OTLP in protobuf: bytes of a fixed number.
 */

/**
 * An id as lower-case hexadecimal digits, or `''` when it has not that many or is all zero:
 * an invalid id counts as none.
 */
export function hexOf(bytes: Uint8Array, chars: number): string {
  if (bytes.length * 2 !== chars || bytes.every((byte) => byte === 0)) return ''
  return Buffer.from(bytes).toString('hex')
}
