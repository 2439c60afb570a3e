/**
 * What goes on right now, from the live feed and the open sessions: what is spent per minute, and which
 * tools run since when. Pure.
 */
import type { BudgetState } from '../api/contract/budgets.ts'
import type { LiveEvent } from '../api/contract/live.ts'
import type { SessionRow } from '../api/contract/session-list.ts'
import { addUsd } from '../domain/exact-sum.ts'

/** What is spent per minute is the mean of these. */
export const WINDOW_MS = 5 * 60_000
/** A tool that was not heard of for so long was interrupted. */
const MAX_TOOL_MS = 60 * 60_000

/** Calls that are remembered, however many come. */
const MAX_CALLS = 20_000

interface Call {
  readonly atMs: number
  readonly sessionKey: string
  readonly costUsd: number | null
}

/** What ran, by tool: since when each run goes on. */
type Runs = ReadonlyMap<string, readonly number[]>

interface Going {
  /** Begun by the decision to run it, which agents without hooks tell. */
  readonly decided: Runs
  /** Begun by its hook, which says it at once; undefined where no hook of a tool was seen. */
  readonly hooked?: Runs
  readonly last?: LiveEvent
}

export interface TopState {
  /** Of the window, in order. */
  readonly calls: readonly Call[]
  readonly errorsMs: readonly number[]
  readonly sessions: ReadonlyMap<string, Going>
}

export const emptyTop: TopState = { calls: [], errorsMs: [], sessions: new Map() }

const nothing: Going = { decided: new Map() }

/** The state with one more event. Events that came late count at their own time. */
export function withEvent(state: TopState, event: LiveEvent): TopState {
  const { sessionKey, timeMs, kind, costUsd, level } = event
  const going = state.sessions.get(sessionKey) ?? nothing
  const sessions = new Map(state.sessions).set(sessionKey, { ...after(going, event), last: event })
  const isCall = kind === 'call'
  return {
    calls: isCall
      ? [...state.calls.slice(1 - MAX_CALLS), { atMs: timeMs, sessionKey, costUsd }]
      : state.calls,
    errorsMs: level === 'error' ? [...state.errorsMs.slice(1 - MAX_CALLS), timeMs] : state.errorsMs,
    sessions,
  }
}

function after(going: Going, { kind, subject, text, timeMs }: LiveEvent): Going {
  // What ran before a prompt was interrupted by it.
  if (kind === 'prompt')
    return { ...going, decided: new Map(), ...(going.hooked && { hooked: new Map() }) }
  if (subject === null) return going
  const { decided, hooked } = going
  if (kind === 'decision' && text?.startsWith('accepted') === true)
    return { ...going, decided: begun(decided, subject, timeMs) }
  if (kind === 'tool') return { ...going, decided: ended(decided, subject) }
  if (kind !== 'hook') return going
  if (text === 'begun') return { ...going, hooked: begun(hooked ?? new Map(), subject, timeMs) }
  return text === 'done' || text === 'failed'
    ? { ...going, hooked: ended(hooked ?? new Map(), subject) }
    : going
}

function begun(runs: Runs, tool: string, atMs: number): Runs {
  return new Map(runs).set(tool, [...(runs.get(tool) ?? []), atMs])
}

/** The one that began first ends first: which one it was is not told. */
function ended(runs: Runs, tool: string): Runs {
  const rest = runs.get(tool)?.slice(1) ?? []
  const left = new Map(runs)
  if (rest.length === 0) left.delete(tool)
  else left.set(tool, rest)
  return left
}

/** Without what is too old to count, or belongs to a session that is over. */
export function trimmed(state: TopState, open: ReadonlySet<string>, nowMs: number): TopState {
  const fromMs = nowMs - WINDOW_MS
  return {
    calls: state.calls.filter(({ atMs }) => atMs >= fromMs),
    errorsMs: state.errorsMs.filter((atMs) => atMs >= fromMs),
    sessions: new Map([...state.sessions].filter(([key]) => open.has(key))),
  }
}

export interface RunningTool {
  readonly tool: string
  readonly sinceMs: number
}

export interface TopSession {
  readonly row: SessionRow
  /** Of the window; null where calls were made and the cost of none is known. */
  readonly usdPerMinute: number | null
  /** The longest first. */
  readonly tools: readonly RunningTool[]
  /** What it did last, where the feed still has that. */
  readonly last: LiveEvent | undefined
}

export interface TopView {
  readonly atMs: number
  readonly usdPerMinute: number
  readonly callsPerMinute: number
  /** In the window. */
  readonly errors: number
  /** Open ones, the one that was active last first. */
  readonly sessions: readonly TopSession[]
  readonly budgets: readonly BudgetState[]
  /** Whether a bridge takes in what agents send. */
  readonly hasBridge: boolean
}

/** What was read of the store, and is looked at beside the feed. */
export type TopFacts = Pick<TopView, 'budgets' | 'hasBridge'> & {
  readonly rows: readonly SessionRow[]
}

export function viewOf(
  state: TopState,
  { rows, budgets, hasBridge }: TopFacts,
  nowMs: number,
): TopView {
  const { calls, errorsMs, sessions } = trimmed(state, new Set(rows.map(({ key }) => key)), nowMs)
  const minutes = WINDOW_MS / 60_000
  const spent = (of: readonly Call[]) =>
    of.reduce((sum, { costUsd }) => addUsd(sum, costUsd ?? 0), 0) / minutes
  return {
    atMs: nowMs,
    usdPerMinute: spent(calls),
    callsPerMinute: calls.length / minutes,
    errors: errorsMs.length,
    sessions: rows.map((row) => {
      const own = calls.filter(({ sessionKey }) => sessionKey === row.key)
      const isUnknown = own.length > 0 && own.every(({ costUsd }) => costUsd === null)
      const going = sessions.get(row.key)
      return {
        row,
        usdPerMinute: isUnknown ? null : spent(own),
        tools: runningIn(going, nowMs),
        last: going?.last,
      }
    }),
    budgets,
    hasBridge,
  }
}

function runningIn(going: Going | undefined, nowMs: number): readonly RunningTool[] {
  const runs = going?.hooked ?? going?.decided ?? new Map<string, readonly number[]>()
  return [...runs]
    .flatMap(([tool, sinceMs]) => sinceMs.map((atMs) => ({ tool, sinceMs: atMs })))
    .filter(({ sinceMs }) => nowMs - sinceMs < MAX_TOOL_MS)
    .sort((a, b) => a.sinceMs - b.sinceMs)
}
