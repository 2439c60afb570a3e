/** What `/health` of the bridge under a fault says. */
import type { Subject } from './subject.ts'

export interface Health {
  /** Of HTTP; 0 when nobody answered. */
  readonly code: number
  readonly status: string
  readonly langfuse: string
  readonly delivery: { readonly pending: number; readonly dead: number; readonly dropped: number }
}

const nobody: Health = {
  code: 0,
  status: 'nobody',
  langfuse: 'unknown',
  delivery: { pending: 0, dead: 0, dropped: 0 },
}

async function healthOf(subject: Subject): Promise<Health> {
  try {
    const answer = await fetch(`${subject.url() ?? ''}/health`)
    return { ...((await answer.json()) as Omit<Health, 'code'>), code: answer.status }
  } catch {
    return nobody
  }
}

/** Polls until `holds`, for a few seconds; the last word either way. */
export async function healthWhen(
  subject: Subject,
  holds: (health: Health) => boolean,
  pause: (minMs: number, maxMs: number) => Promise<void>,
): Promise<Health> {
  let health = await healthOf(subject)
  for (let tries = 0; tries < 80 && !holds(health); tries += 1) {
    await pause(100, 100)
    health = await healthOf(subject)
  }
  return health
}
