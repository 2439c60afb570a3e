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
  /** Of its data folder; absent from older bridges. */
  readonly instance?: string
  /** Absent from older bridges. */
  readonly storage?: StorageHealth
}

export interface StorageHealth {
  /** Why records cannot be stored; null while they can. */
  readonly lastError: string | null
  /** Null when it is not known. */
  readonly usedBytes: number | null
  /** 0 is no limit. */
  readonly maxBytes: number
  readonly isFull: boolean
  readonly waitingSessions: number
  readonly droppedSessions: number
}

/** `undefined` when it is not the health of a bridge, or not all of it: see `livenessOf`. */
export function healthOf(text: string): Health | undefined {
  const parsed = parseJsonObject(text)
  if (!parsed.ok) return undefined
  const { status, version, langfuse, delivery, instance, storage } = parsed.value
  if (typeof status !== 'string' || typeof version !== 'string') return undefined
  if (typeof langfuse !== 'string' || !isObject(delivery)) return undefined
  return {
    status,
    version,
    langfuse,
    pending: countIn(delivery, 'pending'),
    dead: countIn(delivery, 'dead'),
    dropped: countIn(delivery, 'dropped'),
    oldestPendingMs: countIn(delivery, 'oldestPendingMs'),
    ...(typeof instance === 'string' && { instance }),
    ...(isObject(storage) && { storage: storageOf(storage) }),
  }
}

/** The status that a bridge tells those who do not send its key; `undefined` when it is none. */
export function livenessOf(text: string): string | undefined {
  const parsed = parseJsonObject(text)
  if (!parsed.ok || parsed.value.service !== 'claude-telemetry') return undefined
  return typeof parsed.value.status === 'string' ? parsed.value.status : undefined
}

function storageOf(storage: Readonly<Record<string, unknown>>): StorageHealth {
  const { lastError, usedBytes, size } = storage
  return {
    lastError: typeof lastError === 'string' ? lastError : null,
    usedBytes: typeof usedBytes === 'number' ? usedBytes : null,
    maxBytes: countIn(storage, 'maxBytes'),
    isFull: size === 'full',
    waitingSessions: countIn(storage, 'waitingSessions'),
    droppedSessions: countIn(storage, 'droppedSessions'),
  }
}

function countIn(values: Readonly<Record<string, unknown>>, name: string): number {
  const value = values[name]
  return typeof value === 'number' ? value : 0
}
