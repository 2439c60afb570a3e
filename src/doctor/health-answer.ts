/** The bridge's `/health`, as another program reads it. Pure. */
import { isObject, parseJsonObject } from '../setup/json-object.ts'

export interface Health {
  readonly status: string
  readonly version: string
  readonly langfuse: string
  readonly pending: number
  readonly dead: number
  readonly dropped: number
  readonly oldestPendingMs: number
}

/** `undefined` when it is not the health of a bridge. */
export function healthOf(text: string): Health | undefined {
  const parsed = parseJsonObject(text)
  if (!parsed.ok) return undefined
  const { status, version, langfuse, delivery } = parsed.value
  if (typeof status !== 'string' || typeof version !== 'string') return undefined
  if (typeof langfuse !== 'string' || !isObject(delivery)) return undefined
  const count = (name: string): number => {
    const value = delivery[name]
    return typeof value === 'number' ? value : 0
  }
  return {
    status,
    version,
    langfuse,
    pending: count('pending'),
    dead: count('dead'),
    dropped: count('dropped'),
    oldestPendingMs: count('oldestPendingMs'),
  }
}
