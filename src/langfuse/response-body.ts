/**
 * Reading what came back of a request, in bounds.
 */

/** Langfuse's answers are a few hundred bytes; what is longer is somebody else's. */
const MAX_BYTES = 65_536

/**
 * The body's text, cut off at a bound; `undefined` when the connection broke or the time was up
 * before its end.
 */
export async function readBody(response: Response): Promise<string | undefined> {
  if (response.body === null) return ''
  const stream: AsyncIterable<Uint8Array> = response.body
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const chunk of stream) {
      chunks.push(chunk)
      bytes += chunk.byteLength
      if (bytes > MAX_BYTES) break
    }
  } catch {
    return undefined
  }
  return Buffer.concat(chunks).toString('utf8', 0, MAX_BYTES)
}

/** What went wrong below HTTP, e.g. `connect ECONNREFUSED 127.0.0.1:3000`. */
export function describeFetchError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // fetch wraps the network's error, and that one may hold one error per address tried.
  if (error.cause instanceof AggregateError && error.cause.errors.length > 0) {
    return error.cause.errors.map(describeFetchError).join('; ')
  }
  if (error.cause instanceof Error) return describeFetchError(error.cause)
  return error.message
}
