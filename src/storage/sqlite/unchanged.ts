/**
 * What was read while nobody changed the database: asked again, it is as it was. For a connection that only
 * reads; it is told of every commit of the others (`PRAGMA data_version`).
 */
import type { ReadConnection } from './connection.ts'

export interface Unchanged<T> {
  /** What `read` gave for this key since the last change, or gives now. */
  get(key: string, read: () => T): T
  forget(key: string): void
}

/** Remembers the newest `max`. */
export function createUnchanged<T>(
  { handle }: Pick<ReadConnection, 'handle'>,
  max: number,
): Unchanged<T> {
  const version = handle.prepare<[], number>('pragma data_version').pluck()
  const known = new Map<string, T>()
  let knownAt: number | undefined
  return {
    get: (key, read) => {
      // Looked at before reading: a change in between shows at the next question.
      const now = version.get()
      if (now !== knownAt) known.clear()
      knownAt = now
      const value = known.get(key) ?? read()
      known.delete(key)
      known.set(key, value)
      const [oldest] = known.keys()
      if (known.size > max && oldest !== undefined) known.delete(oldest)
      return value
    },
    forget: (key) => void known.delete(key),
  }
}
