/**
 * The reader's thread as the bridge sees it: starts with the first request, ends when nobody asked for
 * a while, and begins anew after it died. What was asked of a thread that dies gets a failure; nothing
 * of that reaches intake.
 */
import { Worker } from 'node:worker_threads'
import type { Clock, Timer } from '../../domain/clock.ts'
import { endThread } from '../../threads/end-thread.ts'
import type { Log } from '../../observability/logger.ts'
import { readerEnded, tookTooLong, type WebFailure } from '../../api/failure.ts'
import type {
  Changes,
  FromThread,
  ReaderSettings,
  Reply,
  Request,
  ThreadData,
  ToThread,
} from './messages.ts'

export interface ReaderWorkerDeps {
  readonly settings: ReaderSettings
  /** Asks Langfuse; undefined when it does not say. Does not reject. */
  readonly readProjectId: () => Promise<string | undefined>
  /** What has changed since this was called last. */
  readonly takeChanges: () => Changes
  /** What the thread looks at to see whether intake is busy. */
  readonly intakeMemory: SharedArrayBuffer
  readonly clock: Clock
  readonly log: Pick<Log, 'warn' | 'error'>
  /** The module of the thread. */
  readonly threadFile?: URL
}

export interface ReaderWorker {
  /** Whether there is a thread that remembers something. */
  isRunning(): boolean
  /** Does not reject. */
  send(request: Request): Sent
  /** Ends the thread. What is under way gets a failure. */
  close(): Promise<void>
}

export interface Sent {
  readonly reply: Promise<Reply>
  /** The reply is not wanted any more. */
  cancel(): void
}

/** A request ends itself after this, between two of its slices. */
const TIMEOUT_MS = 20_000
/** After this the thread is stuck in one of them, and is ended. */
const STUCK_MS = 40_000
const IDLE_MS = 5 * 60_000
/** A thread that fails at its start would fail again; starting costs as much as some answers do. */
const RESTART_AFTER_MS = 2000
/**
 * Sums of some thousand days and a few sessions take some ten megabytes; the rest is for answers, and
 * for a record of the greatest size.
 */
const THREAD_MEMORY = { maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 256 }

const ownThreadFile = new URL(
  import.meta.url.endsWith('.ts') ? './reader-thread.ts' : './reader-thread.js',
  import.meta.url,
)

interface Running {
  readonly settle: (reply: Reply) => void
  readonly stuck: Timer
}

export function createReaderWorker(deps: ReaderWorkerDeps): ReaderWorker {
  const { settings, intakeMemory, clock, log, threadFile = ownThreadFile } = deps
  const running = new Map<number, Running>()
  let thread: Worker | undefined
  let idle: Timer | undefined
  let lastId = 0
  let failedAtMs = Number.NEGATIVE_INFINITY
  let isClosed = false

  function start(): Worker {
    // It reads everything anew: changes from before do not matter to it.
    deps.takeChanges()
    const started = new Worker(threadFile, {
      name: 'reader',
      workerData: { ...settings, intakeMemory } satisfies ThreadData,
      resourceLimits: THREAD_MEMORY,
    })
    started.on('message', (message: FromThread) => {
      if (message.kind === 'project') void tellProject(started)
      else if (message.kind === 'warning') log.warn({}, message.message)
      else settle(message.id, message.reply)
    })
    started.on('error', (error: unknown) => {
      failedAtMs = clock.now()
      log.error({ err: error }, 'the reader thread failed; the next query restarts it')
    })
    started.on('exit', () => {
      if (thread !== started) return
      thread = undefined
      failAll(readerEnded)
    })
    started.unref()
    return started
  }

  async function tellProject(asking: Worker): Promise<void> {
    const projectId = await deps.readProjectId()
    asking.postMessage({ kind: 'project', projectId } satisfies ToThread)
  }

  function settle(id: number, reply: Reply): void {
    const request = running.get(id)
    if (request === undefined) return
    running.delete(id)
    request.stuck.cancel()
    if (running.size === 0) idle = clock.setTimer(endQuietly, IDLE_MS)
    request.settle(reply)
  }

  function failAll(failure: WebFailure): void {
    for (const id of [...running.keys()]) settle(id, { kind: 'failure', failure })
    idle?.cancel()
  }

  /** It finishes what it is at, and closes its connection. */
  function endQuietly(): void {
    const ending = thread
    thread = undefined
    ending?.postMessage({ kind: 'close' } satisfies ToThread)
  }

  function endStuck(id: number): void {
    log.warn(
      { seconds: STUCK_MS / 1000 },
      'a page query took too long; terminated the reader thread',
    )
    settle(id, { kind: 'failure', failure: tookTooLong })
    const stuck = thread
    thread = undefined
    failAll(readerEnded)
    void stuck?.terminate()
  }

  return {
    isRunning: () => thread !== undefined,
    send: (request) => {
      const isFailing = thread === undefined && clock.now() - failedAtMs < RESTART_AFTER_MS
      if (isClosed || isFailing) {
        const reply = Promise.resolve<Reply>({ kind: 'failure', failure: readerEnded })
        return { reply, cancel: () => {} }
      }
      idle?.cancel()
      thread ??= start()
      lastId += 1
      const id = lastId
      const reply = new Promise<Reply>((resolve) => {
        const stuck = clock.setTimer(() => endStuck(id), STUCK_MS)
        running.set(id, { settle: resolve, stuck })
      })
      const changes = deps.takeChanges()
      const message = { kind: 'request', id, request, nowMs: clock.now(), changes } as const
      thread.postMessage({ ...message, timeoutMs: TIMEOUT_MS } satisfies ToThread)
      return { reply, cancel: () => thread?.postMessage({ kind: 'cancel', id } satisfies ToThread) }
    },
    close: async () => {
      isClosed = true
      const ending = thread
      thread = undefined
      failAll(readerEnded)
      if (ending !== undefined) await endThread(ending, { kind: 'close' } satisfies ToThread)
    },
  }
}
