/**
 * Secrets that a command is given on standard input, for arguments can be read by every user of the
 * machine: `-` in the place of a key.
 */
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { ok, type Result } from '../domain/result.ts'
import { failed, type Failure } from './outcome.ts'

/** Reads standard input to its end, or a line of a terminal without showing it. */
export type ReadSecret = (what: string) => Promise<string>

const MAX_CHARACTERS = 65_536
/** In place of a secret. */
const ON_STANDARD_INPUT = '-'

export function createReadSecret(
  input: NodeJS.ReadStream,
  output: NodeJS.WritableStream,
): ReadSecret {
  return async (what) => {
    if (!input.isTTY) return readAll(input)
    output.write(`${what} (not shown): `)
    // Given the terminal, readline itself does the echo: into nothing.
    const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
    const lines = createInterface({ input, output: nowhere, terminal: true })
    try {
      return await lines.question('')
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'AbortError') throw error
      return ''
    } finally {
      lines.close()
      output.write('\n')
    }
  }
}

async function readAll(input: NodeJS.ReadStream): Promise<string> {
  let text = ''
  for await (const chunk of input.setEncoding('utf8')) {
    text += String(chunk)
    if (text.length > MAX_CHARACTERS) break
  }
  return text
}

/** The value of an option, from standard input where it is `-`. */
export async function secretOf(
  given: string | undefined,
  option: string,
  read: ReadSecret,
): Promise<Result<string | undefined, Failure>> {
  if (given !== ON_STANDARD_INPUT) return ok(given)
  const secret = (await read(option.replace(/^-+/, ''))).trim()
  if (/^[\x21-\x7e]+$/.test(secret)) return ok(secret)
  const what = secret === '' ? 'there is none' : 'it is not one line of printable ASCII'
  return failed(
    `${option} - reads the key from standard input, but ${what}`,
    `For example: claude-telemetry … ${option} - < file`,
  )
}
