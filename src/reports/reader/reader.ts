/**
 * Questions on their way to the reader's thread: those that are alike and wait share one answer, only
 * some run at once so that a few large ones do not crowd out the others, and only so many wait.
 */
import type { Visible } from '../../domain/access.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import type { Outcome } from '../../domain/session-store.ts'
import { internal, tooManyQuestions, type WebFailure } from '../../api/failure.ts'
import type { JsonBytes, LiveChunk, LiveQuestion, Question } from '../../api/queries.ts'
import type { ChangesElsewhere } from '../../storage/store.ts'
import { createIntakeMark, createIntakeMemory, eventLoopShare } from './intake-mark.ts'
import type { Changes, Reply } from './messages.ts'
import { createReaderWorker, type ReaderWorkerDeps, type Sent } from './reader-worker.ts'

export type ReaderDeps = Omit<ReaderWorkerDeps, 'takeChanges' | 'intakeMemory'>

export interface Reader {
  /**
   * Resolves to the answer as JSON, with everything that was committed before and is visible to the
   * one who asks. `signal` aborts when
   * nobody waits for it any more.
   */
  ask(
    question: Question,
    visible: Visible,
    signal: AbortSignal,
  ): Promise<Result<JsonBytes, WebFailure>>
  /** What is new in the live feed. */
  live(asked: LiveQuestion, visible: Visible): Promise<Result<LiveChunk, WebFailure>>
  /** To be told of every commit. */
  committed(outcome: Pick<Outcome<unknown>, 'usage'>): void
  /** Another process that shares the store committed something. */
  changedElsewhere(changes: ChangesElsewhere): void
  /** Sessions were deleted. */
  deleted(): void
  close(): Promise<void>
}

/** What reads a whole session may take seconds; the rest takes milliseconds. */
const LARGE: ReadonlySet<Question['name']> = new Set([
  'session',
  'turns',
  'turn',
  'item',
  'exportPart',
  'find',
  'events',
  'event',
])
const MAX_AT_ONCE = { large: 2, small: 4 }
/** Different questions. */
const MAX_WAITING = 100
/** Beyond it the thread forgets everything instead. */
const MAX_CHANGES = 1000

type Answer = Result<JsonBytes, WebFailure>

/** One question, and all who wait for its answer. */
interface Entry {
  readonly key: string
  readonly question: Question
  readonly visible: Visible
  readonly size: keyof typeof MAX_AT_ONCE
  readonly waiters: Set<(answer: Answer) => void>
  sent: Sent | undefined
}

/** One span around both. */
function around(
  a: Changes['regrouped'],
  b: NonNullable<Changes['regrouped']>,
): NonNullable<Changes['regrouped']> {
  if (a === undefined) return b
  return { fromMs: Math.min(a.fromMs, b.fromMs), toMs: Math.max(a.toMs, b.toMs) }
}

export function createReader(deps: ReaderDeps): Reader {
  const waiting = new Map<string, Entry>()
  const running = new Map<string, Entry>()
  const changedBuckets = new Set<number>()
  let regrouped: Changes['regrouped']
  let isCleared = false
  const intakeMemory = createIntakeMemory()
  const markIntake = createIntakeMark({
    memory: intakeMemory,
    now: Date.now,
    utilization: eventLoopShare(),
  })
  const worker = createReaderWorker({ ...deps, takeChanges, intakeMemory })

  function takeChanges(): Changes {
    const changes = { bucketsMs: [...changedBuckets], regrouped, isCleared }
    changedBuckets.clear()
    regrouped = undefined
    isCleared = false
    return changes
  }

  function noteChanged(rows: readonly { readonly bucketMs: number }[]): void {
    for (const { bucketMs } of rows) changedBuckets.add(bucketMs)
    if (changedBuckets.size <= MAX_CHANGES) return
    changedBuckets.clear()
    isCleared = true
  }

  /** Begins what may run now, the first asked first; the same question not twice at once. */
  function beginNext(): void {
    for (const entry of waiting.values()) {
      const { key, size } = entry
      const alike = [...running.values()].filter((other) => other.size === size)
      if (running.has(key) || alike.length >= MAX_AT_ONCE[size]) continue
      waiting.delete(key)
      running.set(key, entry)
      void run(entry)
    }
  }

  async function run(entry: Entry): Promise<void> {
    const { question, visible } = entry
    entry.sent = worker.send({ kind: 'question', question, visible })
    const answer = answerOf(await entry.sent.reply)
    if (running.get(entry.key) === entry) running.delete(entry.key)
    for (const settle of entry.waiters) settle(answer)
    beginNext()
  }

  function answerOf(reply: Reply): Answer {
    return reply.kind === 'json' ? ok(reply.bytes) : err(failureOf(reply))
  }

  function failureOf(reply: Reply): WebFailure {
    if (reply.kind === 'failure') return reply.failure
    const reason = reply.kind === 'bug' ? reply.message : `a reply of kind ${reply.kind}`
    deps.log.error({ reason }, 'page request failed')
    return internal
  }

  /** Someone lost interest; a question that nobody waits for is not answered. */
  function leave(entry: Entry, settle: (answer: Answer) => void): void {
    entry.waiters.delete(settle)
    if (entry.waiters.size > 0) return
    if (waiting.get(entry.key) === entry) waiting.delete(entry.key)
    if (running.get(entry.key) !== entry) return
    entry.sent?.cancel()
    running.delete(entry.key)
    beginNext()
  }

  return {
    ask: (question, visible, signal) => {
      const key = JSON.stringify([question, visible])
      const known = waiting.get(key)
      if (known === undefined && waiting.size >= MAX_WAITING) {
        return Promise.resolve(err(tooManyQuestions))
      }
      const size = LARGE.has(question.name) ? 'large' : 'small'
      const entry = known ?? { key, question, visible, size, waiters: new Set(), sent: undefined }
      return new Promise((resolve) => {
        const settle = (answer: Answer): void => {
          signal.removeEventListener('abort', onGone)
          resolve(answer)
        }
        const onGone = (): void => {
          leave(entry, settle)
          settle(err(internal))
        }
        entry.waiters.add(settle)
        signal.addEventListener('abort', onGone)
        waiting.set(key, entry)
        beginNext()
      })
    },
    live: async (asked, visible) => {
      const reply = await worker.send({ kind: 'live', asked, visible }).reply
      return reply.kind === 'live' ? ok(reply.chunk) : err(failureOf(reply))
    },
    committed: ({ usage }) => {
      if (!worker.isRunning()) return
      markIntake()
      for (const used of usage) {
        if (used.regrouped !== undefined) regrouped = around(regrouped, used.regrouped)
        noteChanged(used.usage.models)
        noteChanged(used.usage.tools)
        noteChanged(used.usage.activity)
      }
    },
    changedElsewhere: ({ bucketsMs, regrouped: span, isAll }) => {
      if (span !== undefined) regrouped = around(regrouped, span)
      noteChanged(bucketsMs.map((bucketMs) => ({ bucketMs })))
      if (isAll) isCleared = true
    },
    deleted: () => {
      isCleared = true
    },
    close: () => worker.close(),
  }
}
