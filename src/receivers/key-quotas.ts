/**
 * How much each key may still send. Records are known only once a request was read, so a request is
 * let in while its key is not in debt, and what it brought is charged then: a bucket that fills by the
 * minute and may go below zero. Bytes count by days of UTC. Each replica counts for itself, and adds
 * what others had written when it read the keys.
 */
import type { Clock } from '../domain/clock.ts'
import type { KeyQuota, StoredKey } from '../domain/key-store.ts'

/** Why a key has to wait, and for how long. */
export interface QuotaExceeded {
  readonly message: string
  /** Whole seconds, at least one. */
  readonly retryAfterS: number
}

export interface KeyQuotas {
  /** What keeps a request from being read. */
  exceeded(keyId: string): QuotaExceeded | undefined
  /** What a request brought. */
  charge(keyId: string, used: { readonly records: number; readonly bytes: number }): void
  /** The keys were read from the store. */
  loaded(keys: readonly StoredKey[]): void
}

interface KeyQuotasDeps {
  readonly clock: Clock
  readonly keyOf: (id: string) => (KeyQuota & Pick<StoredKey, 'name' | 'dayUse'>) | undefined
  readonly onUsed: (id: string, bytes: number) => void
}

interface Used {
  /** Records that may be sent now; below zero in debt. */
  records: number
  filledMs: number
  dayMs: number
  /** Of this day: those that the store knew at the start, and those since. */
  bytes: number
}

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

export function createKeyQuotas({ clock, keyOf, onUsed }: KeyQuotasDeps): KeyQuotas {
  const used = new Map<string, Used>()

  function usedOf(
    id: string,
    { recordsPerMinute = 0, dayUse }: KeyQuota & Pick<StoredKey, 'dayUse'>,
  ): Used {
    const nowMs = clock.now()
    const dayMs = nowMs - (nowMs % DAY_MS)
    const known = used.get(id) ?? {
      records: recordsPerMinute,
      filledMs: nowMs,
      dayMs,
      bytes: dayUse?.dayMs === dayMs ? dayUse.bytes : 0,
    }
    used.set(id, known)
    if (known.dayMs !== dayMs) {
      known.dayMs = dayMs
      known.bytes = 0
    }
    const filled = ((nowMs - known.filledMs) * recordsPerMinute) / MINUTE_MS
    known.records = Math.min(recordsPerMinute, known.records + Math.max(0, filled))
    known.filledMs = nowMs
    return known
  }

  return {
    exceeded: (id) => {
      const key = keyOf(id)
      if (key === undefined) return undefined
      const { recordsPerMinute, bytesPerDay, name } = key
      const { records, bytes, dayMs } = usedOf(id, key)
      if (recordsPerMinute !== undefined && records <= 0) {
        const waitMs = ((1 - records) * MINUTE_MS) / recordsPerMinute
        const message = `the key ${JSON.stringify(name)} may send ${recordsPerMinute} records a minute; send again later`
        return { message, retryAfterS: Math.max(1, Math.ceil(waitMs / 1000)) }
      }
      if (bytesPerDay !== undefined && bytes >= bytesPerDay) {
        const waitMs = dayMs + DAY_MS - clock.now()
        const message = `the key ${JSON.stringify(name)} may send ${bytesPerDay} bytes a day; send again tomorrow (UTC)`
        return { message, retryAfterS: Math.max(1, Math.ceil(waitMs / 1000)) }
      }
      return undefined
    },
    charge: (id, { records, bytes }) => {
      const key = keyOf(id)
      if (key === undefined) return
      const of = usedOf(id, key)
      of.records -= records
      of.bytes += bytes
      onUsed(id, bytes)
    },
    loaded: (keys) => {
      const known = new Set(keys.map(({ id }) => id))
      for (const id of used.keys()) if (!known.has(id)) used.delete(id)
    },
  }
}
