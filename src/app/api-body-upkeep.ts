/**
 * Deletes raw API bodies of the data folder a day after they were written: they are unmasked, and
 * what telemetry named of them has been stored by then. The day is for records that come late.
 */
import type { Clock, Timer } from '../domain/clock.ts'
import type { Log } from '../observability/logger.ts'
import { removeApiBodies } from '../storage/api-bodies.ts'

export interface ApiBodyUpkeep {
  /** Looks at once, then every hour. */
  start(): void
  /** Resolves when nothing is deleted any more. */
  stop(): Promise<void>
}

const KEPT_MS = 86_400_000
const ROUND_MS = 3_600_000

export function createApiBodyUpkeep(dataDir: string, clock: Clock, log: Log): ApiBodyUpkeep {
  let timer: Timer | undefined
  let round = Promise.resolve()
  let isStopped = false

  async function work(): Promise<void> {
    try {
      const count = await removeApiBodies(dataDir, clock.now() - KEPT_MS)
      if (count > 0) log.info({ count }, 'deleted raw API bodies older than a day')
    } catch (error) {
      log.error({ err: error }, 'cannot delete raw API bodies older than a day')
    }
    if (!isStopped) timer = clock.setTimer(begin, ROUND_MS)
  }

  function begin(): void {
    round = work()
  }

  return {
    start: begin,
    stop: async () => {
      isStopped = true
      timer?.cancel()
      await round
    },
  }
}
