/**
 * Checkpoints beside the commits. SQLite would make them inside of commits, flushing twice, and
 * everything waited for 8 ms each time; a third of what a commit cost, measured. A thread does it
 * instead, which starts when there is something to do.
 *
 * A log is begun anew only when all of it is in the database (SQLite documentation, "Write-Ahead
 * Logging"), which never happens while commits go on. So a round has two parts: most is copied
 * beside the commits, and the next commit waits while the little that came meanwhile follows.
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { endThread } from '../../threads/end-thread.ts'
import type { CheckpointAnswer, CheckpointRequest, Rewriting } from './checkpoint-thread.ts'
import type { Result } from '../../domain/result.ts'
import type { LogState } from './rewrite-database.ts'
import { CHECKPOINT_PAGES, type Connection, PAGE_BYTES } from './connection.ts'
import type { StoreLog } from '../store-log.ts'

export interface Checkpointer {
  /** What the next commit has to wait for. */
  pause(): Promise<void> | undefined
  /** After each commit: begins a round when the log has become long. */
  afterCommit(): void
  /**
   * Writes the database anew (`rewrite-database.ts`); commits wait meanwhile. The error says that another
   * process uses it; rejects with what else SQLite says.
   */
  rewrite(): Promise<Result<undefined, string>>
  close(): Promise<void>
}

interface CheckpointerDeps {
  readonly connection: Connection
  readonly databasePath: string
  readonly log: StoreLog
  /** Frames in the log at which a round begins. */
  readonly frames?: number
  /** Told after each round: so much has been written since the last one. */
  readonly onRound?: () => void
}

/** 32 MB: long enough that commits wait rarely, short enough to recover at once. */
const FRAMES = 8192
/** Shorter than this, a round costs more than it copies. */
const FEWEST_FRAMES = 256
/** The part of a bounded store that its log may take. */
const PART_OF_STORE = 8
/** Times that length, SQLite checkpoints inside a commit after all. */
const BACKSTOP = 4
/** The thread does nothing but hand a number on. */
const THREAD_MEMORY = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 16 }

const threadFile = new URL(
  import.meta.url.endsWith('.ts') ? './checkpoint-thread.ts' : './checkpoint-thread.js',
  import.meta.url,
)

/** Frames for a store of at most that size; 0 is no limit. */
export function framesFor(maxBytes: number): number {
  if (maxBytes === 0) return FRAMES
  const frames = Math.floor(maxBytes / PART_OF_STORE / PAGE_BYTES)
  return Math.min(Math.max(frames, FEWEST_FRAMES), FRAMES)
}

export function createCheckpointer({
  connection,
  databasePath,
  log,
  frames = FRAMES,
  onRound,
}: CheckpointerDeps): Checkpointer {
  const { handle } = connection
  const look = handle.prepare<[], LogState>('pragma wal_checkpoint(NOOP)')
  let thread: Worker | undefined
  let running: Promise<void> | undefined
  let paused: Promise<void> | undefined
  let isBroken = false
  let length = 0
  let dueAt = frames
  handle.pragma(`wal_autocheckpoint = ${BACKSTOP * frames}`)
  // A log that a reader made longer is cut back once it begins anew.
  handle.pragma(`journal_size_limit = ${BACKSTOP * frames * PAGE_BYTES}`)

  async function ask<T extends object = LogState>(request: CheckpointRequest): Promise<T> {
    thread ??= startThread(databasePath)
    thread.postMessage(request)
    const [answer] = (await once(thread, 'message')) as [CheckpointAnswer<T>]
    if ('error' in answer) throw new Error(answer.error)
    return answer
  }

  async function round(): Promise<void> {
    const first = await ask('checkpoint')
    // Someone reads what was there before; the rest cannot be copied as long as they do.
    if (first.checkpointed < first.log) return
    const rest = ask('checkpoint')
    paused = rest.then(
      () => {},
      () => {},
    )
    await rest
  }

  async function tryRound(): Promise<void> {
    try {
      await round()
    } catch (error) {
      if (!isBroken) log.warn({ err: error }, 'checkpoint failed, retrying')
    } finally {
      paused = undefined
      running = undefined
      // Until the log begins anew, or has grown by another part.
      dueAt = length + frames / 4
      onRound?.()
    }
  }

  /** Without the thread it is done as SQLite would have. */
  function giveUp(error: unknown): void {
    isBroken = true
    thread = undefined
    handle.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`)
    log.warn({ err: error }, 'the checkpoint thread ended; commits run checkpoints from now on')
  }

  function startThread(path: string): Worker {
    const started = new Worker(threadFile, { workerData: path, resourceLimits: THREAD_MEMORY })
    started.on('error', giveUp)
    started.unref()
    return started
  }

  return {
    pause: () => paused,
    afterCommit: () => {
      if (isBroken) return
      const now = look.get()?.log ?? 0
      if (now < length) dueAt = frames
      length = now
      if (length >= dueAt) running ??= tryRound()
    },
    rewrite: async () => {
      await running
      const answered = ask<Rewriting>('rewrite')
      running = paused = answered.then(
        () => {},
        () => {},
      )
      try {
        return (await answered).rewritten
      } finally {
        running = undefined
        paused = undefined
      }
    },
    close: async () => {
      await running
      const closing = thread
      if (closing === undefined) return
      thread = undefined
      await endThread(closing, 'close' satisfies CheckpointRequest)
    },
  }
}
