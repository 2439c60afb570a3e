/**
 * The composition root: builds every part, starts them in order and stops them in the
 * opposite one. Knows neither the environment nor signals.
 */
import { alertChannels } from '../alerts/channels.ts'
import { type Budgets, budgetTimeZone, budgetWatchOf, createBudgets } from './budgets.ts'
import { readFixedBudgets } from '../config/budgets-file.ts'
import type { Config, WatchConfig } from '../config/config.ts'
import { isLoopback } from '../config/loopback.ts'
import { createDeliveries, type Deliveries } from '../exporters/deliveries.ts'
import { outboxReaders } from '../exporters/registry.ts'
import type { Clock } from '../domain/clock.ts'
import type { SessionStore } from '../domain/session-store.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { hookAgents } from '../agents/registry.ts'
import { createIntake } from '../processors/chain.ts'
import { createForwarding } from '../processors/forwarding.ts'
import { createLongTextMasker, type LongTextMasker } from '../processors/redact/long-texts.ts'
import { createRecordMasker, createTextMasking } from '../processors/redact/record-masker.ts'
import { readMasking } from '../processors/masking.ts'
import { createCounters } from '../observability/counters.ts'
import { createMetrics, type Instruments } from '../observability/metrics.ts'
import { createIngestLog } from '../observability/ingest-log.ts'
import type { Log } from '../observability/logger.ts'
import { createSteadyClock, createSystemClock } from '../observability/clock.ts'
import { createKeyGuesses } from '../receivers/key-guesses.ts'
import type { Readiness } from '../receivers/http/operations.ts'
import { openTls, type ServerTls } from '../receivers/tls.ts'
import { createKeyRing, type KeyRing } from '../receivers/key-ring.ts'
import { createReceiver, type Listening, type Receiver } from '../receivers/receiver.ts'
import {
  createThreadedImporter,
  type ThreadedImporter,
} from '../receivers/transcripts/threaded-importer.ts'
import {
  createTranscriptWatcher,
  type TranscriptWatcher,
} from '../receivers/transcripts/watcher.ts'
import { createHealth } from './health.ts'
import { addScrape } from './scrape.ts'
import { createImportJobs, type ImportJobs } from './import-jobs.ts'
import { readOwnPrices } from '../prices/own-prices.ts'
import { createPriceTable } from '../prices/price-table.ts'
import { readDeliveryPlan } from './delivery-plan.ts'
import { createPage, type Page } from './page.ts'
import { createBudgetChanges, createOverrides } from './overrides.ts'
import { createPlanWindows } from './plan-windows.ts'
import { createSessionHandler, type SessionHandler } from '../sessions/handler.ts'
import { policyOf } from '../sessions/policy.ts'
import { retryQuarantine } from '../processors/quarantine.ts'
import type { SessionState } from '../sessions/state.ts'
import { type ApiBodyUpkeep, createApiBodyUpkeep } from './api-body-upkeep.ts'
import { createScrubbing } from './scrubbing.ts'
import { createSessionStates } from './session-states.ts'
import { transcriptFolders } from './transcript-folders.ts'
import { keepAccessToken } from '../storage/access-token.ts'
import { openStore } from '../storage/open-store.ts'
import type { Store } from '../storage/store.ts'
import { createBodyFiles } from '../processors/enrich/body-files.ts'
import { createFileReader } from '../processors/enrich/file-reader.ts'
import { createWorkspaceReader } from '../processors/enrich/workspace-reader.ts'

