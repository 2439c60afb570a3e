/** Keys changed by the API of a running bridge: what is changed counts at once. */
import { createKey, revokeKey, rotateKey, updateKey } from '../access/keys.ts'
import type { KeyManagement } from '../api/key-routes.ts'
import type { Clock } from '../domain/clock.ts'
import type { KeyStore } from '../domain/key-store.ts'
import type { KeyRing } from '../receivers/key-ring.ts'

export function createKeyManagement(
  store: KeyStore,
  ring: Pick<KeyRing, 'reload'>,
  clock: Clock,
): KeyManagement {
  async function reloaded<T>(change: Promise<T>): Promise<T> {
    const changed = await change
    await ring.reload()
    return changed
  }

  return {
    list: () => store.list(),
    create: (request) => reloaded(createKey(store, request, clock.now())),
    rotate: (nameOrId, overlapMs) => reloaded(rotateKey(store, nameOrId, overlapMs, clock.now())),
    update: (nameOrId, changes) => reloaded(updateKey(store, nameOrId, changes, clock.now())),
    revoke: (nameOrId) => reloaded(revokeKey(store, nameOrId, clock.now())),
  }
}
