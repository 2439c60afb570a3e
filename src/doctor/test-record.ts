/**
 * One record that travels the whole way: posted as Claude Code would post it, looked for in the
 * store, and its trace in Langfuse. It is a note in a session of its own: no prompt, no call, no
 * cost. The bridge forgets that session again at once.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { DOCTOR_SESSION_PREFIX, type SessionKey, sessionKeyOf } from '../domain/identity.ts'
import { ok, type Result } from '../domain/result.ts'
import type { LangfuseReader } from '../exporters/langfuse/reading-client.ts'
import { findStoredSession } from '../storage/beside.ts'
import { placeName, type StorePlace } from '../storage/store-place.ts'
import type { BridgeProbe } from './bridge-probe.ts'
import type { BridgeTarget } from './bridge-target.ts'
import { fault, fine, type Finding, skipped } from './finding.ts'

const AGENT = 'claude-code'
const SCOPE = 'com.anthropic.claude_code.events'
const POLL_MS = 500

export interface Journey {
  readonly target: BridgeTarget
  readonly probe: BridgeProbe
  /** Of the store. */
  readonly place: StorePlace
  /** Absent when its trace need not be looked for, with the reason. */
  readonly reader: LangfuseReader | string
  readonly waitMs: number
  readonly now: () => number
}

export async function examineJourney(journey: Journey): Promise<readonly Finding[]> {
  const { target, probe, now } = journey
  const id = randomBytes(16).toString('hex')
  const sessionId = `${DOCTOR_SESSION_PREFIX}${id}`
  const { base, headers } = target
  const answer = await probe.post(`${base}/v1/logs`, noteRecord(sessionId, id, now()), headers)
  if (answer.kind === 'no_answer' || answer.status !== 200) {
    const said = answer.kind === 'answer' ? `answered HTTP ${answer.status}` : answer.error
    return [
      fault('record.accepted', `a test record was not accepted: ${said}`, "Check the bridge's log"),
    ]
  }
  // Under a key with a team or a user it is a session of theirs.
  const found: Result<SessionKey | undefined, string> = target.isLocal
    ? await findStoredSession(journey.place, { agent: AGENT, sessionId })
    : ok(undefined)
  const stored = storedFinding(journey, found)
  const shown = await shownFinding(journey, id)
  const key = (found.ok ? found.value : undefined) ?? sessionKeyOf(AGENT, sessionId)
  await probe.delete(`${base}/api/sessions/${encodeURIComponent(key)}`, headers)
  return [fine('record.accepted', 'a test record was accepted'), stored, shown]
}

function storedFinding(
  { target, place }: Journey,
  stored: Result<SessionKey | undefined, string>,
): Finding {
  const id = 'record.stored'
  if (!target.isLocal) return skipped(id, 'the bridge is on another machine, and so is its store')
  const setting = place.database === undefined ? 'DATA_DIR' : 'DATABASE_URL'
  const todo = `Run this with the settings of the bridge (its ${setting}), or restart the bridge with these`
  if (!stored.ok) return fault(id, `the test record was accepted, but ${stored.error}`, todo)
  if (stored.value !== undefined)
    return fine(id, `the test record is in the store (${placeName(place)})`)
  return fault(
    id,
    `the test record was accepted, but is not in the store of ${placeName(place)}`,
    todo,
  )
}

async function shownFinding({ reader, waitMs, now }: Journey, traceId: string): Promise<Finding> {
  const id = 'record.shown'
  if (typeof reader === 'string') return skipped(id, reader)
  const endMs = now() + waitMs
  for (;;) {
    const found = await reader.hasTrace(traceId)
    if (found === true) return fine(id, 'the trace of the test record is in Langfuse')
    if (now() >= endMs) {
      const said = found === false ? '' : ` (${found.error})`
      const what = `the trace of the test record is not in Langfuse after ${Math.round(waitMs / 1000)} s${said}`
      return fault(id, what, "Check the bridge's log and Langfuse's worker")
    }
    await delay(POLL_MS)
  }
}

/** The trace id is the record's own, so that its trace is known without asking the bridge. */
function noteRecord(sessionId: string, traceId: string, nowMs: number): unknown {
  const attributes = {
    'session.id': sessionId,
    'event.name': 'skill_activated',
    'prompt.id': 'doctor',
    'skill.name': 'claude-telemetry doctor',
    'skill.source': 'claude-telemetry',
  }
  const record = {
    timeUnixNano: `${nowMs}000000`,
    body: { stringValue: 'claude_code.skill_activated' },
    attributes: Object.entries(attributes).map(([key, stringValue]) => ({
      key,
      value: { stringValue },
    })),
    traceId,
    spanId: traceId.slice(0, 16),
  }
  return { resourceLogs: [{ scopeLogs: [{ scope: { name: SCOPE }, logRecords: [record] }] }] }
}
