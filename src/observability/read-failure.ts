/** What is said of files that cannot be read. */
import { getSystemErrorMessage } from 'node:util'

/** A path and why it could not be read: `/a/b: no such file or directory`. */
export function failureOf(path: string, error: unknown): string {
  const { code, errno, message } = error as NodeJS.ErrnoException
  const words = errno === undefined ? undefined : getSystemErrorMessage(errno)
  return `${path}: ${words ?? code ?? message}`
}
