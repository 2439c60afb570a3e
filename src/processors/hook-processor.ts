/** What an agent's hooks mean: one JSON body is one event, the same kind of thing as a log. Pure. */
import { sessionKeyOf } from '../domain/identity.ts'
import type { Arrival } from '../domain/session-store.ts'
import type { Origin, PostedHook } from '../domain/telemetry-record.ts'
import type { HookIdentity } from './record-processor.ts'

const SCOPE_PREFIX = 'hooks/'

/** Shared by all hooks of an agent, like the scope of its telemetry. */
const origins = new Map<string, Origin>()

export function hookArrival(
  { agent, body, labels, masked, refusal }: PostedHook,
  { event }: HookIdentity,
  arrivedMs: number,
): Arrival {
  const told = {
    ...(masked !== undefined && { masked }),
    ...(refusal !== undefined && { refusal }),
  }
  return {
    sessionKey: sessionKeyOf(agent, event.sessionId),
    item: masked === undefined && refusal === undefined ? event : { ...event, ...told },
    origin: originOf(agent),
    stored: { signal: 'hook', record: { body, labels, ...told } },
    arrivedMs,
  }
}

/** The agent whose hooks have this origin. */
export function agentOfHooks({ scopeName }: Origin): string {
  return scopeName.startsWith(SCOPE_PREFIX) ? scopeName.slice(SCOPE_PREFIX.length) : scopeName
}

function originOf(agent: string): Origin {
  const known = origins.get(agent)
  if (known !== undefined) return known
  const origin = { resource: {}, scopeName: `${SCOPE_PREFIX}${agent}`, scopeVersion: '' }
  origins.set(agent, origin)
  return origin
}
