/** Named keys and the audit log as a store keeps them. Of a key's secret, only its hash is stored. */
import type { Owner, Scope } from './access.ts'

export interface KeySecret {
  /** SHA-256 of the secret, base64url. */
  readonly hash: string
  readonly createdMs: number
  /** Set once another one takes its place: until when both count. */
  readonly expiresMs?: number | undefined
}

/** What a key may send; absent is no limit. */
export interface KeyQuota {
  readonly recordsPerMinute?: number | undefined
  /** By days of UTC. */
  readonly bytesPerDay?: number | undefined
}

/** What was sent under a key on one day. */
export interface DayUse {
  /** When the day began (UTC), epoch ms. */
  readonly dayMs: number
  readonly bytes: number
}

/** How much a key may send now, over all processes that share the store. */
export interface KeyBalance {
  readonly id: string
  /** Below zero in debt. */
  readonly records: number
  readonly dayUse: DayUse
}

/** What was sent under a key and is to be taken off its balance. */
export interface KeyCharge extends DayUse {
  readonly id: string
  readonly records: number
  readonly recordsPerMinute: number
}

export interface StoredKey extends Owner, KeyQuota {
  /** Random and public: part of the key, so that its row is found without comparing secrets. */
  readonly id: string
  /** Of keys that are not revoked, each has another one. */
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly createdMs: number
  readonly expiresMs?: number | undefined
  readonly revokedMs?: number | undefined
  readonly secrets: readonly KeySecret[]
  /** Written now and then, not at each use. */
  readonly lastUsedMs?: number | undefined
  readonly dayUse?: DayUse | undefined
}

/** Uses of a key since they were written last. */
export interface KeyUse extends DayUse {
  readonly id: string
  readonly lastUsedMs: number
}

export interface KeyStore {
  /** All of them, revoked ones too, in the order in which they were made. */
  list(): Promise<readonly StoredKey[]>
  /** False when a key of that name is in force: then nothing is stored. */
  add(key: StoredKey): Promise<boolean>
  /**
   * Puts what `change` makes of a key in its place, in one transaction; its id, name and uses stay.
   * Resolves to what is stored now; undefined when there is no such key.
   */
  change(id: string, change: (key: StoredKey) => StoredKey): Promise<StoredKey | undefined>
  /** Adds to what is known of their uses; of a new day, the sum begins anew. */
  noteUses(uses: readonly KeyUse[]): Promise<void>
  /**
   * Takes charges off the balances that all processes share, and resolves to what is left; a charge of
   * nothing only asks. Absent where one process alone has the store.
   */
  readonly share?: (charges: readonly KeyCharge[]) => Promise<readonly KeyBalance[]>
}

/** What is written down: reads of content, deletions, and changes of keys and of what waits. */
export interface AuditEntry {
  readonly atMs: number
  /** Name of the principal. */
  readonly actor: string
  /** The operation of the API, e.g. `deleteSession`. */
  readonly action: string
  /** What it was about, such as a session's key. No content. */
  readonly target?: string | undefined
  /** Whether it was allowed and done. */
  readonly outcome: 'done' | 'refused' | 'failed'
}

export interface StoredAuditEntry extends AuditEntry {
  readonly id: number
}

/** Bounded in age by the retention, and in number. */
export interface AuditLog {
  /** Resolves once they are durable. */
  append(entries: readonly AuditEntry[]): Promise<void>
  /** The newest first, those before an id. */
  list(beforeId: number | undefined, limit: number): Promise<readonly StoredAuditEntry[]>
}
