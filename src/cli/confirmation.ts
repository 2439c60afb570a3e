/**
 * A question before something that cannot be undone: asked where a person can answer, answered by
 * `--yes`, and refused where neither is so.
 */
import { createInterface } from 'node:readline/promises'
import { ok, type Result } from '../domain/result.ts'
import { safeLine } from '../domain/safe-text.ts'
import { failed, type Failure } from './outcome.ts'

/** Whether a question was answered with yes. */
export type Ask = (question: string) => Promise<boolean>

/** Asks on a terminal; anything but `y` or `yes` is a no, Ctrl-C and Ctrl-D too. */
export function createAsk(input: NodeJS.ReadableStream, output: NodeJS.WritableStream): Ask {
  return async (question) => {
    const lines = createInterface({ input, output })
    try {
      return /^\s*y(es)?\s*$/i.test(await lines.question(`${safeLine(question)} [y/N] `))
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'AbortError') throw error
      output.write('\n')
      return false
    } finally {
      lines.close()
    }
  }
}

/** Whether to go on. */
export async function confirmed(
  ask: Ask | undefined,
  isYes: boolean,
  question: string,
): Promise<Result<boolean, Failure>> {
  if (isYes) return ok(true)
  if (ask === undefined)
    return failed(
      'this needs confirmation, and there is no terminal to ask on',
      'Pass --yes to proceed without confirmation.',
    )
  return ok(await ask(question))
}
