/**
 * Imports with the reading on a thread of its own: two processors are used, a line of many megabytes
 * holds up nobody else, and one that no memory can hold ends the thread and not the bridge. The thread
 * starts with the first import and stays.
 */
import { Worker } from 'node:worker_threads'
import type { Clock } from '../../domain/clock.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import type { TranscriptPositions } from '../../domain/transcript-files.ts'
import { endThread } from '../../threads/end-thread.ts'
import type { Intake } from '../../processors/chain.ts'
import type { MaskSettings } from '../../processors/redact/record-masker.ts'
import type { ImportCounts, ImportProgress, TranscriptImporter } from './importer.ts'
import type { FromThread, ReadingSettings, ToThread } from './importer-messages.ts'

export interface ThreadedImporter extends TranscriptImporter {
  /** Ends the thread. Imports that run end with an error. */
  close(): Promise<void>
}

export interface ThreadedImporterDeps {
  readonly intake: Pick<Intake, 'accept'>
  readonly positions: TranscriptPositions
  readonly masking: MaskSettings
  readonly clock: Clock
  /** Records that are stored at once: those of a bridge keep no other request waiting. */
  readonly batchRecords?: number
  /** Another body of the thread, in tests. */
  readonly threadFile?: URL
}

const BATCH_RECORDS = 500
const THREAD_MEMORY = { maxYoungGenerationSizeMb: 24, maxOldGenerationSizeMb: 512 }
const AGAIN = 'Run it again: it goes on where it ended.'

const threadFileHere = new URL(
  import.meta.url.endsWith('.ts') ? './reading-thread.ts' : './reading-thread.js',
  import.meta.url,
)

/** What a batch holds is bounded by its size. */
const permit = { grow: () => true, shrink: () => undefined }

interface Run {
  readonly onProgress: (progress: ImportProgress) => void
  readonly resolve: (done: Result<ImportCounts, string>) => void
}

export function createThreadedImporter(deps: ThreadedImporterDeps): ThreadedImporter {
  const { intake, positions, masking, clock, batchRecords = BATCH_RECORDS } = deps
  const { threadFile = threadFileHere } = deps
  const runs = new Map<number, Run>()
  let thread: Worker | undefined
  let started = 0

  function start(): Worker {
    const { mode, attributes, content, userRules } = masking
    const rules = userRules.map(({ name, pattern }) => ({ name, source: pattern.source }))
    const workerData = {
      ...{ mode, attributes, content, batchRecords },
      userRules: rules,
    } satisfies ReadingSettings
    const begun = new Worker(threadFile, { workerData, resourceLimits: THREAD_MEMORY })
    begun.on('message', (message: FromThread) => {
      if (thread === begun) void heard(begun, message)
    })
    const broke = (error: unknown): void => ended(begun, reasonOf(error))
    begun.on('error', broke)
    begun.on('messageerror', broke)
    begun.on('exit', (code) => ended(begun, `it ended with ${code}`))
    return begun
  }

  function ended(gone: Worker, reason: string): void {
    if (thread !== gone) return
    thread = undefined
    void gone.terminate()
    for (const [id] of runs)
      finish(id, err(`transcripts could not be read on: ${reason}. ${AGAIN}`))
  }

  function finish(id: number, done: Result<ImportCounts, string>): void {
    const run = runs.get(id)
    runs.delete(id)
    // While nothing runs, it holds up no exit.
    if (runs.size === 0) thread?.unref()
    run?.resolve(done)
  }

  async function heard(from: Worker, message: FromThread): Promise<void> {
    switch (message.kind) {
      case 'progress':
        runs.get(message.run)?.onProgress(message.progress)
        return
      case 'done':
        finish(message.run, ok(message.counts))
        return
      case 'ended':
        finish(message.run, err(message.error))
        return
      default:
        from.postMessage(await answerTo(message))
    }
  }

  async function answerTo(
    question: Extract<FromThread, { readonly id: number }>,
  ): Promise<ToThread> {
    const { id } = question
    try {
      return { kind: 'answer', id, value: await done(question) }
    } catch (error) {
      return { kind: 'failed', id, message: reasonOf(error) }
    }
  }

  function done(question: Extract<FromThread, { readonly id: number }>): Promise<unknown> {
    switch (question.kind) {
      case 'accept':
        return intake.accept(
          { signal: 'transcript', records: question.records },
          { arrivedMs: clock.now(), permit, maskedBy: question.maskedBy },
        )
      case 'get':
        return positions.get(question.path)
      case 'put':
        return positions.put(question.positions, clock.now())
      case 'ranks':
        return positions.ranks(question.sessions)
      case 'rank':
        return positions.rank(question.sessions)
      case 'toldBy':
        return positions.toldBy(question.session, question.lines)
    }
  }

  return {
    run: (request, onProgress, signal) =>
      new Promise((resolve) => {
        started += 1
        const id = started
        runs.set(id, { onProgress, resolve })
        try {
          thread ??= start()
        } catch (error) {
          finish(id, err(`no thread could be started that reads transcripts: ${reasonOf(error)}`))
          return
        }
        thread.ref()
        thread.postMessage({ kind: 'run', run: id, request } satisfies ToThread)
        const abort = (): void => thread?.postMessage({ kind: 'abort', run: id } satisfies ToThread)
        if (signal?.aborted === true) abort()
        signal?.addEventListener('abort', abort, { once: true })
      }),
    close: async () => {
      const ending = thread
      thread = undefined
      for (const [id] of runs) finish(id, err(`the import was ended. ${AGAIN}`))
      if (ending !== undefined) await endThread(ending, { kind: 'close' } satisfies ToThread)
    },
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
