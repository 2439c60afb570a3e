/** JSON of the store, as what masks it compares and renames it. */
import type { SessionKey } from '../domain/identity.ts'

/** What would be read back of a value. */
export function asJson(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value))
}

/** Undefined where it is damaged. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** With another session's key in place of this one's: keys of turns and traces begin with it. */
export function renamedText<T>(value: T, key: SessionKey, newKey: SessionKey): T {
  if (newKey === key) return structuredClone(value)
  const inJson = (of: string) => JSON.stringify(of).slice(1, -1)
  const text = JSON.stringify(value)
    .replaceAll(inJson(key), inJson(newKey))
    .replaceAll(JSON.stringify(sessionIdOf(key)), JSON.stringify(sessionIdOf(newKey)))
  return JSON.parse(text) as T
}

/** `<agent>/<session id>`; agents have no slash in their names. */
export function sessionIdOf(key: SessionKey): string {
  return key.slice(key.indexOf('/') + 1)
}
