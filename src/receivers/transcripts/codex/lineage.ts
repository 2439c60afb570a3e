/**
 * Tells what a forked thread wrote from what it copied. A fork begins with the lines of the thread that it
 * goes on from: their payloads are the same, their times may be those of the copy, and its own lines follow.
 *
 * Each entry is claimed by the history that leads to it, so that a line and its copies have the same claim
 * and the store gives it to the thread that began first. Where the lines themselves say that they are
 * copies, they are left out, whether or not anybody has the original.
 */
import { hash } from 'node:crypto'
import { isPlausibleTime } from '../../../domain/numbers.ts'
import { type Line, textOf, timeOf } from '../source.ts'

/** What has been read of a rollout, as far as it concerns copies. Plain JSON. */
export interface Lineage {
  /** The thread whose lines the file begins with, as far as its lines say. */
  origin?: string | undefined
  /** It says that it copies another thread. */
  isFork?: boolean
  /** Whether the lines from the last task on are the thread's own; undefined where they do not say. */
  verdict?: 'own' | 'copied' | undefined
  /** When the thread was created, and when its first line was written. */
  beganMs?: number | undefined
  firstLineMs?: number | undefined
  /** A hash of all turns, prompts, calls and figures so far. */
  history: string
  /** Something in it has an id that no other thread can have made. */
  isNamed: boolean
}

/** The clock that an id was made by is the agent's: further off, it is none. */
const MAX_CLOCK_MS = 24 * 60 * 60 * 1000
/** The year 2100. */
const LATEST_MS = Date.UTC(2100, 0)
const UUID_7 = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-/
/** Ids that are shorter, with fewer digits, may be those of a counter. */
const UNIQUE_LENGTH = 20
const UNIQUE_DIGITS = 6

/** Begins with the thread's own `session_meta`. */
export function beginLineage(
  lineage: Lineage,
  { timestamp }: Line,
  meta: Line,
  forkedFrom: string | undefined,
): void {
  lineage.firstLineMs = timeOf(timestamp)
  lineage.beganMs = timeOf(meta.timestamp) ?? lineage.firstLineMs
  lineage.isFork = forkedFrom !== undefined
  lineage.origin = forkedFrom
}

/** Takes the `session_meta` of a thread that was copied: the last one is of the first thread of all. */
export function noteCopiedMeta(lineage: Lineage, { id, forked_from_id: forkedFrom }: Line): void {
  lineage.isFork = true
  lineage.origin = textOf(forkedFrom) ?? textOf(id) ?? lineage.origin
}

/** Adds something that a line tells, the same in each copy of it. `id` is that of a turn, call or response. */
export function noteHistory(
  lineage: Lineage,
  { id, text }: { readonly id?: string | undefined; readonly text?: string },
): void {
  lineage.history = hash('sha256', `${lineage.history}|${id ?? ''}|${text ?? ''}`, 'base64url')
  lineage.isNamed ||= id !== undefined && isUnique(id)
}

/** The claim of what the last line tells. Two threads that begin alike by chance have different ones. */
export function claimAt({ history, isNamed, origin }: Lineage, threadId: string, of: string) {
  return `${of}|${isNamed ? '' : (origin ?? threadId)}|${history.slice(0, 22)}`
}

function isUnique(id: string): boolean {
  return id.length >= UNIQUE_LENGTH || id.replace(/\D/g, '').length >= UNIQUE_DIGITS
}

/** Whether a line says that it is a copy, or follows one that does. Comes once for each line. */
export function isCopied(
  lineage: Lineage,
  { timestamp }: Line,
  payload: Line,
  threadId: string,
): boolean {
  if (lineage.isFork !== true || lineage.verdict === 'own') return false
  if (payload.thread_id === threadId) lineage.verdict = 'own'
  else if (isTaskStart(payload)) lineage.verdict = verdictOn(payload, lineage, threadId)
  if (lineage.verdict !== undefined) return lineage.verdict === 'copied'
  // A thread writes nothing before its first line, and copies at once.
  const timeMs = timeOf(timestamp)
  return timeMs !== undefined && lineage.firstLineMs !== undefined && timeMs <= lineage.firstLineMs
}

export function isTaskStart({ type }: Line): boolean {
  return type === 'task_started' || type === 'turn_started'
}

/** A task that began before the thread is a copy. Where clocks disagree on that, it may be either. */
function verdictOn(task: Line, { beganMs }: Lineage, threadId: string): Lineage['verdict'] {
  if (beganMs === undefined) return undefined
  const ages = [ageById(textOf(task.turn_id), threadId, beganMs), ageByTime(task, beganMs)]
  const [isLater, isEarlier] = [ages.some((age) => age > 0), ages.some((age) => age < 0)]
  if (isLater === isEarlier) return undefined
  return isLater ? 'own' : 'copied'
}

/** Above zero where the turn was begun after the thread, by the times in their ids (UUID version 7); zero if unknown. */
function ageById(turnId: string | undefined, threadId: string, beganMs: number): number {
  const threadMs = timeInId(threadId)
  const turnMs = timeInId(turnId)
  if (threadMs === undefined || turnMs === undefined) return 0
  if (Math.abs(threadMs - beganMs) > MAX_CLOCK_MS) return 0
  return turnMs >= threadMs ? 1 : -1
}

function timeInId(id: string | undefined): number | undefined {
  const [, high, low] = UUID_7.exec(id ?? '') ?? []
  if (high === undefined || low === undefined) return undefined
  const ms = Number.parseInt(high + low, 16)
  return isPlausibleTime(ms, LATEST_MS) ? ms : undefined
}

/** The same by `started_at`, which is in whole seconds: zero within the second as well. */
function ageByTime({ started_at: startedAt }: Line, beganMs: number): number {
  const startedMs = timeOf(startedAt)
  if (startedMs === undefined) return 0
  if (startedMs % 1000 !== 0) return startedMs >= beganMs ? 1 : -1
  return Math.sign(startedMs - Math.floor(beganMs / 1000) * 1000)
}
