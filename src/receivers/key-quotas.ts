/**
 * How much each key may still send. Records are known only once a request was read, so a request is
 * let in while its key is not in debt, and what it brought is charged then: a bucket that fills by the
 * minute and may go below zero. Bytes count by days of UTC.
 *
 * Where processes share a store they share the buckets, too: each notes what it charged, tells it now and
 * then instead of with each request, and hears what is left. In between it goes by what it last heard
 * and charged since; a debt that comes of that is one for all, so the quota holds over time.
 */
import type { Clock } from '../domain/clock.ts'
import type { KeyBalance, KeyCharge, KeyQuota, StoredKey } from '../domain/key-store.ts'

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
  /** What was charged to keys with quotas since it was told last; of `all`, nothing to the others. */
  untold(which: 'charged' | 'all'): readonly KeyCharge[]
  /** These were told, and this is left of the quotas. */
  told(charges: readonly KeyCharge[], left: readonly KeyBalance[]): void
}

interface KeyQuotasDeps {
  readonly clock: Clock
  readonly keyOf: (id: string) => (KeyQuota & Pick<StoredKey, 'name' | 'dayUse'>) | undefined
  readonly onUsed: (id: string, bytes: number) => void
  /**
   * Told after a charge to a key with a quota, where quotas are shared: whether it was so much that
   * others are to know it at once.
   */
  readonly onShared?: ((isMuch: boolean) => void) | undefined
}

interface Used {
  /** Records that may be sent now; below zero in debt. */
  records: number
  filledMs: number
  dayMs: number
  /** Of this day: those that the store knew at the start, and those since. */
  bytes: number
  /** Of those, what others were not told. */
  untoldRecords: number
  untoldBytes: number
}

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
/** Of a quota: what others are told at once. */
const MUCH = 0.1
const NO_LIMIT = Number.POSITIVE_INFINITY

export function createKeyQuotas(deps: KeyQuotasDeps): KeyQuotas {
  const { clock, keyOf, onUsed, onShared } = deps
  const used = new Map<string, Used>()
  let withQuotas: readonly StoredKey[] = []

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
      untoldRecords: 0,
      untoldBytes: 0,
    }
    used.set(id, known)
    if (known.dayMs !== dayMs) {
      known.dayMs = dayMs
      known.bytes = 0
      known.untoldBytes = 0
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
      if (onShared === undefined || !hasQuota(key)) {
        onUsed(id, bytes)
        return
      }
      onUsed(id, 0)
      of.untoldRecords += records
      of.untoldBytes += bytes
      const { recordsPerMinute = NO_LIMIT, bytesPerDay = NO_LIMIT } = key
      onShared(of.untoldRecords > MUCH * recordsPerMinute || of.untoldBytes > MUCH * bytesPerDay)
    },
    loaded: (keys) => {
      const known = new Set(keys.map(({ id }) => id))
      for (const id of used.keys()) if (!known.has(id)) used.delete(id)
      withQuotas = keys.filter((key) => key.revokedMs === undefined && hasQuota(key))
    },
    untold: (which) =>
      withQuotas.flatMap((key): KeyCharge[] => {
        const { id, recordsPerMinute = 0 } = key
        const { untoldRecords: records, untoldBytes: bytes, dayMs } = usedOf(id, key)
        if (which === 'charged' && records === 0 && bytes === 0) return []
        return [{ id, records, bytes, dayMs, recordsPerMinute }]
      }),
    told: (charges, left) => {
      const balances = new Map(left.map((balance) => [balance.id, balance]))
      for (const { id, records, bytes, dayMs } of charges) {
        const balance = balances.get(id)
        const key = keyOf(id)
        if (balance === undefined || key === undefined) continue
        const of = usedOf(id, key)
        of.untoldRecords -= records
        of.records = balance.records - of.untoldRecords
        if (of.dayMs !== dayMs) continue
        of.untoldBytes -= bytes
        const { dayUse } = balance
        if (dayUse.dayMs === dayMs) of.bytes = dayUse.bytes + of.untoldBytes
      }
    },
  }
}

function hasQuota({ recordsPerMinute, bytesPerDay }: KeyQuota): boolean {
  return recordsPerMinute !== undefined || bytesPerDay !== undefined
}
