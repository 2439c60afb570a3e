/**
 * `GET /health`: how the bridge is, for people, probes and the quick start.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'

export interface HealthReport {
  readonly status: 'ok' | 'unavailable'
  readonly version: string
  /** Seconds since the start. */
  readonly uptime: number
  /** Open sessions. */
  readonly sessions: number
  readonly requestCount: number
  readonly errorCount: number
  readonly langfuse: 'connected' | 'unconfigured' | 'unreachable' | 'unauthorized'
  readonly delivery: {
    readonly pending: number
    /** Put aside: refused by Langfuse, or too old. */
    readonly dead: number
    /** Deleted for want of room, ever. */
    readonly dropped: number
    /** Age of the oldest pending item, ms. */
    readonly oldestPendingMs: number | null
    /** ISO 8601. */
    readonly lastDeliveredAt: string | null
  }
}

/** Answers 200 while records can be taken, else 503; the body is the report either way. */
export function healthHandler(health: () => Promise<HealthReport>) {
  return async (_request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const report = await health()
    return reply
      .code(report.status === 'ok' ? 200 : 503)
      .header('content-type', 'application/json')
      .header('cache-control', 'no-store')
      .send(Buffer.from(JSON.stringify(report)))
  }
}
