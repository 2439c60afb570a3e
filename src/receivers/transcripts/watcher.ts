/**
 * Follows transcripts while agents write them: looks every few seconds at the files that were written
 * to, and imports what is new. Files from before it was started are left to `import`.
 */
import type { Clock, Timer } from '../../domain/clock.ts'
import type { ImportCounts, TranscriptImporter } from './importer.ts'

export interface TranscriptWatcher {
  start(): void
  /** Resolves once nothing of it is under way. */
  stop(): Promise<void>
}

export interface WatcherDeps {
  readonly importer: TranscriptImporter
  /** Where agents write; those folders that are there. */
  readonly folders: () => readonly string[]
  readonly isExported: boolean
  readonly clock: Clock
  /** Something new was read. */
  readonly onRead: (counts: ImportCounts) => void
  readonly onError: (message: string) => void
}

/** What of a look is not stored; empty where everything is. */
function errorOf({ refusals, unreadable }: ImportCounts): string {
  return [...refusals, ...unreadable].join('; ')
}

const INTERVAL_MS = 2000
/** After it, what waits for further lines is told. */
const QUIET_MS = 3000
/** A session that is at work when the bridge starts is followed as well. */
const LOOK_BACK_MS = 3_600_000

export function createTranscriptWatcher(deps: WatcherDeps): TranscriptWatcher {
  const { importer, folders, isExported, clock, onRead, onError } = deps
  const stopping = new AbortController()
  let timer: Timer | undefined
  let running: Promise<void> = Promise.resolve()
  let sinceMs = 0
  let lastError = ''

  async function look(): Promise<void> {
    const lookedMs = clock.now()
    const request = {
      paths: folders(),
      sinceMs,
      content: 'keep',
      isExported,
      quietMs: QUIET_MS,
    } as const
    const done = await importer.run(request, () => {}, stopping.signal)
    // What waited for further lines may be told without any.
    if (done.ok && (done.value.bytes > 0 || done.value.sessions > 0)) onRead(done.value)
    const error = done.ok ? errorOf(done.value) : done.error
    // The same every two seconds would say no more.
    if (error !== '' && error !== lastError && !stopping.signal.aborted) onError(error)
    lastError = error
    // What was written in the meantime, and what was not quiet yet.
    if (done.ok) sinceMs = lookedMs - 10 * QUIET_MS
  }

  function arm(): void {
    if (stopping.signal.aborted) return
    timer = clock.setTimer(() => {
      running = look()
        .catch((error: unknown) => onError(String(error)))
        .then(arm)
    }, INTERVAL_MS)
  }

  return {
    start: () => {
      sinceMs = clock.now() - LOOK_BACK_MS
      arm()
    },
    stop: async () => {
      stopping.abort()
      timer?.cancel()
      await running
    },
  }
}
