/**
 * Who and where a session is: what stands on every span of it.
 */
import { type Owner, ownerOfTag, ownerTag } from './access.ts'

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

/**
 * The key of the same session of an owner, who may be nobody: whoever sends without a key, or under one
 * with neither team nor user. Agents have neither slash nor `@` in their names.
 */
export function ownedSessionKey(key: SessionKey, owner: Owner | undefined): SessionKey {
  if (owner?.team === undefined && owner?.user === undefined) return key
  const at = key.indexOf('/')
  return `${key.slice(0, at)}@${ownerTag(owner)}${key.slice(at)}`
}

/** The agent of a session's key. */
export function agentOfKey(key: SessionKey): string {
  const agent = key.slice(0, key.indexOf('/'))
  const at = agent.indexOf('@')
  return at < 0 ? agent : agent.slice(0, at)
}

/** The owner in a session's key; undefined where it came under no key that has one. */
export function ownerOfSession(key: SessionKey): Owner | undefined {
  const agent = key.slice(0, key.indexOf('/'))
  const at = agent.indexOf('@')
  return at < 0 ? undefined : ownerOfTag(agent.slice(at + 1))
}

// The sessions of test records that `doctor` sends through the bridge. Nobody worked in them, so
// whatever counts sessions leaves them out.

/** Every id of such a session begins with it, and no other does. */
export const DOCTOR_SESSION_PREFIX = 'claude-telemetry-doctor-'
