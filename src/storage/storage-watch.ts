/**
 * Whether records can be stored, as the last attempt showed: a commit that failed says no at once,
 * the next one that succeeds says yes. Where no commits come, it is tried now and then.
 *
 * Only commits and probes say yes: a small change may still fit where a commit does not.
 */
import type { Clock, Timer } from '../domain/clock.ts'
import type { StorageFailure, StorageState } from './store.ts'
import type { StoreLog } from './store-log.ts'

export interface StorageWatch {
  /** A commit, or a probe that stands for one, is on the disk. */
  committed(): void
  /** A change failed. */
  failed(error: unknown): void
  state(): StorageState
  /** From now on, `probe` is called while no commit says how things are. It tells the outcome here. */
  start(probe: () => Promise<void>): void
  stop(): void
}

interface StorageWatchDeps {
  /** Whether an error says that nothing can be stored at present; others are of the data. */
  readonly isOfStorage: (error: unknown) => error is Error
  readonly clock: Clock
  readonly log: StoreLog
}

/** Without a commit for this long it is tried; often enough for a bridge that does nothing. */
const IDLE_MS = 30_000
/** Between two tries while it is not writable. */
const FAILING_MS = 2_000

export function createStorageWatch(deps: StorageWatchDeps): StorageWatch {
  const { isOfStorage, clock, log } = deps
  let lastCommitMs: number | undefined
  let failure: StorageFailure | undefined
  let probe: (() => Promise<void>) | undefined
  let timer: Timer | undefined

  function arm(delayMs: number): void {
    timer?.cancel()
    if (probe !== undefined) timer = clock.setTimer(() => void look(), delayMs)
  }

  async function look(): Promise<void> {
    if (failure === undefined) {
      const restMs = (lastCommitMs ?? Number.NEGATIVE_INFINITY) + IDLE_MS - clock.now()
      if (restMs > 0) {
        arm(restMs)
        return
      }
    }
    await probe?.()
    arm(failure === undefined ? IDLE_MS : FAILING_MS)
  }

  return {
    committed: () => {
      lastCommitMs = clock.now()
      if (failure === undefined) return
      const failedForMs = lastCommitMs - failure.sinceMs
      failure = undefined
      log.warn({ failedForMs }, 'the database is writable again, accepting records')
    },
    failed: (error) => {
      if (!isOfStorage(error)) return
      const sinceMs = failure?.sinceMs ?? clock.now()
      if (failure === undefined) {
        const message = 'the database cannot be written, records are refused until it can'
        log.error({ err: error }, message)
        arm(FAILING_MS)
      }
      failure = { sinceMs, message: error.message }
    },
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
