/**
 * The servers of the bridge, OTLP over HTTP and over gRPC, and that of METRICS_PORT, with the bounds
 * and counters they share. Answers a success only once the records are stored. Knows no agent and no session.
 */
import type { FastifyPluginAsync } from 'fastify'
import type { ReceiverConfig } from '../config/config.ts'
import type { Clock } from '../domain/clock.ts'
import { err, ok, type Result } from '../domain/result.ts'
import type { PostedHook } from '../domain/telemetry-record.ts'
import type { Counters } from '../observability/counters.ts'
import type { IngestLog } from '../observability/ingest-log.ts'
import type { Instruments } from '../observability/metrics.ts'
import type { Log } from '../observability/logger.ts'
import type { Intake } from '../processors/chain.ts'
import type { Forwarding } from '../processors/forwarding.ts'
import { createAdmission } from './admission.ts'
import { connectionLimits } from './http/connections.ts'
import type { ServerTls } from './tls.ts'
import { createSignalReceivers, whoOf } from './signal-receiver.ts'
import { createFailureLog } from './refusal-log.ts'
import { createStatusLineReceiver, type StatusLineDeps } from './status-line.ts'
import type { Sender } from './ingest-access.ts'
import { createGrpcServer } from './grpc/server.ts'
import type { KeyGuesses } from './key-guesses.ts'
import { createMetricsServer } from './http/metrics-server.ts'
import type { OperationsDeps } from './http/operations.ts'
import type { KeyRing } from './key-ring.ts'
import { createHttpServer } from './http/server.ts'
import { type Listener, listenProblem } from './listen-problem.ts'

export interface ReceiverDeps extends Required<OperationsDeps> {
  readonly intake: Intake
  /** Absent where nothing is forwarded. */
  readonly forwarding?: Forwarding | undefined
  /** What status lines are answered. */
  readonly statusFigures: StatusLineDeps['figures']
  readonly planWindows: StatusLineDeps['planWindows']
  /** The agents whose hooks are taken. */
  readonly hookAgents: readonly string[]
  readonly config: ReceiverConfig
  /** How many files, sockets among them, this process may have open. */
  readonly maxOpenFiles: number
  readonly log: Log
  readonly guesses: KeyGuesses
  readonly ring: KeyRing
  readonly counters: Counters
  readonly instruments?: Pick<Instruments, 'request'>
  /** The latest requests, for the page. */
  readonly ingestLog?: IngestLog
  readonly clock: Clock
  /** Absent for plain HTTP and gRPC. */
  readonly tls?: ServerTls | undefined
  /** The page with its API. */
  readonly web?: FastifyPluginAsync
}

/** Where the servers listen. */
export interface Listening {
  /** Of OTLP/HTTP and `/health`. */
  readonly url: string
  /** `host:port` of OTLP/gRPC, unless it is switched off. */
  readonly grpc?: string
  /** Of METRICS_PORT, where that is set. */
  readonly metrics?: string
}

export interface Receiver {
  /** Starts the servers; an address that cannot be had is an error for a person to read. */
  listen(): Promise<Result<Listening, string>>
  /** Refuses what is new, lets what is under way finish, and closes them. */
  close(): Promise<void>
}

/** Builds the servers; they do not listen yet. */
export function createReceiver(deps: ReceiverDeps): Receiver {
  const { config, counters, clock } = deps
  const failureLog = createFailureLog(deps.log, clock, deps.intake.redactText)
  const stopping = new AbortController()
  const limits = connectionLimits(deps.maxOpenFiles)
  const shared = {
    config,
    signals: createSignalReceivers({ ...deps, failureLog, stopping: stopping.signal }),
    admission: createAdmission({ maxBytes: config.maxInFlightBytes }, clock),
    failureLog,
    guesses: deps.guesses,
    ring: deps.ring,
    counters,
    instruments: deps.instruments,
    ingestLog: deps.ingestLog,
    clock,
    tls: deps.tls,
  }
  const { health, readiness, scrape } = deps
  const { host, port, grpcPort, metricsPort } = config
  const isOwn = metricsPort !== undefined
  const statusLine = createStatusLineReceiver({
    figures: deps.statusFigures,
    planWindows: deps.planWindows,
    store: (hook, sender) => void storeStatus(hook, sender, deps),
  })
  const http = createHttpServer({
    ...shared,
    ...{ health, readiness, statusLine, web: deps.web },
    ...(!isOwn && { scrape }),
    maxConnections: limits.http,
  })
  const operations = { health, readiness, scrape, apiKey: config.apiKey }
  const metrics = isOwn ? createMetricsServer({ ...shared, ...operations }) : undefined
  const grpc = createGrpcServer({ ...shared, maxConnections: limits.grpc })

  const openGrpc = async (): Promise<Pick<Listening, 'grpc'>> => {
    if (grpcPort === undefined) return {}
    const bareHost = host.replace(/^\[(.*)\]$/, '$1')
    const authority = bareHost.includes(':') ? `[${bareHost}]` : bareHost
    return { grpc: `${authority}:${await grpc.listen(bareHost, grpcPort)}` }
  }

  return {
    listen: async () => {
      let listener: Listener = { host, port, portVariable: 'OTLP_RECEIVER_PORT' }
      try {
        const url = await http.listen({ host, port })
        listener = { host, port: grpcPort ?? 0, portVariable: 'OTLP_GRPC_PORT' }
        const opened = await openGrpc()
        if (metrics === undefined || metricsPort === undefined) return ok({ url, ...opened })
        listener = { host, port: metricsPort, portVariable: 'METRICS_PORT' }
        return ok({ url, ...opened, metrics: await metrics.listen({ host, port: metricsPort }) })
      } catch (error) {
        return err(listenProblem(error, listener))
      }
    },
    close: async () => {
      stopping.abort()
      await Promise.all([http.close(), grpc.close(), metrics?.close()])
    },
  }
}

/** A status line is some kilobytes, and has its answer already. */
async function storeStatus(
  hook: PostedHook,
  sender: Sender,
  { intake, clock, log }: Pick<ReceiverDeps, 'intake' | 'clock' | 'log'>,
): Promise<void> {
  const permit = { grow: () => true, shrink: () => {} }
  try {
    await intake.accept(
      { signal: 'hook', records: [hook] },
      { arrivedMs: clock.now(), permit, ...whoOf(sender) },
    )
  } catch (error) {
    log.warn({ err: error }, 'cannot store status line data')
  }
}