export interface App {
  /** Takes up what a former process left, then listens. */
  start(): Promise<Result<Listening, string>>
  /**
   * Stops taking requests, closes all sessions, delivers what is left for up to the shutdown
   * timeout, and leaves the rest on disk. Resolves to whether everything was delivered.
   */
  stop(): Promise<boolean>
  /** Reads the TLS certificate again, where there is one. */
  reload(): Promise<void>
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
  const ownPrices = readOwnPrices(config.pricesFile)
  if (!ownPrices.ok) return ownPrices
  const fixedBudgets = readFixedBudgets(config.budgets)
  if (!fixedBudgets.ok) return fixedBudgets
  const channels = alertChannels(config)
  if (!channels.ok) return channels
  const masking = await readMasking(config.privacy)
  if (!masking.ok) return masking
  const { tls: tlsConfig } = config.receiver
  const tls = tlsConfig === undefined ? ok(undefined) : await openTls(tlsConfig, { clock, log })
  if (!tls.ok) return tls
  const policy = { ...policyOf(config.session), priceOf: createPriceTable(ownPrices.value) }
  const plan = readDeliveryPlan(config, () => clock.now())
  if (!plan.ok) return plan
  const { exporters, routes } = plan.value
  const opened = await openStore<SessionState>({
    dataDir: config.dataDir,
    database: config.database,
    states: createSessionStates(policy),
    retentionMs: config.retentionMs,
    maxBytes: config.maxStoreBytes,
    outbox: config.outbox,
    exporters: outboxReaders(exporters),
    routes,
    budgets: budgetWatchOf(config),
    clock,
    log,
  })
  if (!opened.ok) {
    tls.value?.stop()
    return err(opened.error.message)
  }
  const store = opened.value
  // A disk that is full, say: records matter more than looking at them.
  const token = keepAccessToken(config.dataDir)
  if (!token.ok) log.error({}, `the page needs its access token: ${token.error}`)
  const guesses = createKeyGuesses(clock, log)
  const { apiKey } = config.receiver
  const ring = createKeyRing({ store: store.keys, apiKey, clock, log })
  const counters = createCounters()
  const metrics = createMetrics()
  const masker = createRecordMasker(masking.value)
  const longTexts = createLongTextMasker({
    settings: masking.value,
    maskHere: createTextMasking(masking.value),
    log,
  })
  const ingestLog = createIngestLog(masker.maskText)
  const { outbox, pause } = store
  const random = Math.random
  const delivery = createDeliveries({
    ...{ exporters, outbox, pause, clock, random, log },
    onExported: metrics.exported,
  })
  const budgets = createBudgets({
    config,
    fixed: fixedBudgets.value,
    channels: channels.value,
    store,
    betweenCommits: (task) => handler.betweenCommits(task),
    onAlert: metrics.budgetAlert,
    showInTrace: (session, alert) => handler.showAlert(session, alert),
    clock,
    log,
  })
  const { brake } = budgets
  store.onDeleted(() => budgets.deleted())
  const page = createPage({
    config,
    fixedBudgets: fixedBudgets.value,
    budgets: createBudgetChanges(budgets.plan, log),
    overrides: brake && createOverrides(brake, masker.maskText, clock, log),
    accessToken: token.ok ? token.value : undefined,
    guesses,
    ring,
    ownPrices: ownPrices.value,
    masking: masking.value,
    store,
    delivery,
    counters,
    ingestLog,
    remove: (key) => handler.remove(key),
    scrubbing: createScrubbing({
      settings: masking.value,
      policy,
      store,
      exclusively: (key, change) => handler.exclusively(key, change),
    }),
    retryQuarantine: (ids) => retryQuarantine(ids, store.quarantine, intake),
    imports: {
      start: (body) => imports.start(body),
      state: (id) => imports.state(id),
    },
    clock,
    log,
  })
  const handler = createSessionHandler({
    store: timed(store.sessions, metrics),
    clock,
    policy,
    maxSessions: config.session.maxSessions,
    defer: setImmediate,
    onEmitted: () => delivery.notify(),
    onCommitted: (outcome) => {
      budgets.committed(outcome)
      page.committed(outcome)
    },
    onAlerts: (alerts) => budgets.raise(alerts),
    onError: (message, error) => log.error({ err: error }, message),
  })
  // What another process left undone, or began: nobody tells of that for certain.
  store.onElsewhere(({ isLeft }) => {
    if (!isLeft) return
    handler.recheck()
    delivery.notify()
    budgets.notify()
  })
  // A path that a client names lies on this machine only if no other machine can be the client.
  const isLocal = isLoopback(config.receiver.host)
  const files = createFileReader(clock)
  const workspaces =
    config.readWorkspace && isLocal ? createWorkspaceReader(clock, files) : undefined
  const intake = createIntake({
    masker,
    longTexts,
    bodies: createBodyFiles(files, isLocal ? config.bodyFolders : []),
    workspaces,
    onMasked: metrics.masked,
    traces: store.traces,
    store: (arrivals) => handler.accept(arrivals),
    brake,
    quarantine: store.quarantine,
  })
  const isForwarding = exporters.some(({ definition: { kinds } }) => kinds.includes('records'))
  const forwarding = isForwarding
    ? createForwarding({
        store: store.forwarded,
        masker: config.forwardOtlp?.isUnredacted === true ? undefined : masker,
        longTexts,
        routes,
        onKept: () => delivery.notify(),
      })
    : undefined
  const phase: Phase = { isStarted: false, isDraining: false }
  const readiness = () => readinessOf(phase, store)
  const health = createHealth({ store, delivery, counters, clock, log })
  const isReady = () => readiness() === 'ready'
  addScrape(metrics, {
    ...{ config, health, isReady, store, delivery },
    budgets: () => budgets.plan.current(),
  })
  const importer = createThreadedImporter({
    intake,
    positions: store.transcripts,
    masking: masking.value,
    clock,
  })
  const imports = createImportJobs(importer, isLocal)
  const watcher = config.watch && watcherOf(config.watch, importer, clock, log)
  const planWindows = createPlanWindows({
    store: store.planWindows,
    raise: (alert, sinceMs) => budgets.raiseAlert(alert, sinceMs),
    timeZone: budgetTimeZone(config),
    clock,
    log,
  })
  const receiver = createReceiver({
    config: config.receiver,
    maxOpenFiles: openFileLimit(),
    intake,
    forwarding,
    hookAgents,
    statusFigures: (sessionKey, visible) => page.statusFigures(sessionKey, visible),
    planWindows: (sessionKey, limits) => planWindows.told(sessionKey, limits),
    health,
    readiness,
    scrape: () => metrics.scrape(),
    instruments: metrics,
    tls: tls.value,
    log,
    guesses,
    ring,
    counters,
    ingestLog,
    clock,
    web: page.plugin,
  })
  const apiBodies = createApiBodyUpkeep(config.dataDir, clock, log)
  const parts = {
    ...{ config, receiver, ring, longTexts, page, handler, delivery },
    ...{ budgets, store, apiBodies, importer, watcher, imports, log },
    ...{ phase, clock, tls: tls.value },
  }
  return ok({
    start: () => start(parts),
    stop: () => stop(parts),
    reload: async () => tls.value?.reload(),
    isFileSystemBusy: files.isBusy,
  })
}

