/** Where sessions go (`domain/routing.ts`): decided once for each of them, by both engines alike. */
import { ownerOfSession, type SessionKey } from '../domain/identity.ts'
import { routeByRule, type Routes } from '../domain/routing.ts'
import type { Arrival, Outcome } from '../domain/session-store.ts'

export interface DecidedRoute {
  readonly key: SessionKey
  readonly to: readonly string[]
}

/** Of the sessions of a commit of which nothing decided it so far, those of which it is decided now. */
export function decidedRoutes<S>(
  routes: Routes,
  { sessions, emissions }: Pick<Outcome<S>, 'sessions' | 'emissions'>,
  arrivals: readonly Arrival[],
  isDecided: (key: SessionKey) => boolean,
): readonly DecidedRoute[] {
  const sending = new Set(emissions.map(({ sessionKey }) => sessionKey))
  const keyNames = new Map<SessionKey, string>()
  for (const { sessionKey, keyName } of arrivals) {
    if (keyName !== undefined && !keyNames.has(sessionKey)) keyNames.set(sessionKey, keyName)
  }
  return sessions.flatMap(({ key, team, userId, labels }) => {
    if (isDecided(key)) return []
    const owner = ownerOfSession(key)
    const decided = routeByRule(routes, {
      team: owner?.team ?? team,
      user: owner?.user ?? userId,
      keyName: keyNames.get(key),
      labels,
    })
    return decided === undefined && !sending.has(key)
      ? []
      : [{ key, to: decided ?? routes.fallback }]
  })
}
