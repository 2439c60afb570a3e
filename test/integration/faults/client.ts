/**
 * Clients that behave as agents do: they send a session's batches in order, try again while they
 * get no 200, give up after a while, and sometimes send again what was taken. What they were
 * promised is written down.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { type Batch, batchOf, halfOf } from './batch.ts'
import { generateSession } from './generated-session.ts'
import type { Promises } from './promises.ts'
import type { Random } from './random.ts'
import { recording } from '../corpus/recording.ts'

const SESSIONS = 3
const RECORDINGS = ['tools', 'multi-turn-traces', 'subagent-traces', 'plain'] as const
const REQUEST_TIMEOUT_MS = 2000
/** Agents try for about eight seconds. */
const PATIENCE_MS = 8000
const RETRY_MS = 60

export interface ClientDeps {
  /** Where the bridge listens now, if it does. */
  readonly url: () => string | undefined
  readonly promises: Promises
  readonly random: Random
  /** Told after each promise. */
  readonly onPromise?: () => void
  /** How often clients send again what was taken: one batch in so many. */
  readonly repeatOneIn?: number
}

/** Some sessions at once, one of them recorded. `name` tells them from other traffic. */
export async function sendTraffic(name: string, deps: ClientDeps): Promise<void> {
  const { random } = deps
  const sessions = Array.from({ length: SESSIONS }, (_, index) =>
    generateSession(`${name}-${index}`, random, Date.now()),
  )
  const recorded = recording(random.pick(RECORDINGS)).requests.filter(
    ({ signal }) => signal !== 'hook',
  )
  sessions.push(
    recorded.map(({ path, body }) =>
      batchOf(
        path,
        body.toString().replaceAll('"session.id","value":{"stringValue":"', `$&${name}-`),
      ),
    ),
  )
  await Promise.all(sessions.map((batches) => sendSession(batches, deps)))
}

async function sendSession(batches: readonly Batch[], deps: ClientDeps): Promise<void> {
  const { random, repeatOneIn = 10 } = deps
  for (const batch of batches) {
    await delay(random.between(5, 120))
    const isPatient = !random.oneIn(12)
    await send(batch, isPatient ? PATIENCE_MS : RETRY_MS, deps)
    if (random.oneIn(repeatOneIn)) {
      await send(random.oneIn(2) ? batch : halfOf(batch), RETRY_MS, deps)
    }
  }
}

async function send(batch: Batch, patienceMs: number, deps: ClientDeps): Promise<void> {
  const { promises, onPromise } = deps
  const untilMs = performance.now() + patienceMs
  promises.attempted(batch.records)
  do {
    if (await isTaken(deps.url(), batch)) {
      promises.promised(batch.records)
      onPromise?.()
      return
    }
    await delay(RETRY_MS)
  } while (performance.now() < untilMs)
}

async function isTaken(url: string | undefined, { path, body }: Batch): Promise<boolean> {
  if (url === undefined) return false
  try {
    const answer = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    })
    await answer.arrayBuffer()
    return answer.status === 200
  } catch {
    return false
  }
}
