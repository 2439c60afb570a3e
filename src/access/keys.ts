/**
 * Named keys: how one is made, checked, rotated and revoked. A key reads `ctk_<id>_<secret>`. Its
 * secret has 256 random bits, so a fast hash of it is as good as a slow one: there is nothing to
 * guess (docs/decisions/0021).
 */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Scope } from '../domain/access.ts'
import { ownerProblem } from '../domain/identity.ts'
import type { KeySecret, KeyStore, StoredKey } from '../domain/key-store.ts'
import { err, ok, type Result } from '../domain/result.ts'

const KEY = /^ctk_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/
const ID_BYTES = 8
const SECRET_BYTES = 32
/** An older secret goes when a key is rotated more often than this while all of them count. */
const MAX_SECRETS = 4

/** What a person says of a key. */
export interface KeyRequest
  extends Pick<StoredKey, 'name' | 'team' | 'user' | 'recordsPerMinute' | 'bytesPerDay'> {
  readonly scopes: readonly Scope[]
  /** Epoch ms. */
  readonly expiresMs?: number | undefined
}

/** A key with its text, which is shown once and stored nowhere. */
export interface IssuedKey {
  readonly key: StoredKey
  readonly text: string
}

/** Whether a text has the form of a named key. */
export function isNamedKey(text: string): boolean {
  return KEY.test(text)
}

/** The id in a key's text; undefined when it is no named key. */
export function keyIdOf(text: string): string | undefined {
  return KEY.exec(text)?.[1]
}

/** What keeps a key from being made like this, as a sentence for a person. */
export function keyProblem(request: KeyRequest, nowMs: number): string | undefined {
  const { scopes, team, user, expiresMs } = request
  if (scopes.length === 0) return 'a key needs at least one scope'
  if (scopes.includes('read:team') && team === undefined) {
    return 'the scope read:team needs a team: whose sessions shall it read?'
  }
  if (scopes.includes('read:own') && user === undefined) {
    return 'the scope read:own needs a user: whose sessions shall it read?'
  }
  if (expiresMs !== undefined && expiresMs <= nowMs) return 'the key would have expired already'
  return ownerProblem(request)
}

/** Makes a key, and stores it. The error is a sentence for a person. */
export async function createKey(
  store: KeyStore,
  request: KeyRequest,
  nowMs: number,
): Promise<Result<IssuedKey, string>> {
  const problem = keyProblem(request, nowMs)
  if (problem !== undefined) return err(problem)
  const { secret, stored } = newSecret(nowMs)
  const id = randomBytes(ID_BYTES).toString('hex')
  const key: StoredKey = { ...request, id, createdMs: nowMs, secrets: [stored] }
  if (!(await store.add(key))) {
    return err(
      `there is a key ${JSON.stringify(request.name)} already: revoke it, or take another name`,
    )
  }
  return ok({ key, text: textOf(id, secret) })
}

/** Gives a key another secret; those before it count for `overlapMs` longer. */
export async function rotateKey(
  store: KeyStore,
  nameOrId: string,
  overlapMs: number,
  nowMs: number,
): Promise<Result<IssuedKey, string>> {
  const found = await activeKey(store, nameOrId)
  if (!found.ok) return found
  const { secret, stored } = newSecret(nowMs)
  const key = await store.change(found.value.id, (current) => {
    const untilMs = nowMs + overlapMs
    const before = current.secrets
      .map((one) => ({ ...one, expiresMs: Math.min(one.expiresMs ?? untilMs, untilMs) }))
      .filter(({ expiresMs }) => expiresMs > nowMs)
    return { ...current, secrets: [...before, stored].slice(-MAX_SECRETS) }
  })
  if (key === undefined || key.revokedMs !== undefined) return err(noKey(nameOrId))
  return ok({ key, text: textOf(key.id, secret) })
}

/** What is to be different; what is left out stays, and null takes a limit or the end away. */
export interface KeyChanges {
  readonly recordsPerMinute?: number | null | undefined
  readonly bytesPerDay?: number | null | undefined
  /** Epoch ms. */
  readonly expiresMs?: number | null | undefined
}

/** Changes what a key may send and until when; its secrets stay. */
export async function updateKey(
  store: KeyStore,
  nameOrId: string,
  changes: KeyChanges,
  nowMs: number,
): Promise<Result<StoredKey, string>> {
  const { expiresMs } = changes
  if (expiresMs !== undefined && expiresMs !== null && expiresMs <= nowMs) {
    return err('the key would have expired already: revoke it instead')
  }
  const found = await activeKey(store, nameOrId)
  if (!found.ok) return found
  const key = await store.change(found.value.id, (current) => ({
    ...current,
    recordsPerMinute: changed(current.recordsPerMinute, changes.recordsPerMinute),
    bytesPerDay: changed(current.bytesPerDay, changes.bytesPerDay),
    expiresMs: changed(current.expiresMs, expiresMs),
  }))
  return key === undefined || key.revokedMs !== undefined ? err(noKey(nameOrId)) : ok(key)
}

function changed(
  current: number | undefined,
  change: number | null | undefined,
): number | undefined {
  return change === undefined ? current : (change ?? undefined)
}

/** From now on the key counts nowhere. */
export async function revokeKey(
  store: KeyStore,
  nameOrId: string,
  nowMs: number,
): Promise<Result<StoredKey, string>> {
  const found = await activeKey(store, nameOrId)
  if (!found.ok) return found
  const key = await store.change(found.value.id, (current) => ({
    ...current,
    secrets: [],
    revokedMs: current.revokedMs ?? nowMs,
  }))
  return key === undefined ? err(noKey(nameOrId)) : ok(key)
}

async function activeKey(store: KeyStore, nameOrId: string): Promise<Result<StoredKey, string>> {
  const keys = (await store.list()).filter(({ revokedMs }) => revokedMs === undefined)
  const found = keys.find(({ name }) => name === nameOrId) ?? keys.find(({ id }) => id === nameOrId)
  return found === undefined ? err(noKey(nameOrId)) : ok(found)
}

function noKey(nameOrId: string): string {
  return `there is no key ${JSON.stringify(nameOrId.slice(0, 100))} in force`
}

/** Whether a key's text brings a secret of this key that counts now. In constant time for its secrets. */
export function isSecretOf(text: string, key: StoredKey, nowMs: number): boolean {
  const sent = digest(KEY.exec(text)?.[2] ?? '')
  let isRight = false
  for (const { hash: stored, expiresMs = Number.POSITIVE_INFINITY } of key.secrets) {
    const expected = Buffer.from(stored, 'base64url')
    const isSame = expected.length === sent.length && timingSafeEqual(expected, sent)
    if (isSame && nowMs < expiresMs) isRight = true
  }
  const isOver = key.expiresMs !== undefined && nowMs >= key.expiresMs
  return isRight && !isOver && key.revokedMs === undefined
}

function newSecret(nowMs: number): { readonly secret: string; readonly stored: KeySecret } {
  const secret = randomBytes(SECRET_BYTES).toString('base64url')
  return { secret, stored: { hash: digest(secret).toString('base64url'), createdMs: nowMs } }
}

function textOf(id: string, secret: string): string {
  return `ctk_${id}_${secret}`
}

function digest(secret: string): Buffer {
  return hash('sha256', secret, 'buffer')
}
