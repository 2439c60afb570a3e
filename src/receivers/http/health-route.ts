/**
 * `GET /health`: how the bridge is, for people, probes and the quick start. Costs nothing to ask, so
 * that it cannot be asked too often.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Answers } from './answers.ts'
import type { RefusalCounts } from '../../domain/refusal.ts'
import { allows } from '../../domain/access.ts'
import type { KeyGuesses } from '../key-guesses.ts'
import type { KeyRing } from '../key-ring.ts'
import { createHostCheck } from './guard.ts'

export interface HealthReport {
  /** `unavailable`: records cannot be stored. */
  readonly status: 'ok' | 'unavailable'
  readonly version: string
  /** Random, of the data folder: tells bridges apart without giving a path away. */
  readonly instance: string
  /** Seconds since the start. */
  readonly uptime: number
  /** Open sessions. Like the other figures `null` as long as it could not be read. */
  readonly sessions: number | null
  readonly requestCount: number
  readonly errorCount: number
  /** Requests refused since the start, and records of others, by reason. */
  readonly refused: RefusalCounts
  /** Texts that were kept with U+FFFD for what is not valid UTF-8; absent while there are none. */
  readonly replacedTexts?: number
  readonly langfuse: 'connected' | 'unconfigured' | 'unreachable' | 'unauthorized'
  readonly delivery: {
    readonly pending: number | null
    /** Put aside: refused by an exporter's server, or too old. */
    readonly dead: number | null
    /** Deleted for lack of space, ever. */
    readonly dropped: number | null
    /** Age of the oldest pending item, ms. */
    readonly oldestPendingMs: number | null
    /** ISO 8601. */
    readonly lastDeliveredAt: string | null
  }
  /** Each by its name; `delivery` is all of them together. */
  readonly exporters: readonly {
    readonly name: string
    readonly state: 'connected' | 'unconfigured' | 'unreachable' | 'unauthorized'
    readonly pending: number | null
    readonly dead: number | null
    readonly oldestPendingMs: number | null
    readonly lastDeliveredAt: string | null
  }[]
  /** When `sessions` and the figures of `delivery` were read, ISO 8601: the last time they could be. */
  readonly asOf: string | null
  readonly storage: {
    /** What the last attempt to store something showed. */
    readonly state: 'ok' | 'failing'
    /** ISO 8601, as all times here. */
    readonly lastCommitAt: string | null
    /** While it fails: since when, and why. */
    readonly failingSince: string | null
    readonly lastError: string | null
    /** Of the database and its log; null when it cannot be read. */
    readonly usedBytes: number | null
    /** `MAX_STORE_SIZE`; 0 is no limit. */
    readonly maxBytes: number
    /** `full`: beyond its bound, and what is left may not be deleted. */
    readonly size: 'within' | 'deleting' | 'full'
    /** While it is full: closed sessions that stay because something of them waits for Langfuse. */
    readonly waitingSessions: number
    /** Sessions deleted for lack of space, ever. */
    readonly droppedSessions: number
  }
}

/** The answer to a client without the key, on a bridge that has one. */
export interface Liveness extends Pick<HealthReport, 'status'> {
  readonly service: 'claude-telemetry'
}

export interface HealthDeps {
  readonly health: () => Promise<HealthReport>
  readonly apiKey: string | undefined
  readonly ring: Pick<KeyRing, 'lookUp'>
  readonly guesses: KeyGuesses
  readonly answers: Pick<Answers, 'fail'>
}

/**
 * Answers 200 while records can be taken, else 503; the body is the report either way. Without
 * API_KEY it is for clients of this machine, as OTLP is; with it, whoever sends neither that nor a key
 * that reads everything gets to know the status alone.
 */
export function healthHandler({ health, apiKey, ring, guesses, answers }: HealthDeps) {
  const hostFailure = createHostCheck(apiKey)

  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const foreign = hostFailure(request.headers)
    if (foreign !== undefined) return answers.fail(request, reply, foreign)
    const { authorization } = request.headers
    const identified = await ring.lookUp(authorization)
    const isTrusted =
      apiKey === undefined ||
      (identified.kind === 'principal' && allows(identified.principal, 'read:all'))
    if (!isTrusted && identified.kind === 'unknown') {
      await guesses.wrong(request.raw.socket.remoteAddress, request.url)
    }
    const report = await health()
    const body = isTrusted ? report : livenessOf(report)
    return reply
      .code(report.status === 'ok' ? 200 : 503)
      .header('content-type', 'application/json')
      .header('cache-control', 'no-store')
      .send(Buffer.from(JSON.stringify(body)))
  }
}

function livenessOf({ status }: HealthReport): Liveness {
  return { status, service: 'claude-telemetry' }
}
