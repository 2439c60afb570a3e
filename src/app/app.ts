/**
 * The composition root: builds every part, starts them in order and stops them in the
 * opposite one. Knows neither the environment nor signals.
 */
import { type BudgetAlarm, budgetWatchOf, createBudgetAlarm } from './budget-alarm.ts'
import type { Config } from '../config/config.ts'
import { isLoopback } from '../config/loopback.ts'
import { createDelivery, type Delivery } from '../exporters/delivery.ts'
import type { Attributes } from '../domain/json-value.ts'
import type { Clock } from '../domain/clock.ts'
import type { Rejection } from '../domain/rejection.ts'
import { err, ok, type Result } from '../domain/result.ts'
import type { LogRecord } from '../domain/telemetry-record.ts'
import { createLangfuseClient } from '../exporters/langfuse/client.ts'
import { createCounters } from '../observability/counters.ts'
import { createIngestLog } from '../observability/ingest-log.ts'
import type { Log } from '../observability/logger.ts'
import { createSteadyClock } from '../observability/clock.ts'
import { createSystemClock } from '../observability/clock.ts'
import { logReader } from '../processors/event-processor.ts'
import { hookFolder, processHook } from '../processors/hook-processor.ts'
import { metricReader } from '../processors/metrics-processor.ts'
import { type RecordReader, readInSlices } from '../processors/record-reader.ts'
import { spanReader } from '../processors/span-processor.ts'
import type { Ingest } from '../receivers/signal-receiver.ts'
import { createReceiver, type Listening, type Receiver } from '../receivers/receiver.ts'
import { createHealth } from './health.ts'
import { createPage, type Page } from './page.ts'
import { createSessionHandler, type SessionHandler } from '../sessions/handler.ts'
import { policyOf } from '../sessions/policy.ts'
import type { SessionState } from '../sessions/state.ts'
import { createSessionStates } from './session-states.ts'
import { createSqliteStore } from '../storage/sqlite/sqlite-store.ts'
import type { Store } from '../storage/store.ts'
import { PRODUCT_VERSION } from './version.ts'
import { type BodyFiles, createBodyFiles, refersToBody } from '../processors/enrich/body-files.ts'
import { createFileReader } from '../processors/enrich/file-reader.ts'
import {
  createWorkspaceReader,
  type WorkspaceReader,
} from '../processors/enrich/workspace-reader.ts'

/** The only agent that posts hooks, on `/hooks/claude-code`. */
const HOOK_AGENT = 'claude-code'

export interface App {
  /** Takes up what a former process left, then listens. */
  start(): Promise<Result<Listening, string>>
  /**
   * Stops taking requests, closes all sessions, delivers what is left for up to the shutdown
   * timeout, and leaves the rest on disk. Resolves to whether everything was delivered.
   */
  stop(): Promise<boolean>
  /** Whether an operation on a file that a client named is under way: Node would wait for it at the exit. */
  isFileSystemBusy(): boolean
}

/** Builds the app; a store that cannot be opened is an error for a person to read. */
export async function createApp(
  config: Config,
  log: Log,
  systemClock: Clock = createSystemClock(),
): Promise<Result<App, string>> {
  const clock = createSteadyClock(systemClock)
  const policy = policyOf(config.session)
  const opened = await createSqliteStore<SessionState>({
    dataDir: config.dataDir,
    states: createSessionStates(policy),
    retentionMs: config.retentionMs,
    maxBytes: config.maxStoreBytes,
    outbox: config.outbox,
    hasDestination: config.langfuse !== undefined,
    budgets: budgetWatchOf(config),
    clock,
    log,
  })
  if (!opened.ok) return err(opened.error.message)
  const store = opened.value
  const counters = createCounters()
  const ingestLog = createIngestLog()
  const delivery = buildDelivery(config, store, clock, log)
  const alarm = createBudgetAlarm({
    config,
    queue: store.alerts,
    pauseOf: store.pause,
    clock,
    log,
  })
  const page = createPage({
    config,
    store,
    delivery,
    counters,
    ingestLog,
    remove: (key) => handler.remove(key),
    clock,
    log,
  })
  const handler = createSessionHandler({
    store: store.sessions,
    clock,
    policy,
    maxSessions: config.session.maxSessions,
    defer: setImmediate,
    onEmitted: () => delivery.notify(),
    onCommitted: page.committed,
    onAlerts: (alerts) => alarm.raise(alerts),
    onError: (message, error) => log.error({ err: error }, message),
  })
  // A path that a client names lies on this machine only if no other machine can be the client.
  const isLocal = isLoopback(config.receiver.host)
  const files = createFileReader(clock)
  const workspaces =
    config.readWorkspace && isLocal ? createWorkspaceReader(clock, files) : undefined
  const bodies = createBodyFiles(files, isLocal ? config.bodyFolders : [])
  const receiver = createReceiver({
    config: config.receiver,
    maxOpenFiles: openFileLimit(),
    ingestLogs: logIngest(handler, bodies),
    ingestMetrics:
      ({ arrivedMs }) =>
      (points) =>
        take(handler, metricReader, points, arrivedMs),
    ingestTraces:
      ({ arrivedMs }) =>
      (spans) =>
        take(handler, spanReader, spans, arrivedMs),
    ingestHooks:
      ({ arrivedMs }) =>
      (hooks) =>
        takeHooks(handler, workspaces, hooks, arrivedMs),
    health: createHealth({ store, delivery, counters, clock, log }),
    log,
    counters,
    ingestLog,
    clock,
    web: page.plugin,
  })
  const parts = { config, receiver, page, handler, delivery, alarm, store, log }
  return ok({
    start: () => start(parts),
    stop: () => stop(parts),
    isFileSystemBusy: files.isBusy,
  })
}

