/** Named keys, the audit log and overrides of budgets as they stand in columns, which every engine names so. */
import type { BudgetOverride, OverrideScope } from '../domain/budget-brake.ts'
import type { AuditEntry, AuditLog, StoredKey } from '../domain/key-store.ts'

/** A row of `api_keys`. */
export interface ApiKeyRow {
  readonly id: string
  readonly name: string
  readonly created_ms: number
  readonly revoked_ms: number | null
  readonly last_used_ms: number | null
  readonly used_day_ms: number | null
  readonly used_bytes: number | null
  readonly body: string
}

/** Of which there are columns. */
type InColumns = 'id' | 'name' | 'createdMs' | 'revokedMs' | 'lastUsedMs' | 'dayUse'
type Body = Omit<StoredKey, InColumns>

/** What of a key has no column, as JSON. */
export function keyBodyOf(key: StoredKey): string {
  const { scopes, team, user, expiresMs, secrets, recordsPerMinute, bytesPerDay } = key
  const body: Required<Body> = {
    ...{ scopes, team, user, expiresMs, secrets, recordsPerMinute, bytesPerDay },
  }
  return JSON.stringify(body)
}

export function keyOf(row: ApiKeyRow): StoredKey {
  const body = JSON.parse(row.body) as Body
  return {
    ...body,
    id: row.id,
    name: row.name,
    createdMs: row.created_ms,
    ...(row.revoked_ms !== null && { revokedMs: row.revoked_ms }),
    ...(row.last_used_ms !== null && { lastUsedMs: row.last_used_ms }),
    ...(row.used_day_ms !== null && {
      dayUse: { dayMs: row.used_day_ms, bytes: row.used_bytes ?? 0 },
    }),
  }
}

/** A key as a change leaves it: its name and its uses stay. */
export function changedKey(row: ApiKeyRow, change: (key: StoredKey) => StoredKey): StoredKey {
  const before = keyOf(row)
  const { id, name, createdMs, lastUsedMs, dayUse } = before
  return { ...change(before), id, name, createdMs, lastUsedMs, dayUse }
}

/** Entries of the audit log that are kept, some 100 bytes each. */
export const MAX_AUDIT_ENTRIES = 200_000
/** Entries that are deleted with one append at most: it is short. */
export const AUDIT_ENTRIES_PER_SLICE = 500

/** A row of `audit_log`. */
export interface AuditRow {
  readonly id: number
  readonly at_ms: number
  readonly actor: string
  readonly action: string
  readonly target: string | null
  readonly outcome: AuditEntry['outcome']
}

export function auditEntryOf({
  id,
  at_ms: atMs,
  actor,
  action,
  target,
  outcome,
}: AuditRow): Awaited<ReturnType<AuditLog['list']>>[number] {
  return { id, atMs, actor, action, outcome, ...(target !== null && { target }) }
}

/** A row of `budget_overrides`. */
interface OverrideRow {
  readonly scope: OverrideScope | null
  readonly subject: string | null
  readonly until_ms: number
  readonly created_ms: number
  readonly created_by: string
}

export function overrideOf(row: OverrideRow): BudgetOverride {
  const { scope, subject } = row
  return {
    ...(scope !== null && { scope }),
    ...(subject !== null && { subject }),
    untilMs: row.until_ms,
    createdMs: row.created_ms,
    createdBy: row.created_by,
  }
}
