/**
 * Reading what came back of a request, in bounds.
 */

/** Langfuse's answers are a few hundred bytes; what is longer is somebody else's. */
const MAX_CHARACTERS = 65_536

/**
 * The body's text, cut off at a bound; `undefined` when the connection broke or the time was up
 * before its end.
 */
export async function readBody(response: Response): Promise<string | undefined> {
  if (response.body === null) return ''
  let text = ''
  try {
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      text += chunk
      if (text.length > MAX_CHARACTERS) break
    }
  } catch {
    return undefined
  }
  return text.slice(0, MAX_CHARACTERS)
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
