/**
 * Why the bridge cannot listen where it should, and which setting changes that.
 */

/** The server that could not listen. */
export interface Listener {
  readonly host: string
  readonly port: number
  readonly portVariable: 'OTLP_RECEIVER_PORT' | 'OTLP_GRPC_PORT' | 'METRICS_PORT'
}

const IN_USE = 'EADDRINUSE'
const NOT_ALLOWED = ['EACCES', 'EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN']

/** One line for a person; an error that is no problem of the address is thrown on. */
export function listenProblem(error: unknown, { host, port, portVariable }: Listener): string {
  const code = codeOf(error)
  if (code === IN_USE) {
    return `Port ${port} on ${host} is in use by another program. Stop it, or set ${portVariable} to another port.`
  }
  if (code !== undefined) {
    return `Cannot listen on ${host}:${port} (${code}). Set OTLP_RECEIVER_HOST and ${portVariable} to an address this machine and user may use.`
  }
  throw error
}

/** Node puts the code in a field, the gRPC library in the text. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const named = 'code' in error ? error.code : undefined
  return [IN_USE, ...NOT_ALLOWED].find((code) => code === named || error.message.includes(code))
}
