/**
 * The questions both processors ask of a record before they look at what it says:
 * which agent sent it, when, and which session it belongs to.
 */
import type { AgentProfile } from '../agents/profile.ts'
import { profileOf } from '../agents/registry.ts'
import type { Attributes } from '../domain/json-value.ts'
import { type Implausible, isPlausibleTime } from '../domain/numbers.ts'
import type { Rejection } from '../domain/rejection.ts'
import { err, ok, type Result } from '../domain/result.ts'
import type { Origin } from '../domain/telemetry-record.ts'

/** Langfuse drops session ids longer than this. */
const MAX_SESSION_ID_LENGTH = 200

/** The agent's profile, or why the record is refused. */
export function agentOf(origin: Origin): Result<AgentProfile, Rejection> {
  const profile = profileOf(origin)
  if (profile !== undefined) return ok(profile)
  return err({
    reason: 'unknown_agent',
    message: `no known agent writes in scope ${quote(origin.scopeName)}`,
  })
}

/** The session id the record carries, or the group it falls into, or why it has neither. */
export function sessionIdOf(
  profile: AgentProfile,
  attributes: Attributes,
  timeMs: number,
): Result<string, Rejection> {
  const sessionId = profile.sessionId(attributes) ?? profile.substituteSessionId(attributes, timeMs)
  if (sessionId === undefined) {
    return err({
      reason: 'no_session',
      message: 'neither session.id nor user.id: the record belongs to nobody',
    })
  }
  if (sessionId.length > MAX_SESSION_ID_LENGTH) {
    return err({
      reason: 'session_id_too_long',
      message: `session.id has ${sessionId.length} characters, at most ${MAX_SESSION_ID_LENGTH} are allowed`,
    })
  }
  return ok(sessionId)
}

/** The record's own time where it can be true, else the time of its arrival. */
export function believableTimeMs(timeMs: number | undefined, arrivedMs: number): number {
  return timeMs !== undefined && isPlausibleTime(timeMs, arrivedMs) ? timeMs : arrivedMs
}

/** A mark on a time that was sent and cannot be true; nothing where it can, or none was sent. */
export function timeMark(
  name: string,
  timeMs: number | undefined,
  arrivedMs: number,
): Implausible | undefined {
  if (timeMs === undefined || isPlausibleTime(timeMs, arrivedMs)) return undefined
  return { [name]: String(timeMs) }
}

/** Both marks as one; undefined when there are none. */
export function marksOf(a: Implausible | undefined, b: Implausible | undefined) {
  if (a === undefined || b === undefined) return a ?? b
  return { ...a, ...b }
}

function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
}
