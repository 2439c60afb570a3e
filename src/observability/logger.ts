/**
 * The product's log: one JSON object a line on standard output, with ISO times. Guarantees that
 * fields named like keys and passwords are masked wherever they stand in the first levels.
 */
import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino'
import { safeJson } from '../domain/safe-text.ts'
import { withoutUrlPasswords } from '../domain/url-password.ts'

/** A level's method: facts first, then the sentence. */
export type LogMethod = (facts: object, message: string) => void

/** What the parts of the product need of a logger. */
export interface Log {
  readonly error: LogMethod
  readonly warn: LogMethod
  readonly info: LogMethod
  readonly debug: LogMethod
}

const secretNames = [
  'apiKey',
  'secretKey',
  'publicKey',
  'password',
  'token',
  'secret',
  'authorization',
  'Authorization',
  'API_KEY',
  'LANGFUSE_SECRET_KEY',
  'LANGFUSE_PUBLIC_KEY',
]
const redactedPaths = secretNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`])

/** A logger of `level` (a Pino level or `silent`), writing to `destination` or standard output. */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: redactedPaths, censor: '(hidden)' },
    // Someone may read the log on a terminal, and JSON leaves C1 controls as they are. Errors of other
    // programs and of Node quote URLs whole.
    hooks: { streamWrite: (line: string) => safeJson(withoutUrlPasswords(line)) },
  }
  // At once: what is written last must not wait for a thread where the process is about to end.
  return pino(options, destination ?? pino.destination({ dest: 1, sync: true }))
}
