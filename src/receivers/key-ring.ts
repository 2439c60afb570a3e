/**
 * The named keys of a running bridge, in memory: whom a request comes from, and how much each key may
 * still send. What the store has is read at the start, after each change, and every few seconds, since
 * another replica may have changed it. Uses are written once a minute.
 */
import { isNamedKey, isSecretOf, keyIdOf } from '../access/keys.ts'
import type { Principal } from '../domain/access.ts'
import type { Clock, Timer } from '../domain/clock.ts'
import type { KeyStore, KeyUse, StoredKey } from '../domain/key-store.ts'
import type { Log } from '../observability/logger.ts'
import { bearerKeys, createKeyCheck, type KeyCheck } from './api-key.ts'
import { createKeyQuotas, type KeyQuotas } from './key-quotas.ts'

/** Whom an `Authorization` header stands for. */
export type Identified =
  | { readonly kind: 'principal'; readonly principal: Principal }
  /** Wrong, revoked, or no longer valid. */
  | { readonly kind: 'unknown'; readonly isNamed: boolean }
  | { readonly kind: 'absent' }

export interface KeyRing {
  /** Reads the keys, and again from now on. */
  start(): Promise<void>
  /** Writes what is not written yet. */
  stop(): Promise<void>
  /** Reads them now: some were changed. */
  reload(): Promise<void>
  /** Whether the keys were read; until then nobody knows who may send. */
  isLoaded(): boolean
  /** Whether the last attempt to read them succeeded: if not, an unknown key may be a new one. */
  isCurrent(): boolean
  /** Whether there are named keys, be they revoked: then whoever sends needs one. */
  hasKeys(): boolean
  /** By the keys as they were read last. */
  identify(authorization: string | undefined): Identified
  /**
   * The same, but a named key that is unknown has the keys read once more, since another replica may have made
   * or rotated it: senders take a refusal for good. However many wrong keys come, they are read twice a second
   * at most.
   */
  lookUp(authorization: string | undefined): Promise<Identified>
  readonly quotas: KeyQuotas
}

export interface KeyRingDeps {
  /** Absent where there are none. */
  readonly store?: KeyStore | undefined
  /** The operator's own key, with all rights. */
  readonly apiKey: string | undefined
  readonly clock: Clock
  readonly log: Pick<Log, 'error'>
}

const RELOAD_MS = 5_000
const CATCH_UP_MS = 500
const WRITE_USES_MS = 60_000
/** Between two times that others are told what was charged. */
const SHARE_MS = 1_000
const DAY_MS = 86_400_000

/** Whoever holds API_KEY, or the access token of a bridge on this machine. */
export const operator: Principal = { name: 'API_KEY', scopes: ['admin'] }

