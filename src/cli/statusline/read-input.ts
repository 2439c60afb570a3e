/** Standard input as a whole. */
import type { Readable } from 'node:stream'

/** What an agent tells a status line is some kilobytes. */
const MAX_BYTES = 1024 * 1024

/** Empty at a terminal, where nobody writes, and for what is too long. */
export async function readInput(stdin: Readable & { readonly isTTY?: boolean }): Promise<string> {
  if (stdin.isTTY === true) return ''
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of stdin) {
    const chunk = Buffer.from(part as Uint8Array)
    bytes += chunk.length
    if (bytes > MAX_BYTES) return ''
    parts.push(chunk)
  }
  return Buffer.concat(parts).toString('utf8')
}
