/**
 * Imports and follows transcripts straight into the store while no bridge runs. What is to be exported
 * waits in the outbox for the next start of one.
 */
import { once } from 'node:events'
import type { ImportBody, ImportCounts, ImportProgress } from '../api/contract/imports.ts'
import type { Transcripts } from '../cli/context.ts'
import type { Config } from '../config/config.ts'
import type { Clock } from '../domain/clock.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { outboxReaders } from '../exporters/registry.ts'
import { createSteadyClock, createSystemClock } from '../observability/clock.ts'
import type { Log } from '../observability/logger.ts'
import { readOwnPrices } from '../prices/own-prices.ts'
import { createPriceTable } from '../prices/price-table.ts'
import { createIntake } from '../processors/chain.ts'
import { createBodyFiles } from '../processors/enrich/body-files.ts'
import { createFileReader } from '../processors/enrich/file-reader.ts'
import { readMasking } from '../processors/masking.ts'
import { createRecordMasker } from '../processors/redact/record-masker.ts'
import type { TranscriptImporter } from '../receivers/transcripts/importer.ts'
import { createThreadedImporter } from '../receivers/transcripts/threaded-importer.ts'
import { createTranscriptWatcher } from '../receivers/transcripts/watcher.ts'
import { createSessionHandler } from '../sessions/handler.ts'
import { policyOf } from '../sessions/policy.ts'
import type { SessionState } from '../sessions/state.ts'
import { openStore } from '../storage/open-store.ts'
import type { Store } from '../storage/store.ts'
import { budgetWatchOf } from './budgets.ts'
import { readDeliveryPlan } from './delivery-plan.ts'
import { createSessionStates } from './session-states.ts'

/** The error is for a person; a bridge that runs on the data folder is one. */
export function importHere(
  config: Config,
  body: ImportBody,
  onProgress: (progress: ImportProgress) => void,
  log: Log,
): Promise<Result<ImportCounts, string>> {
  return withImporter(config, log, BRIDGE_IMPORTS, async (importer) => {
    const done = await importer.run(body, onProgress)
    if (!done.ok) return done
    const { damagedFiles, refusals, unreadable, leftOut, ...counts } = done.value
    return ok({
      ...counts,
      damagedFiles: [...damagedFiles],
      refusals: [...refusals],
      unreadable: [...unreadable],
      leftOut: [...leftOut],
    })
  })
}

/** Follows transcripts until `signal` is aborted. The error is for a person. */
export function watchHere(
  config: Config,
  { onStart, ...followed }: Parameters<Transcripts['watchHere']>[1],
  signal: AbortSignal,
  log: Log,
): Promise<Result<undefined, string>> {
  return withImporter(config, log, BRIDGE_WATCHES, async (importer, clock) => {
    const watcher = createTranscriptWatcher({ importer, isExported: false, clock, ...followed })
    // Timers of the clock and the thread, while it reads nothing, keep no process alive.
    const alive = setInterval(() => {}, KEEP_ALIVE_MS)
    try {
      watcher.start()
      onStart()
      if (!signal.aborted) await once(signal, 'abort')
      await watcher.stop()
      return ok(undefined)
    } finally {
      clearInterval(alive)
    }
  })
}

const KEEP_ALIVE_MS = 60_000
const BRIDGE_IMPORTS =
  'give this command its settings (OTLP_RECEIVER_PORT, API_KEY), so that the bridge does the import.'
const BRIDGE_WATCHES = 'set WATCH_TRANSCRIPTS=on for it: then it follows transcripts itself.'

/** `withBridge` is what to do where a bridge holds the store. */
async function withImporter<T>(
  config: Config,
  log: Log,
  withBridge: string,
  use: (importer: TranscriptImporter, clock: Clock) => Promise<Result<T, string>>,
): Promise<Result<T, string>> {
  const clock = createSteadyClock(createSystemClock())
  const ownPrices = readOwnPrices(config.pricesFile)
  if (!ownPrices.ok) return ownPrices
  const masking = await readMasking(config.privacy)
  if (!masking.ok) return masking
  const policy = { ...policyOf(config.session), priceOf: createPriceTable(ownPrices.value) }
  const plan = readDeliveryPlan(config, () => clock.now())
  if (!plan.ok) return plan
  const opened = await openStore<SessionState>({
    dataDir: config.dataDir,
    database: config.database,
    states: createSessionStates(policy),
    retentionMs: config.retentionMs,
    maxBytes: config.maxStoreBytes,
    outbox: config.outbox,
    exporters: outboxReaders(plan.value.exporters),
    routes: plan.value.routes,
    budgets: budgetWatchOf(config),
    // Transcripts are there to be read again, and how far they were read is committed behind what was read.
    flushes: 'on close',
    clock,
    log,
  })
  if (!opened.ok) {
    return err(
      opened.error.isInUse === true ? inUse(config.dataDir, withBridge) : opened.error.message,
    )
  }
  const store = opened.value
  const handler = createSessionHandler({
    store: store.sessions,
    clock,
    policy,
    maxSessions: config.session.maxSessions,
    // Nobody else waits.
    commitBounds: { pieces: 4000, bytes: 8_000_000, sessions: 100 },
    defer: setImmediate,
    // Both are taken up by the next bridge.
    onEmitted: () => {},
    onError: (message, error) => log.error({ err: error }, message),
  })
  const importer = createThreadedImporter({
    intake: createIntake({
      masker: createRecordMasker(masking.value),
      bodies: createBodyFiles(createFileReader(clock), []),
      traces: store.traces,
      store: (arrivals) => handler.accept(arrivals),
      quarantine: store.quarantine,
    }),
    positions: store.transcripts,
    masking: masking.value,
    clock,
    batchRecords: 2000,
  })
  let closed: Result<undefined, string>
  let done: Result<T, string>
  try {
    done = await use(importer, clock)
  } finally {
    await importer.close()
    handler.stop()
    closed = await close(store)
  }
  return done.ok && !closed.ok ? closed : done
}

/** Flushes what was stored. */
async function close(store: Pick<Store<unknown>, 'close'>): Promise<Result<undefined, string>> {
  try {
    await store.close()
    return ok(undefined)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return err(`what was read could not be flushed to the disk: ${reason}. Run it again.`)
  }
}

function inUse(dataDir: string, withBridge: string): string {
  return (
    `the data folder ${dataDir} is in use by another claude-telemetry. If that is an import, wait until it ` +
    `ends and run this again. If it is a bridge, ${withBridge}`
  )
}
