/**
 * Behind the last stage: whose arrivals are, by the key that they came under. They get session keys
 * of their owner, so that nobody adds to a session of others. The key's team replaces whatever team a
 * client names, and its user stands in where the client names none. Records are stored as they were
 * sent; read again, the owner is in the session's key. Pure.
 */
import type { Owner } from '../domain/access.ts'
import { type Identity, ownedSessionKey } from '../domain/identity.ts'
import type { Arrival } from '../domain/session-store.ts'

/** Undefined is whoever sends without a key, or under one that has neither team nor user. */
export function ownedArrivals(
  arrivals: readonly Arrival[],
  owner: Owner | undefined,
): readonly Arrival[] {
  if (owner === undefined || (owner.team === undefined && owner.user === undefined)) {
    return arrivals
  }
  const stamped = createStamp(owner)
  return arrivals.map((arrival) => ({
    ...arrival,
    sessionKey: ownedSessionKey(arrival.sessionKey, owner),
    item: { ...arrival.item, identity: stamped(arrival.item.identity) },
  }))
}

/** Records of one scope share their labels, and go on to share them. */
function createStamp({ team, user }: Owner): (identity: Identity) => Identity {
  const known = new Map<Identity['labels'], Identity['labels']>()

  function withTeam(labels: Identity['labels']): Identity['labels'] {
    if (team === undefined) return labels
    const before = known.get(labels)
    if (before !== undefined) return before
    const stamped = { ...labels, team }
    known.set(labels, stamped)
    return stamped
  }

  return (identity) => {
    const labels = withTeam(identity.labels)
    const userId = identity.userId ?? user
    return {
      ...identity,
      ...(userId !== undefined && { userId }),
      ...(labels !== undefined && { labels }),
    }
  }
}
