/**
 * Who may do what, and whose sessions are whose. A principal is whoever a request comes from: a
 * named key, the operator's API_KEY, a person who logged in. An owner is the team and the person
 * that a session belongs to.
 */

/** `ingest` writes and reads nothing; each `read` includes those before it; `admin` is all of them. */
export const SCOPES = ['ingest', 'read:own', 'read:team', 'read:all', 'admin'] as const
export type Scope = (typeof SCOPES)[number]

/** A team, a person of it, or a person of no team. */
export interface Owner {
  readonly team?: string | undefined
  readonly user?: string | undefined
}

export interface Principal extends Owner {
  /** As the audit log names it. Nothing secret. */
  readonly name: string
  /** Of a named key. */
  readonly keyId?: string | undefined
  readonly scopes: readonly Scope[]
}

/** Whose sessions a principal may see: of everybody, or of one owner. */
export type Visible = 'all' | Owner

const READ_SCOPES: readonly Scope[] = ['read:own', 'read:team', 'read:all', 'admin']

/** Whether a principal has a scope, or one that includes it. */
export function allows({ scopes }: Pick<Principal, 'scopes'>, scope: Scope): boolean {
  if (scopes.includes('admin')) return true
  if (scope === 'ingest') return scopes.includes('ingest')
  const least = READ_SCOPES.indexOf(scope)
  return scopes.some((has) => READ_SCOPES.indexOf(has) >= least)
}

/** Nobody's sessions have an empty name, so this sees nothing. */
const NOTHING: Owner = { team: '', user: '' }

/** What a principal sees; nothing where its scopes name an owner that it does not have. */
export function visibleTo(principal: Principal): Visible {
  const { scopes, team, user } = principal
  if (scopes.includes('admin') || scopes.includes('read:all')) return 'all'
  if (scopes.includes('read:team')) return team === undefined ? NOTHING : { team }
  if (!scopes.includes('read:own') || user === undefined) return NOTHING
  return team === undefined ? { user } : { team, user }
}

/** Whether a session of an owner is among what is visible. */
export function isVisible(owner: Owner, visible: Visible): boolean {
  if (visible === 'all') return true
  const { team, user } = visible
  if (team === undefined && user === undefined) return false
  return (team === undefined || team === owner.team) && (user === undefined || user === owner.user)
}

/** `team`, `team:user` or `:user`, percent-encoded; empty for an owner without either. */
export function ownerTag(owner: Owner): string {
  return tagOf(owner, encodeURIComponent)
}

/** The same owner in fewer bytes: only what would not be read back is percent-encoded. */
export function compactOwnerTag(owner: Owner): string {
  return tagOf(owner, (name) => name.replace(/[%/:@\p{Cc}]/gu, encodeURIComponent))
}

function tagOf({ team, user }: Owner, encode: (name: string) => string): string {
  // Keys of earlier versions may hold half a surrogate pair, which nothing can encode.
  const ofUser = user === undefined ? '' : `:${encode(user.toWellFormed())}`
  return `${team === undefined ? '' : encode(team.toWellFormed())}${ofUser}`
}

/** The owner that a tag stands for, in either form. Of one that was cut, what is left: nobody's name. */
export function ownerOfTag(tag: string): Owner {
  const at = tag.indexOf(':')
  const team = at < 0 ? tag : tag.slice(0, at)
  return {
    ...(team !== '' && { team: decoded(team) }),
    ...(at >= 0 && { user: decoded(tag.slice(at + 1)) }),
  }
}

/** Never throws: bytes that are no UTF-8 become U+FFFD, and half an escape stays as it is. */
function decoded(name: string): string {
  return name.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) =>
    new TextDecoder('utf-8', { ignoreBOM: true }).decode(
      Uint8Array.from(escapes.match(/[0-9a-f]{2}/gi) ?? [], (pair) => Number.parseInt(pair, 16)),
    ),
  )
}
