/**
 * Masks long texts on a thread of its own, so that they do not hold up the event loop. The thread
 * starts with the first of them and stays. It works on one text at a time; the others wait where they
 * are, in the memory of their requests. Whatever becomes of the thread, a text is masked: what it
 * cannot do is done here.
 */
import { Worker } from 'node:worker_threads'
import { endThread } from '../../threads/end-thread.ts'
import type { MaskedBefore, MaskedText, MaskSettings } from './record-masker.ts'
import type { ThreadAnswer, ThreadRequest, ThreadSettings } from './long-texts-thread.ts'

/** Handed over wherever it stands. In UTF-16 code units, as all lengths here. */
export const LONG_TEXT = 65_536
/** Texts beyond this are handed over where there are many; shorter ones cost less than the way there. */
export const MEDIUM_TEXT = 4096
/** So much in medium texts is masked at once beside all else, which takes some tens of milliseconds at worst. */
const MAX_MEDIUM = 4 * LONG_TEXT

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

/** Collects what is to be handed over of the texts that are masked together. */
export interface LongTextCollector {
  /** Looks through a value and all in it, names as well. */
  add(value: unknown): void
  /** The long texts of what was added; the medium ones, too, where they are too much together. */
  texts(): ReadonlySet<string>
}

const noTexts: ReadonlySet<string> = new Set()

/** `textOf` is given the name that a text stands under, and says what is masked for it. */
export function createLongTextCollector(
  textOf: (name: string, text: string) => string = (_, text) => text,
): LongTextCollector {
  let found: string[] | undefined
  let chars = 0
  let longest = 0

  function take(text: string): void {
    found ??= []
    found.push(text)
    chars += text.length
    longest = Math.max(longest, text.length)
  }

  function visit(value: unknown, name: string): void {
    if (typeof value === 'string') {
      if (value.length > MEDIUM_TEXT) take(textOf(name, value))
    } else if (Array.isArray(value)) {
      for (const each of value) visit(each, name)
    } else if (typeof value === 'object' && value !== null) {
      for (const key in value) {
        if (key.length > MEDIUM_TEXT) take(key)
        visit((value as Readonly<Record<string, unknown>>)[key], key)
      }
    }
  }

  return {
    add: (value) => visit(value, ''),
    texts: () => {
      if (found === undefined) return noTexts
      if (chars > MAX_MEDIUM) return new Set(found)
      return longest > LONG_TEXT ? new Set(found.filter((of) => of.length > LONG_TEXT)) : noTexts
    },
  }
}

/** Masks texts; each is found by what it was. Rejects where one could not be masked. */
export async function maskAll(
  texts: ReadonlySet<string>,
  longTexts: Pick<LongTextMasker, 'mask'>,
): Promise<MaskedBefore> {
  const masked = new Map<string, MaskedText>()
  await Promise.all(Array.from(texts, async (text) => masked.set(text, await longTexts.mask(text))))
  return masked
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
    log.warn({ err: error }, 'the thread that masks long texts ended; masking on the main thread')
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
      log.warn({ err: error }, 'cannot start the thread that masks long texts')
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
      if (ending !== undefined) await endThread(ending, 'close' satisfies ThreadRequest)
    },
  }
}
