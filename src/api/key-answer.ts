/** A stored key as the API and commands tell it. */
import type { StoredKey } from '../domain/key-store.ts'
import type { KeyAnswer } from './contract/keys.ts'

/** Without what only the store needs to know. */
export function keyAnswerOf(key: StoredKey): KeyAnswer {
  const { id, name, scopes, createdMs, secrets } = key
  return {
    ...{ id, name, scopes: [...scopes], createdMs },
    team: key.team ?? null,
    user: key.user ?? null,
    recordsPerMinute: key.recordsPerMinute ?? null,
    bytesPerDay: key.bytesPerDay ?? null,
    expiresMs: key.expiresMs ?? null,
    revokedMs: key.revokedMs ?? null,
    lastUsedMs: key.lastUsedMs ?? null,
    secrets: secrets.map((secret) => {
      return { createdMs: secret.createdMs, expiresMs: secret.expiresMs ?? null }
    }),
  }
}