function watcherOf(
  { homeDir, variables, isExported }: WatchConfig,
  importer: ThreadedImporter,
  clock: Clock,
  log: Log,
): TranscriptWatcher {
  const folders = transcriptFolders(homeDir, variables)
  log.info({ folders, isExported }, 'following transcripts')
  return createTranscriptWatcher({
    importer,
    // One may be made later.
    folders: () => transcriptFolders(homeDir, variables),
    isExported,
    clock,
    onRead: ({ files, bytes, prompts, calls, tools }) =>
      log.debug({ files, bytes, prompts, calls, tools }, 'transcripts were read'),
    onError: (reason) => log.error({ reason }, 'cannot follow transcripts'),
  })
}

/** What is started and stopped. */
interface Parts {
  readonly config: Config
  readonly receiver: Receiver
  readonly ring: KeyRing
  readonly longTexts: LongTextMasker
  /** Absent while transcripts are not followed. */
  readonly watcher: TranscriptWatcher | undefined
  readonly imports: ImportJobs
  readonly importer: ThreadedImporter
  readonly page: Page
  readonly handler: SessionHandler
  readonly delivery: Deliveries
  readonly budgets: Budgets
  readonly store: Store<SessionState>
  readonly apiBodies: ApiBodyUpkeep
  readonly phase: Phase
  readonly tls: ServerTls | undefined
  readonly clock: Clock
  readonly log: Log
}

