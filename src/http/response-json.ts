/**
 * Reading what a server put into its answer's body, whoever that server is.
 */

const EXCERPT_LENGTH = 300

/** A JSON object, or `undefined` for anything else. */
export function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What an error body says: Langfuse's `message` and `error`, else the beginning of the text. */
export function errorDetail(body: string): string {
  const parsed = parseObject(body)
  const parts = [parsed?.message, parsed?.error].filter((part) => part !== undefined)
  const texts = parts.map((part) => (typeof part === 'string' ? part : JSON.stringify(part)))
  return excerpt(texts.length > 0 ? texts.join(': ') : body)
}

/** One line of bounded length. */
export function excerpt(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > EXCERPT_LENGTH ? `${line.slice(0, EXCERPT_LENGTH)}…` : line
}
