/**
 * Request bodies for the benchmark: a recorded batch of 15 log records, made unique by writing a
 * counter over the tails of all ids in it. Sessions last `requestsPerSession`, and their process
 * counts its events on from request to request: one that began anew would be another process, and
 * the turns of the earlier ones would stay open.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export const recordsPerBody = 15
const requestsPerSession = 20

const recording = join(import.meta.dirname, '../../test/corpus/claude-code/tools/001-logs.json')

/** Ids that tell one record, prompt or call from another. */
const perRequest = ['prompt.id', 'request_id', 'tool_use_id', 'message.uuid']
/** More than there are ids in one body. */
const IDS_PER_BODY = 64

/** More than a body's events are counted. */
const EVENTS_PER_BODY = 100
const sequencePattern = /("key":"event\.sequence","value":\{"intValue":"?)(\d+)/g

/** Makes the body of the n-th request. `run` keeps repeated runs apart. */
export type MakeBody = (n: number) => string

export function createBodies(run: number): MakeBody {
  const text = readFileSync(recording, 'utf8')
  const ids = idsIn(text)
  const seconds = [...new Set(text.match(/(?<="timeUnixNano":")\d{10}/g))]
  return (n) => {
    let body = text
    ids.forEach(({ id, isSession }, index) => {
      const unique = isSession ? Math.floor(n / requestsPerSession) : n * IDS_PER_BODY + index
      body = body.replaceAll(id, `${id.slice(0, -12)}${tail(run, unique)}`)
    })
    const firstSequence = (n % requestsPerSession) * EVENTS_PER_BODY
    body = body.replaceAll(sequencePattern, (_, before, sequence) => {
      return `${before}${Number(sequence) + firstSequence}`
    })
    for (const second of seconds) body = body.replaceAll(`"${second}`, `"${Number(second) + 2 * n}`)
    return body
  }
}

/** Bodies of several times as many records. */
export function joinedBodies(makeBody: MakeBody, parts: number): MakeBody {
  return (n) => {
    const requests = Array.from(
      { length: parts },
      (_, part) => JSON.parse(makeBody(n * parts + part)) as { resourceLogs: unknown[] },
    )
    return JSON.stringify({ resourceLogs: requests.flatMap(({ resourceLogs }) => resourceLogs) })
  }
}

/** The same requests, so many sessions at a time in turns: a session sends one now and then. */
export function interleaved(makeBody: MakeBody, sessions: number): MakeBody {
  const block = sessions * requestsPerSession
  return (n) => {
    const at = n % block
    const session = Math.floor(n / block) * sessions + (at % sessions)
    return makeBody(session * requestsPerSession + Math.floor(at / sessions))
  }
}

/** Each request is a session of its own. */
export function oneRequestPerSession(makeBody: MakeBody): MakeBody {
  return (n) => makeBody(n * requestsPerSession)
}

function idsIn(text: string): readonly { readonly id: string; readonly isSession: boolean }[] {
  const found = new Map<string, boolean>()
  for (const key of ['session.id', ...perRequest]) {
    const pattern = new RegExp(`"key":"${key}","value":\\{"stringValue":"([^"]{13,})"`, 'g')
    for (const [, id = ''] of text.matchAll(pattern)) found.set(id, key === 'session.id')
  }
  return [...found].map(([id, isSession]) => ({ id, isSession }))
}

function tail(run: number, n: number): string {
  return (run * 0x1_0000_0000 + n).toString(16).padStart(12, '0').slice(-12)
}
