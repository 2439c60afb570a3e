/**
 * An agent's hooks: one JSON body becomes one event, the same kind of thing that logs become.
 * Pure.
 */
import { profileNamed } from '../agents/registry.ts'
import type { Attributes } from '../domain/json-value.ts'
import { sessionKeyOf } from '../domain/identity.ts'
import type { Rejection } from '../domain/rejection.ts'
import { err, ok, type Result } from '../domain/result.ts'
import type { Arrival } from '../domain/session-store.ts'
import type { Origin } from '../domain/telemetry-record.ts'
import { boundedArrival } from './record-reader.ts'

const MAX_SESSION_ID_LENGTH = 200
const SCOPE_PREFIX = 'hooks/'

/** Shared by all hooks of an agent, like the scope of its telemetry. */
const origins = new Map<string, Origin>()

/** The folder a hook says its agent works in. */
export function hookFolder(agent: string, body: Attributes): string | undefined {
  return profileNamed(agent)?.hooks?.folder(body)
}

/** Translates one hook; `labels` are what is known of its folder. */
export function processHook(
  agent: string,
  body: Attributes,
  arrivedMs: number,
  labels: Readonly<Record<string, string>>,
): Result<Arrival, Rejection> {
  const event = profileNamed(agent)?.hooks?.read(body, { arrivedMs, labels })
  if (event === undefined) {
    return err({ reason: 'no_session', message: 'the hook names no session_id or hook_event_name' })
  }
  if (event.sessionId.length > MAX_SESSION_ID_LENGTH) {
    return err({ reason: 'session_id_too_long', message: 'session_id is over 200 characters' })
  }
  const arrival: Arrival = {
    sessionKey: sessionKeyOf(agent, event.sessionId),
    item: event,
    origin: originOf(agent),
    stored: { signal: 'hook', record: { body, labels } },
    arrivedMs,
  }
  return ok(boundedArrival(arrival))
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
