/** What log records mean: agent events, in the order in which they happened. Pure. */
import { agentNameOf } from '../agents/registry.ts'
import type { AgentEvent, EventBase } from '../domain/agent-event.ts'
import { sessionKeyOf } from '../domain/identity.ts'
import type { Arrival } from '../domain/session-store.ts'
import type { LogRecord } from '../domain/telemetry-record.ts'
import type { LogIdentity } from './record-processor.ts'

export function logArrival(log: LogRecord, identity: LogIdentity, arrivedMs: number): Arrival {
  const item = eventOf(log, identity)
  return {
    sessionKey: sessionKeyOf(item.agent, item.sessionId),
    item,
    origin: log.origin,
    stored: { signal: 'log', record: withoutOrigin(log) },
    arrivedMs,
  }
}

/** Field by field: to spread what may be absent takes several times as long. */
function eventOf(record: LogRecord, identity: LogIdentity): AgentEvent {
  const { profile, name, attributes, sequence, implausible, instance } = identity
  const row = Object.hasOwn(profile.events, name) ? profile.events[name] : undefined
  const promptId = profile.promptId(attributes, record.origin)
  const subagentId = profile.subagentId(attributes)
  const base: Writable<EventBase> = {
    agent: agentNameOf(profile, record.origin, attributes),
    sessionId: identity.sessionId,
    dedupKey: identity.dedupKey,
    name,
    timeMs: identity.timeMs,
    identity: profile.identity(record.origin, attributes),
  }
  if (instance !== undefined) base.instance = instance
  if (sequence !== undefined) base.sequence = sequence
  if (promptId !== undefined) base.promptId = promptId
  if (subagentId !== undefined) base.subagentId = subagentId
  if (record.traceId !== undefined) base.traceId = record.traceId
  if (implausible !== undefined) base.implausible = implausible
  if (record.masked !== undefined) base.masked = record.masked
  return row === undefined ? { ...base, kind: 'other' } : row.read(base, attributes)
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** Field by field: a rest pattern takes longer than all else that is done to a record here. */
function withoutOrigin(log: LogRecord): Omit<LogRecord, 'origin'> {
  const { timeMs, observedMs, eventName, body, attributes, traceId, spanId, timeText, masked } = log
  const plain = { timeMs, observedMs, eventName, body, attributes }
  const timed = timeText === undefined ? plain : { ...plain, timeText }
  const record = masked === undefined ? timed : { ...timed, masked }
  if (traceId === undefined) return record
  return { ...record, traceId, ...(spanId !== undefined && { spanId }) }
}

/** By event time, then by the agent's own count. */
export function compareLogs(a: Arrival, b: Arrival): number {
  return a.item.timeMs - b.item.timeMs || sequenceOf(a) - sequenceOf(b)
}

function sequenceOf({ item }: Arrival): number {
  return item.kind === 'metric' ? 0 : (item.sequence ?? 0)
}
