/**
 * The HTTP door: OTLP/JSON in, `google.rpc.Status` or a success out. Bounds every request in
 * size and time, and answers 200 only once the records are stored. Knows no agent and no session.
 */
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type onRequestHookHandler,
} from 'fastify'
import type { ReceiverConfig } from '../config/config.ts'
import type { Clock } from '../domain/clock.ts'
import type { LogRecord, MetricPoint } from '../domain/telemetry-record.ts'
import type { Counters } from '../observability/counters.ts'
import type { Log } from '../observability/logger.ts'
import { decodeLogs } from '../otlp/json-logs.ts'
import { decodeMetrics } from '../otlp/json-metrics.ts'
import { createAnswers } from './answers.ts'
import type { Failure } from './errors.ts'
import { type ExportDeps, type ExportSignal, exportHandler, type Ingest } from './export-route.ts'
import { createFailureLog } from './failure-log.ts'
import { failureOf } from './failures.ts'
import { createGuard } from './guard.ts'
import { type HealthReport, healthHandler } from './health-route.ts'
import { HEALTH_PATH, LOGS_PATH, METRICS_PATH, routeFailure, TRACES_PATH } from './routes.ts'
import { serverOptions } from './server-options.ts'
import { tracesHandler } from './traces-route.ts'

const stoppingFailure: Failure = { kind: 'stopping', message: 'the bridge is stopping; try again' }

export interface ReceiverDeps {
  readonly config: ReceiverConfig
  readonly ingestLogs: Ingest<LogRecord>
  readonly ingestMetrics: Ingest<MetricPoint>
  readonly health: () => Promise<HealthReport>
  readonly log: Log
  readonly counters: Counters
  readonly clock: Clock
}

/** A server that is built and does not listen yet. */
export type Receiver = FastifyInstance

/**
 * Builds the server; the caller listens and closes. From `close()` on, requests are answered
 * 503 and connections end with their answer.
 */
export function createReceiver(deps: ReceiverDeps): Receiver {
  const { config, counters, clock, log } = deps
  const { maxRequestBytes } = config
  const stopping = new AbortController()
  const failureLog = createFailureLog(log, clock)
  const answers = createAnswers({ counters, failureLog, stopping: stopping.signal })
  const guard = createGuard(config.apiKey)
  const app = Fastify(serverOptions(maxRequestBytes, answers, counters))

  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body)
  })
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const failure = failureOf(error, request.headers['content-type'], maxRequestBytes)
    // Fastify hangs up on a client that is still sending, which then misses the answer.
    reply.removeHeader('connection')
    return answers.fail(request, reply, failure, failure.kind === 'internal' ? error : undefined)
  })
  app.addHook('preClose', (done) => {
    stopping.abort()
    done()
  })
  app.addHook('onRequest', (request, reply, done) => {
    if (stopping.signal.aborted) answers.fail(request, reply, stoppingFailure)
    else if (request.is404) answers.fail(request, reply, routeFailure(request))
    else done()
  })

  const onRequest: onRequestHookHandler = (request, reply, done) => {
    const failure = guard(request.headers)
    if (failure === undefined) done()
    else answers.fail(request, reply, failure)
  }
  const exportDeps: ExportDeps = { answers, counters, failureLog, clock, maxRequestBytes }
  const logs: ExportSignal<LogRecord> = {
    rejectedField: 'rejectedLogRecords',
    decode: decodeLogs,
    ingest: deps.ingestLogs,
  }
  const metrics: ExportSignal<MetricPoint> = {
    rejectedField: 'rejectedDataPoints',
    decode: decodeMetrics,
    ingest: deps.ingestMetrics,
  }
  app.post(LOGS_PATH, { onRequest }, exportHandler(logs, exportDeps))
  app.post(METRICS_PATH, { onRequest }, exportHandler(metrics, exportDeps))
  app.post(TRACES_PATH, { onRequest }, tracesHandler(answers, maxRequestBytes))
  app.get(HEALTH_PATH, healthHandler(deps.health))
  return app
}
