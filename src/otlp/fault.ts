/**
 * How the readers of one record say what is wrong with it: they return `undefined` and leave
 * the reason here. One fault serves a whole request, so the good path allocates nothing.
 */

/** Where a reader leaves the reason. Only meaningful right after it returned `undefined`. */
export interface Fault {
  text: string
}

const MAX_QUOTED_CHARS = 60

/** Leaves the reason and returns the `undefined` that a reader of `T` hands on. */
export function refuse<T>(fault: Fault, text: string): T | undefined {
  fault.text = text
  return undefined
}

/** Names a JSON value by its type, for sentences such as `attributes is a string`. */
export function typeName(value: unknown): string {
  if (value === undefined) return 'missing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/** Shows a text or number, cut to a length fit for a message; other values by their type. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(shortened(value))
  return typeof value === 'number' ? String(value) : typeName(value)
}

/** Cuts a text from outside to a length fit for a message. */
export function shortened(text: string): string {
  return text.length > MAX_QUOTED_CHARS ? `${text.slice(0, MAX_QUOTED_CHARS)}…` : text
}

/** True for JSON objects: neither null nor a list. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
