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
