/**
 * Who and where a session is: what stands on every span of it.
 */
import { compactOwnerTag, type Owner, ownerOfTag, ownerTag } from './access.ts'
import { shortHash } from './short-hash.ts'

/**
 * Natural key of a session: `<agent>/<session id>`; of one that came under a key with a team or a
 * user `<agent>@<tag of the owner>/<session id>`, so that nobody writes into a session of others.
 */
export type SessionKey = string

/** What one record says about its session; later records may add to it. */
export interface Identity {
  /** Shown as the Langfuse user: e-mail, else account, else the agent's anonymous id. */
  readonly userId?: string
  readonly organizationId?: string
  readonly terminal?: string
  /** The agent's own version, e.g. `2.1.329`. */
  readonly agentVersion?: string
  /** `deployment.environment[.name]` of the resource, as sent. */
  readonly environment?: string
  /** Resource attributes worth showing (not host, OS or SDK facts), as text. */
  readonly labels?: Readonly<Record<string, string>>
}

/**
 * A session id as every engine can store and find it again: half of a surrogate pair becomes the replacement
 * character, as which UTF-8 would write it, and NUL, which PostgreSQL has not, its picture.
 */
export function storableId(sessionId: string): string {
  return sessionId.toWellFormed().replaceAll('\0', '␀')
}

/** The session key of an agent's session id, of what came under a key of `owner`. */
export function sessionKeyOf(agent: string, sessionId: string, owner?: Owner): SessionKey {
  return ownedSessionKey(`${agent}/${sessionId}`, owner)
}

/** A session as its agent names it. */
export interface NamedSession {
  readonly agent: string
  readonly sessionId: string
}

/** What every engine keeps of a key: in PostgreSQL it stands in indexes. */
export const MAX_SESSION_KEY_BYTES = 1000
/** Leaves room for an agent and for ids of usual length. */
const MAX_OWNER_BYTES = 640

/**
 * The key of the same session of an owner, who may be nobody: whoever sends without a key, or under one
 * with neither team nor user. Agents have neither slash nor `@` in their names. A key that would become
 * too long has its owner in fewer bytes, and if need be a beginning and a hash of the session's id.
 */
export function ownedSessionKey(key: SessionKey, owner: Owner | undefined): SessionKey {
  if (owner?.team === undefined && owner?.user === undefined) return key
  const at = key.indexOf('/')
  const agent = key.slice(0, at)
  const id = key.slice(at + 1)
  const owned = `${agent}@${ownerTag(owner)}/${id}`
  if (isWithin(owned, MAX_SESSION_KEY_BYTES)) return owned
  const beginning = `${agent}@${compactOwnerTag(owner)}/`
  return beginning + idWithin(id, MAX_SESSION_KEY_BYTES - bytesOf(beginning))
}

function idWithin(id: string, bytes: number): string {
  if (isWithin(id, bytes)) return id
  const mark = `…#${shortHash(id)}`
  const cut = new TextEncoder().encode(id).subarray(0, bytes - bytesOf(mark))
  // Told that more will come, it leaves out half a character at the end.
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(cut, { stream: true }) + mark
}

/** Most are short: three bytes are the most that a UTF-16 code unit takes. */
function isWithin(text: string, bytes: number): boolean {
  return text.length * 3 <= bytes || bytesOf(text) <= bytes
}

/** In UTF-8. */
function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length
}

/** Why an owner cannot stand in keys of sessions, for a person; undefined where it can. */
export function ownerProblem(owner: Owner): string | undefined {
  const bytes = bytesOf(compactOwnerTag(owner))
  if (bytes <= MAX_OWNER_BYTES) return undefined
  return `team and user of a key may take ${MAX_OWNER_BYTES} bytes together, and these take ${bytes}: shorten them`
}

/** The agent of a session's key. */
export function agentOfKey(key: SessionKey): string {
  return headOf(key).agent
}

/** The owner in a session's key; undefined where it came under no key that has one. */
export function ownerOfSession(key: SessionKey): Owner | undefined {
  const { tag } = headOf(key)
  return tag === undefined ? undefined : ownerOfTag(tag)
}

/** What stands before the session's id. Of a key that PostgreSQL cut, before it was bounded, all of it. */
function headOf(key: SessionKey): { readonly agent: string; readonly tag?: string } {
  const slash = key.indexOf('/')
  const head = slash < 0 ? key : key.slice(0, slash)
  const at = head.indexOf('@')
  return at < 0 ? { agent: head } : { agent: head.slice(0, at), tag: head.slice(at + 1) }
}

// The sessions of test records that `doctor` sends through the bridge. Nobody worked in them, so
// whatever counts sessions leaves them out.

/** Every id of such a session begins with it, and no other does. */
export const DOCTOR_SESSION_PREFIX = 'claude-telemetry-doctor-'
