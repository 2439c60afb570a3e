/**
 * The composition root: builds every part, starts them in order and stops them in the
 * opposite one. Knows neither the environment nor signals.
 */
import type { Config } from './config/config.ts'
import { createDelivery, type Delivery } from './delivery/delivery.ts'
import type { Clock } from './domain/clock.ts'
import type { Intake, Rejection } from './domain/rejection.ts'
import { err, ok, type Result } from './domain/result.ts'
import type { Arrival } from './domain/store.ts'
import { createLangfuseClient } from './langfuse/client.ts'
import { createCounters } from './observability/counters.ts'
import type { Log } from './observability/logger.ts'
import { createSystemClock } from './observability/system-clock.ts'
import { processLogs } from './processors/event-processor.ts'
import { processMetrics } from './processors/metrics-processor.ts'
import { createReceiver, type Receiver } from './receiver/receiver.ts'
import { createHealth } from './health.ts'
import { createSessionHandler, type SessionHandler } from './session/handler.ts'
import { defaultBounds, type SessionPolicy } from './session/policy.ts'
import { STATE_VERSION, type SessionState } from './session/state.ts'
import { createSqliteStore } from './store/sqlite-store.ts'
import type { Store } from './store/store.ts'
import { PRODUCT_VERSION } from './version.ts'

const LANGFUSE_TIMEOUT_MS = 15_000

export interface App {
  /** Takes up what a former process left, then listens. */
  start(): Promise<Result<{ readonly url: string }, string>>
  /**
   * Stops taking requests, closes all sessions, delivers what is left for up to the shutdown
   * timeout, and leaves the rest on disk. Resolves to whether everything was delivered.
   */
  stop(): Promise<boolean>
}

/** Builds the app; a store that cannot be opened is an error for a person to read. */
export async function createApp(
  config: Config,
  log: Log,
  clock: Clock = createSystemClock(),
): Promise<Result<App, string>> {
  const opened = await createSqliteStore<SessionState>({
    dataDir: config.dataDir,
    stateVersion: STATE_VERSION,
    clock,
    log,
  })
  if (!opened.ok) return err(opened.error.message)
  const store = opened.value
  const counters = createCounters()
  const delivery = buildDelivery(config, store, clock, log)
  const handler = createSessionHandler({
    store: store.sessions,
    clock,
    policy: policyOf(config),
    maxSessions: config.session.maxSessions,
    defer: setImmediate,
    onEmitted: () => delivery.notify(),
    onError: (message, error) => log.error({ err: error }, message),
  })
  const receiver = createReceiver({
    config: config.receiver,
    ingestLogs: (records, arrivedMs) => take(handler, processLogs(records, arrivedMs)),
    ingestMetrics: (points, arrivedMs) => take(handler, processMetrics(points, arrivedMs)),
    health: createHealth({ store, delivery, counters, clock, log }),
    log,
    counters,
    clock,
  })
  return ok({
    start: () => start(config, receiver, handler, delivery, log),
    stop: () => stop(config, receiver, handler, delivery, store, log),
  })
}

/** Makes a processed batch durable; what is left to say are its refusals. */
async function take(
  handler: SessionHandler,
  intake: Intake<Arrival>,
): Promise<readonly Rejection[]> {
  await handler.accept(intake.accepted)
  return intake.rejected
}

function policyOf({ session }: Config): SessionPolicy {
  const { maxSessions: _, ...settings } = session
  return { ...settings, ...defaultBounds }
}

function buildDelivery(
  { langfuse, tracing }: Config,
  { outbox }: Store<SessionState>,
  clock: Clock,
  log: Log,
): Delivery {
  const client =
    langfuse &&
    createLangfuseClient({
      host: langfuse.baseUrl,
      publicKey: langfuse.publicKey,
      secretKey: langfuse.secretKey,
      productVersion: PRODUCT_VERSION,
      timeoutMs: LANGFUSE_TIMEOUT_MS,
    })
  const mapping = { ...tracing, productVersion: PRODUCT_VERSION }
  return createDelivery({ outbox, client, clock, random: Math.random, log, config: mapping })
}

async function start(
  config: Config,
  receiver: Receiver,
  handler: SessionHandler,
  delivery: Delivery,
  log: Log,
): Promise<Result<{ readonly url: string }, string>> {
  const { host, port } = config.receiver
  try {
    const url = await receiver.listen({ host, port })
    await handler.start()
    delivery.start()
    log.info({ url, dataDir: config.dataDir, langfuse: config.langfuse?.baseUrl }, 'listening')
    return ok({ url })
  } catch (error) {
    return err(listenProblem(error, host, port))
  }
}

function listenProblem(error: unknown, host: string, port: number): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE') {
    return `Port ${port} on ${host} is in use by another program. End that one, or set OTLP_RECEIVER_PORT to another port.`
  }
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL') {
    return `Cannot listen on ${host}:${port} (${code}). Set OTLP_RECEIVER_HOST and OTLP_RECEIVER_PORT to an address this machine and user may use.`
  }
  throw error
}

async function stop(
  config: Config,
  receiver: Receiver,
  handler: SessionHandler,
  delivery: Delivery,
  store: Store<SessionState>,
  log: Log,
): Promise<boolean> {
  await receiver.close()
  try {
    await handler.closeAll('shutdown')
  } catch (error) {
    log.error({ err: error }, 'sessions could not be closed; they go on at the next start')
  }
  handler.stop()
  const delivered = await delivery.drain(config.shutdownTimeoutMs)
  await delivery.stop()
  const { pending } = await store.outbox.stats()
  await store.close()
  log.info(
    { pending },
    pending === 0 ? 'stopped' : 'stopped; the rest is delivered after the next start',
  )
  return delivered
}
