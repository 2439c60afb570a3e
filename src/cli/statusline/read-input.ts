/** Standard input as a whole. */
import type { Readable } from 'node:stream'

/** What an agent tells a status line is some kilobytes. */
const MAX_BYTES = 1024 * 1024

/** An agent writes at once; whoever keeps the pipe open would be waited for without end. */
const TIMEOUT_MS = 2_000

/**
 * Empty at a terminal, where nobody writes, and for what is too long. What does not end is what came of it
 * within two seconds.
 */
export async function readInput(
  stdin: Readable & { readonly isTTY?: boolean },
  timeoutMs = TIMEOUT_MS,
): Promise<string> {
  if (stdin.isTTY === true) return ''
  const parts: Buffer[] = []
  let bytes = 0
  const over = new AbortController()
  const timer = setTimeout(() => {
    over.abort()
    stdin.destroy()
  }, timeoutMs)
  try {
    for await (const part of stdin) {
      const chunk = Buffer.from(part as Uint8Array)
      bytes += chunk.length
      if (bytes > MAX_BYTES) return ''
      parts.push(chunk)
    }
  } catch (error) {
    // Destroyed in the middle, it says that it ended too early.
    if (!over.signal.aborted) throw error
  } finally {
    clearTimeout(timer)
  }
  return Buffer.concat(parts).toString('utf8')
}
