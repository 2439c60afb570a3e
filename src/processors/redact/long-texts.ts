/**
 * Masks long texts on a thread of its own, so that they do not hold up the event loop. The thread
 * starts with the first of them and stays. It works on one text at a time; the others wait where they
 * are, in the memory of their requests. Whatever becomes of the thread, a text is masked: what it
 * cannot do is done here.
 */
import { Worker } from 'node:worker_threads'
import type { MaskedText, MaskSettings } from './record-masker.ts'
import type { ThreadAnswer, ThreadRequest, ThreadSettings } from './long-texts-thread.ts'

/** Shorter texts cost less than handing them over. In UTF-16 code units. */
export const LONG_TEXT = 65_536

export interface LongTextMasker {
  mask(text: string): Promise<MaskedText>
  /** Ends the thread; what waits is masked here. */
  close(): Promise<void>
}

interface LongTextMaskerDeps {
  readonly settings: Pick<MaskSettings, 'mode' | 'userRules'>
  /** The same masking in this thread. */
  readonly maskHere: (text: string) => MaskedText
  readonly log: { warn(fields: object, message: string): void }
  /** Another body of the thread, in tests. */
  readonly threadFile?: URL
}

/** A thread that ended so often in a row is not started again. */
const MOST_FAILURES = 3
const THREAD_MEMORY = { maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 512 }

const threadFileHere = new URL(
  import.meta.url.endsWith('.ts') ? './long-texts-thread.ts' : './long-texts-thread.js',
  import.meta.url,
)

interface Waiting {
  readonly text: string
  readonly resolve: (masked: MaskedText) => void
  readonly reject: (error: unknown) => void
}

export function createLongTextMasker(deps: LongTextMaskerDeps): LongTextMasker {
  const { settings, maskHere, log, threadFile = threadFileHere } = deps
  const queue: Waiting[] = []
  let thread: Worker | undefined
  /** What the thread works on. */
  let current: Waiting | undefined
  let failures = 0
  let isClosed = false

  function start(): Worker {
    const { mode, userRules } = settings
    const rules = userRules.map(({ name, pattern }) => ({ name, source: pattern.source }))
    const workerData: ThreadSettings = { mode, userRules: rules }
    const started = new Worker(threadFile, { workerData, resourceLimits: THREAD_MEMORY })
    // It holds up no exit; while a text is out, its request does.
    started.unref()
    started.on('message', (answer: ThreadAnswer) => {
      if (thread === started) answered(answer)
    })
    started.on('error', (error) => failed(started, error))
    started.on('messageerror', (error) => failed(started, error))
    started.on('exit', (code) => failed(started, new Error(`the thread ended with ${code}`)))
    return started
  }

  function answered(answer: ThreadAnswer): void {
    const of = current
    current = undefined
    if (of !== undefined) {
      if ('failure' in answer) finishHere(of)
      else {
        failures = 0
        of.resolve(answer)
      }
    }
    advance()
  }

  function failed(ended: Worker, error: unknown): void {
    if (thread !== ended) return
    thread = undefined
    failures += 1
    log.warn(
      { err: error },
      'the thread that masks long texts ended; the text is masked without it',
    )
    void ended.terminate()
    const of = current
    current = undefined
    if (of !== undefined) finishHere(of)
    advance()
  }

  function finishHere({ text, resolve, reject }: Waiting): void {
    try {
      resolve(maskHere(text))
    } catch (error) {
      reject(error)
    }
  }

  function advance(): void {
    while (current === undefined) {
      const next = queue.shift()
      if (next === undefined) return
      if (isClosed || failures >= MOST_FAILURES || !handOver(next)) finishHere(next)
    }
  }

  /** False where no thread could be started. */
  function handOver(next: Waiting): boolean {
    try {
      thread ??= start()
      thread.postMessage({ text: next.text } satisfies ThreadRequest)
      current = next
      return true
    } catch (error) {
      failures += 1
      log.warn({ err: error }, 'no thread could be started that masks long texts')
      return false
    }
  }

  return {
    mask: (text) =>
      new Promise((resolve, reject) => {
        queue.push({ text, resolve, reject })
        advance()
      }),
    close: async () => {
      isClosed = true
      const ending = thread
      thread = undefined
      const of = current
      current = undefined
      if (of !== undefined) finishHere(of)
      advance()
      await ending?.terminate()
    },
  }
}
