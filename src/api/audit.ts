/**
 * Writes down who read, deleted or changed what, before the answer goes out: an answer that could not
 * be written down is not given. A page that looks at one session again and again is one entry a
 * minute.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../domain/clock.ts'
import type { AuditEntry, AuditLog } from '../domain/key-store.ts'
import { principalOf } from './access.ts'

const QUIET_MS = 60_000
const MAX_REMEMBERED = 1000
const MAX_TARGET_CHARS = 300

/** To be called with every answer. Rejects when it could not be stored. */
export type Audit = (request: FastifyRequest, reply: FastifyReply) => Promise<void>

export function createAudit(log: Pick<AuditLog, 'append'>, clock: Clock): Audit {
  /** When a reading was written down last; the oldest first. */
  const written = new Map<string, number>()

  function isRepeated(name: string, nowMs: number): boolean {
    const before = written.get(name)
    if (before !== undefined && nowMs - before < QUIET_MS) return true
    written.delete(name)
    written.set(name, nowMs)
    const [oldest] = written.keys()
    if (written.size > MAX_REMEMBERED && oldest !== undefined) written.delete(oldest)
    return false
  }

  return async (request, reply) => {
    const { access, operation, audited } = request.routeOptions.config
    const { name: actor } = principalOf(request)
    // Who sends a wrong key is nobody to name; those are logged by their address.
    if (access?.isAudited !== true || operation === undefined || actor === '') return
    const nowMs = clock.now()
    const target = audited === undefined ? targetOf(request, nowMs) : audited(request)
    if (audited !== undefined && target === undefined) return
    const entry: AuditEntry = {
      ...{ atMs: nowMs, actor, action: operation, target },
      outcome: outcomeOf(reply.statusCode),
    }
    const isReading = request.method === 'GET' || audited !== undefined
    const name = nameOf(entry, isReading)
    if ((isReading || entry.outcome !== 'done') && isRepeated(name, entry.atMs)) return
    try {
      await log.append([entry])
    } catch (error) {
      written.delete(name)
      throw error
    }
  }
}

/**
 * What is one entry a minute. Whoever may do nothing can try anything as often as he likes: his entries must
 * not push out those of what was done.
 */
function nameOf({ actor, action, target, outcome }: AuditEntry, isReading: boolean): string {
  if (outcome === 'done') return JSON.stringify([actor, outcome, action, target])
  return JSON.stringify(isReading ? [actor, outcome] : [actor, outcome, action])
}

/** A body that was refused may name any time. */
function isoTime(ms: number): string {
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : 'a time that no calendar has'
}

function outcomeOf(status: number): AuditEntry['outcome'] {
  if (status < 400) return 'done'
  return status === 403 ? 'refused' : 'failed'
}

/** The key of a session, or of a key; for changes of items, which ones; of budgets lifted, which and until when. */
function targetOf(
  { params, body, routeOptions }: FastifyRequest,
  nowMs: number,
): string | undefined {
  const { key } = (params ?? {}) as { readonly key?: string }
  if (key !== undefined) return key.slice(0, MAX_TARGET_CHARS)
  const { operation } = routeOptions.config
  const { ids, name, forMs, budget, by } = (body ?? {}) as Readonly<Record<string, unknown>>
  const what = typeof budget === 'string' ? budget : 'all budgets'
  const who = typeof by === 'string' ? `, by ${by}` : ''
  if (operation === 'endOverride') return `${what}${who}`.slice(0, MAX_TARGET_CHARS)
  if (typeof forMs === 'number') {
    return `${what} until ${isoTime(nowMs + forMs)}${who}`.slice(0, MAX_TARGET_CHARS)
  }
  if (ids !== undefined) return JSON.stringify(ids).slice(0, MAX_TARGET_CHARS)
  return typeof name === 'string' ? name.slice(0, MAX_TARGET_CHARS) : undefined
}