/** What is started and stopped. */
interface Parts {
  readonly config: Config
  readonly receiver: Receiver
  readonly page: Page
  readonly handler: SessionHandler
  readonly delivery: Delivery
  readonly alarm: BudgetAlarm
  readonly store: Store<SessionState>
  readonly log: Log
}

/** How many files this process may have open; where there is no limit, a large number. */
function openFileLimit(): number {
  // Otherwise it would resolve the names of all peers.
  Object.assign(process.report, { excludeNetwork: true })
  const { userLimits } = process.report.getReport() as {
    userLimits?: { open_files?: { soft?: unknown } }
  }
  const limit = userLimits?.open_files?.soft
  return typeof limit === 'number' ? limit : Number.MAX_SAFE_INTEGER
}

/** Log records, each with the body it refers to. */
function logIngest(handler: SessionHandler, bodies: BodyFiles): Ingest<LogRecord> {
  return ({ arrivedMs, permit }) => {
    const attach = bodies.forRequest(permit)
    return async (records) => {
      if (!records.some(refersToBody)) return take(handler, logReader, records, arrivedMs)
      const rejected: Rejection[] = []
      for await (const batch of attach(records)) {
        rejected.push(...(await take(handler, logReader, batch, arrivedMs)))
      }
      return rejected
    }
  }
}

/** Reads a batch and makes it durable; what is left to say are its refusals. */
async function take<R>(
  handler: SessionHandler,
  reader: RecordReader<R>,
  records: readonly R[],
  arrivedMs: number,
): Promise<readonly Rejection[]> {
  const { accepted, rejected } = await readInSlices(reader, records, arrivedMs, nextTurn)
  await handler.accept(accepted)
  return rejected
}

/** Other I/O goes first. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Hooks, each with what its folder says of itself. */
async function takeHooks(
  handler: SessionHandler,
  workspaces: WorkspaceReader | undefined,
  bodies: readonly Attributes[],
  arrivedMs: number,
): Promise<readonly Rejection[]> {
  const results = await Promise.all(
    bodies.map(async (body) => {
      const folder = hookFolder(HOOK_AGENT, body)
      const labels = folder === undefined ? {} : await workspaces?.labels(folder)
      return processHook(HOOK_AGENT, body, arrivedMs, labels ?? {})
    }),
  )
  await handler.accept(results.flatMap((result) => (result.ok ? [result.value] : [])))
  return results.flatMap((result) => (result.ok ? [] : [result.error]))
}

function buildDelivery(
  { langfuse, tracing }: Config,
  { outbox, pause }: Store<SessionState>,
  clock: Clock,
  log: Log,
): Delivery {
  const client = langfuse && createLangfuseClient({ ...langfuse, productVersion: PRODUCT_VERSION })
  return createDelivery({
    outbox,
    client,
    // Another project may be asked at once.
    pause: langfuse && pause(`${langfuse.baseUrl} ${langfuse.publicKey}`),
    clock,
    random: Math.random,
    log,
    config: { ...tracing, productVersion: PRODUCT_VERSION },
  })
}

async function start(parts: Parts): Promise<Result<Listening, string>> {
  const { config, receiver, handler, delivery, alarm, store, log } = parts
  const listening = await receiver.listen()
  if (!listening.ok) return listening
  await handler.start()
  delivery.start()
  alarm.start()
  store.upkeep.start()
  store.watchStorage()
  const { dataDir, langfuse } = config
  log.info({ ...listening.value, dataDir, langfuse: langfuse?.baseUrl }, 'listening')
  return listening
}

async function stop(parts: Parts): Promise<boolean> {
  const { config, receiver, page, handler, delivery, alarm, store, log } = parts
  await receiver.close()
  await page.close()
  try {
    await handler.closeAll('shutdown')
  } catch (error) {
    log.error({ err: error }, 'sessions could not be closed; they go on at the next start')
  }
  handler.stop()
  const [delivered] = await Promise.all([
    delivery.drain(config.shutdownTimeoutMs),
    alarm.stop(config.shutdownTimeoutMs),
  ])
  await delivery.stop()
  const { pending } = await store.outbox.stats()
  await store.close()
  log.info(
    { pending },
    pending === 0 ? 'stopped' : 'stopped; the rest is delivered after the next start',
  )
  return delivered
}