export function createKeyRing({ store, apiKey, clock, log }: KeyRingDeps): KeyRing {
  const isApiKey: KeyCheck = apiKey === undefined ? () => false : createKeyCheck(apiKey)
  let keys: ReadonlyMap<string, StoredKey> = new Map()
  /** Since they were written last. */
  const uses = new Map<string, KeyUse>()
  const share = store?.share
  const quotas = createKeyQuotas({
    clock,
    keyOf: (id) => keys.get(id),
    onUsed: noteUse,
    onShared: share && shareSoon,
  })
  let reloadTimer: Timer | undefined
  let writeTimer: Timer | undefined
  let shareTimer: Timer | undefined
  let sharing: Promise<void> | undefined
  /** Something was charged that is not on its way. */
  let isUntold = false
  let isStopped = false
  let isFailing = false
  let isLoaded = store === undefined
  let readMs = Number.NEGATIVE_INFINITY
  /** The next read that was asked for, not begun yet. */
  let nextRead: Promise<void> | undefined

  function noteUse(id: string, bytes: number): void {
    const lastUsedMs = clock.now()
    const dayMs = lastUsedMs - (lastUsedMs % DAY_MS)
    const before = uses.get(id)
    const sameDay = before?.dayMs === dayMs ? before.bytes : 0
    uses.set(id, { id, lastUsedMs, dayMs, bytes: sameDay + bytes })
  }

  function shareSoon(isMuch: boolean): void {
    isUntold = true
    if (sharing !== undefined || isStopped) return
    if (isMuch) shareNow()
    else shareTimer ??= clock.setTimer(shareNow, SHARE_MS)
  }

  function shareNow(): void {
    shareTimer?.cancel()
    shareTimer = undefined
    sharing = shareUntold('charged').finally(() => {
      sharing = undefined
      if (isUntold) shareSoon(false)
    })
  }

  /** Of all keys it also asks what others took. */
  async function shareUntold(which: 'charged' | 'all'): Promise<void> {
    const charges = quotas.untold(which)
    if (share === undefined || charges.length === 0) return
    isUntold = false
    try {
      quotas.told(charges, await share(charges))
    } catch (error) {
      isUntold = true
      if (!isFailing) log.error({ err: error }, 'cannot store the usage of API keys, retrying')
    }
  }

  async function reload(): Promise<void> {
    if (store === undefined) return
    const stored = await store.list()
    keys = new Map(stored.map((key) => [key.id, key]))
    quotas.loaded(stored)
    isLoaded = true
    if (sharing === undefined) await shareUntold('all')
  }

  /** A store that cannot be read for a while leaves the keys as they were. */
  async function reloadOrTell(): Promise<void> {
    try {
      await reload()
      isFailing = false
    } catch (error) {
      if (!isFailing) log.error({ err: error }, 'cannot read the API keys, retrying')
      isFailing = true
    }
  }

  /** A read that begins after this call. */
  function readSoon(): Promise<void> {
    nextRead ??= untilMayRead().then(() => {
      nextRead = undefined
      readMs = clock.now()
      return reloadOrTell()
    })
    return nextRead
  }

  async function untilMayRead(): Promise<void> {
    const waitMs = readMs + CATCH_UP_MS - clock.now()
    if (waitMs > 0) await new Promise<void>((resolve) => void clock.setTimer(resolve, waitMs))
  }

  async function writeUses(): Promise<void> {
    if (store === undefined || uses.size === 0) return
    const written = [...uses.values()]
    uses.clear()
    try {
      await store.noteUses(written)
    } catch (error) {
      log.error({ err: error }, 'cannot store the last use of API keys')
    }
  }

  function every(ms: number, work: () => Promise<void>, keep: (timer: Timer) => void): void {
    const timer = clock.setTimer(() => {
      void work().then(() => {
        if (!isStopped) every(ms, work, keep)
      })
    }, ms)
    keep(timer)
  }

  function identifyNamed(text: string): Principal | undefined {
    const key = keys.get(keyIdOf(text) ?? '')
    if (key === undefined || !isSecretOf(text, key, clock.now())) return undefined
    const { id: keyId, name, scopes, team, user } = key
    noteUse(keyId, 0)
    return { keyId, name, scopes, team, user }
  }

  function identify(authorization: string | undefined): Identified {
    if (authorization === undefined) return { kind: 'absent' }
    if (isApiKey(authorization)) return { kind: 'principal', principal: operator }
    const texts = bearerKeys(authorization)
    for (const text of texts) {
      const principal = identifyNamed(text)
      if (principal !== undefined) return { kind: 'principal', principal }
    }
    return { kind: 'unknown', isNamed: texts.some(isNamedKey) }
  }

  return {
    start: async () => {
      await reloadOrTell()
      if (store === undefined) return
      every(RELOAD_MS, reloadOrTell, (timer) => {
        reloadTimer = timer
      })
      every(WRITE_USES_MS, writeUses, (timer) => {
        writeTimer = timer
      })
    },
    stop: async () => {
      isStopped = true
      reloadTimer?.cancel()
      writeTimer?.cancel()
      shareTimer?.cancel()
      await sharing
      await shareUntold('charged')
      await writeUses()
    },
    reload,
    isLoaded: () => isLoaded,
    isCurrent: () => isLoaded && !isFailing,
    hasKeys: () => keys.size > 0,
    identify,
    lookUp: async (authorization) => {
      const identified = identify(authorization)
      const isNew = identified.kind === 'unknown' && identified.isNamed
      if (store === undefined || !isNew) return identified
      await readSoon()
      return identify(authorization)
    },
    quotas,
  }
}