/** Undefined where the store cannot say. */
async function pendingItems(store: Store<unknown>, log: Log): Promise<number | undefined> {
  try {
    return (await store.outboxCounts()).pending
  } catch (error) {
    log.error({ err: error }, 'cannot count undelivered items')
    return undefined
  }
}

/** For requests under way, where others deliver the rest. */
const HANDOVER_MS = 1_000

/** How far the process is. */
interface Phase {
  isStarted: boolean
  isDraining: boolean
}

/** Ready is what can store records, and goes on doing so. */
function readinessOf({ isStarted, isDraining }: Phase, store: Store<unknown>): Readiness {
  if (isDraining) return 'draining'
  if (!isStarted) return 'starting'
  return store.storage().isWritable ? 'ready' : 'unavailable'
}

/** Measures each commit, whatever engine it goes to. */
function timed<S>(
  sessions: SessionStore<S>,
  { commit }: Pick<Instruments, 'commit'>,
): SessionStore<S> {
  return {
    ...sessions,
    commit: async (...of) => {
      const startMs = performance.now()
      let isDone = false
      try {
        const committed = await sessions.commit(...of)
        isDone = true
        return committed
      } finally {
        commit(performance.now() - startMs, isDone)
      }
    },
  }
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

async function start(parts: Parts): Promise<Result<Listening, string>> {
  const { config, receiver, ring, watcher, handler, delivery, budgets, store, apiBodies, log } =
    parts
  // Before anybody is let in.
  await ring.start()
  // Before the first hook: it must not get through because nothing was read yet.
  await budgets.load()
  const listening = await receiver.listen()
  if (!listening.ok) return listening
  await handler.start()
  delivery.start()
  budgets.start()
  watcher?.start()
  store.upkeep.start()
  store.watchStorage()
  apiBodies.start()
  parts.phase.isStarted = true
  const { dataDir, langfuse } = config
  log.info({ ...listening.value, dataDir, langfuse: langfuse?.baseUrl }, 'listening')
  log.info({}, 'to open the page, run: claude-telemetry open')
  return listening
}

/** Gives load balancers the time to send requests elsewhere, while those that come are taken. */
async function drain({ config, phase, clock, log }: Parts): Promise<void> {
  phase.isDraining = true
  const { drainDelayMs } = config
  if (!phase.isStarted || drainDelayMs === 0) return
  log.info({ drainDelayMs }, 'draining: no longer ready, still accepting requests')
  await new Promise<void>((resolve) => clock.setTimer(resolve, drainDelayMs))
}

async function stop(parts: Parts): Promise<boolean> {
  const { config, receiver, longTexts, page, handler, delivery, budgets, store, log } = parts
  await drain(parts)
  await receiver.close()
  await parts.watcher?.stop()
  await parts.imports.stop()
  await parts.importer.close()
  parts.tls?.stop()
  await parts.ring.stop()
  await parts.apiBodies.stop()
  await longTexts.close()
  await page.close()
  let isLast = true
  try {
    // Sessions go on where others serve them, too; whoever stops last closes them.
    isLast = await store.isLastToStop()
    if (isLast) await handler.closeAll('shutdown')
  } catch (error) {
    log.error({ err: error }, 'cannot close sessions; they continue at the next start')
  }
  handler.stop()
  // What is left is for those that go on.
  const drainMs = isLast
    ? config.shutdownTimeoutMs
    : Math.min(config.shutdownTimeoutMs, HANDOVER_MS)
  await Promise.all([delivery.drain({ timeoutMs: drainMs, isLast }), budgets.stop(drainMs)])
  await delivery.stop()
  const pending = await pendingItems(store, log)
  await store.close()
  log.info(
    { pending },
    pending === 0 ? 'stopped' : 'stopped; undelivered items are delivered after the next start',
  )
  return pending === 0
}
