/** Imports that somebody asked the running bridge for. They go on when nobody waits any more. */
import type { ImportBody, ImportProgress, ImportState } from '../api/contract/imports.ts'
import type { TranscriptImporter } from '../receivers/transcripts/importer.ts'

export interface ImportJobs {
  /** The id of an import that has begun. */
  start(body: ImportBody): string
  /** Undefined for an id that is not known, or not any more. */
  state(id: string): ImportState | undefined
  /** Ends those that run with what is at hand; the next import goes on there. */
  stop(): Promise<void>
}

const MAX_REMEMBERED = 50
const NOTHING: ImportProgress = { bytes: 0, totalBytes: 0, files: 0, totalFiles: 0 }

/** Whoever can name a path of this machine is to be on it. */
const NOT_LOCAL =
  'a bridge that other machines can reach reads no files on request: stop it and run the import again, which then writes to the store itself'

/** `isLocal` where no other machine can be the client. */
export function createImportJobs(importer: TranscriptImporter, isLocal: boolean): ImportJobs {
  const states = new Map<string, ImportState>()
  const running = new Set<Promise<void>>()
  const stopping = new AbortController()
  let started = 0

  async function run(id: string, body: ImportBody): Promise<void> {
    let progress = NOTHING
    const note = (state: ImportState['state'], rest: Partial<ImportState>): void => {
      states.set(id, { state, progress, counts: null, error: null, ...rest })
    }
    try {
      const done = await importer.run(
        body,
        (reached) => {
          progress = reached
          note('running', {})
        },
        stopping.signal,
      )
      if (done.ok) {
        const { damagedFiles, refusals, unreadable, leftOut, ...counts } = done.value
        note('done', {
          counts: {
            ...counts,
            damagedFiles: [...damagedFiles],
            refusals: [...refusals],
            unreadable: [...unreadable],
            leftOut: [...leftOut],
          },
        })
      } else note('failed', { error: done.error })
    } catch (error) {
      note('failed', { error: error instanceof Error ? error.message : String(error) })
    }
  }

  return {
    start: (body) => {
      started += 1
      const id = String(started)
      states.set(id, { state: 'running', progress: NOTHING, counts: null, error: null })
      if (!isLocal) {
        states.set(id, { state: 'failed', progress: NOTHING, counts: null, error: NOT_LOCAL })
        return id
      }
      const oldest = states.keys().next()
      if (states.size > MAX_REMEMBERED && !oldest.done) states.delete(oldest.value)
      const job = run(id, body)
      running.add(job)
      void job.then(() => running.delete(job))
      return id
    },
    state: (id) => states.get(id),
    stop: async () => {
      stopping.abort()
      await Promise.all(running)
    },
  }
}
