/**
 * Whether records can be stored, as the last attempt showed: a commit that failed says no at once,
 * the next one that succeeds says yes. Where no commits come, it is tried now and then. An error that
 * may be of the data says no once nothing has succeeded for a while, whatever it is.
 *
 * Only commits and probes say yes: a small change may still fit where a commit does not.
 */
import type { Clock, Timer } from '../domain/clock.ts'
import type { StorageFailure, StorageState } from './store.ts'
import type { StoreLog } from './store-log.ts'

export interface StorageWatch {
  /** A commit is on the disk. */
  committed(): void
  /** What a probe showed, which stands for a commit: whatever it fails of is no fault of any data. */
  probed(error: unknown): void
  /** A change failed. */
  failed(error: unknown): void
  state(): StorageState
  /** Why nothing can be stored, where an error says so; undefined for one that may be of the data. */
  reasonOf(error: unknown): string | undefined
  /** From now on, `probe` is called while no commit says how things are. It tells the outcome here. */
  start(probe: () => Promise<void>): void
  stop(): void
}

interface StorageWatchDeps {
  /** Whether an error says that nothing can be stored at present; others are of the data. */
  readonly isOfStorage: (error: unknown) => error is Error
  /** What it means, for a person; its message when absent. */
  readonly reasonOf?: (error: Error) => string
  readonly clock: Clock
  readonly log: StoreLog
}

/** Without a commit for this long it is tried; often enough for a bridge that does nothing. */
const IDLE_MS = 30_000
/** Between two tries while it is not writable. */
const FAILING_MS = 2_000
/** Clients repeat what was not stored: after so long without a commit it is not for what one of them sends. */
const LASTING_MS = 5_000

export function createStorageWatch(deps: StorageWatchDeps): StorageWatch {
  const { isOfStorage, reasonOf = ({ message }) => message, clock, log } = deps
  let lastCommitMs: number | undefined
  let failure: StorageFailure | undefined
  /** Errors since the last commit that may be of the data. */
  let doubtful: { readonly sinceMs: number; lastMs: number } | undefined
  let probe: (() => Promise<void>) | undefined
  let timer: Timer | undefined

  function arm(delayMs: number): void {
    timer?.cancel()
    if (probe !== undefined) timer = clock.setTimer(() => void look(), delayMs)
  }

  async function look(): Promise<void> {
    if (failure === undefined && doubtful === undefined) {
      const restMs = (lastCommitMs ?? Number.NEGATIVE_INFINITY) + IDLE_MS - clock.now()
      if (restMs > 0) {
        arm(restMs)
        return
      }
    }
    await probe?.()
    arm(failure === undefined && doubtful === undefined ? IDLE_MS : FAILING_MS)
  }

  function committed(): void {
    lastCommitMs = clock.now()
    doubtful = undefined
    if (failure === undefined) return
    const failedForMs = lastCommitMs - failure.sinceMs
    failure = undefined
    log.warn({ failedForMs }, 'the database is writable again, accepting records')
  }

  function fail(error: unknown, firstMs: number): void {
    const sinceMs = failure?.sinceMs ?? firstMs
    const reason = error instanceof Error ? reasonOf(error) : String(error)
    if (failure === undefined) {
      const message = 'the database cannot be written, records are refused until it can'
      log.error({ err: error, reason }, message)
      arm(FAILING_MS)
    }
    failure = { sinceMs, message: reason }
  }

  function doubt(error: unknown): void {
    const nowMs = clock.now()
    if (doubtful === undefined) {
      doubtful = { sinceMs: nowMs, lastMs: nowMs }
      arm(0)
    }
    doubtful.lastMs = nowMs
    if (nowMs - doubtful.sinceMs >= LASTING_MS) fail(error, doubtful.sinceMs)
  }

  return {
    committed,
    probed: (error) => {
      if (error !== undefined) fail(error, clock.now())
      // Commits failed where a probe does not: they are given another chance when none came for a while.
      else if (doubtful === undefined || clock.now() - doubtful.lastMs >= IDLE_MS) committed()
    },
    failed: (error) => {
      if (isOfStorage(error)) fail(error, clock.now())
      else doubt(error)
    },
    reasonOf: (error) => (isOfStorage(error) ? reasonOf(error) : undefined),
    state: () => ({ isWritable: failure === undefined, lastCommitMs, failure }),
    start: (given) => {
      probe = given
      arm(IDLE_MS)
    },
    stop: () => {
      probe = undefined
      timer?.cancel()
    },
  }
}
