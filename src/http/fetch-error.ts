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
