/** JSON as it stands in a column: written by this program, but never trusted to be whole. */
import { err, ok, type Result } from '../domain/result.ts'

/** The parsed text, or what is wrong with it. */
export function parseJsonText(text: string): Result<unknown, string> {
  try {
    return ok(JSON.parse(text) as unknown)
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error))
  }
}
