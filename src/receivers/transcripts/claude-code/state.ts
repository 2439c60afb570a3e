/** What the reader of a file knows between its lines, and from one read of the file to the next. */
import {
  boundTable,
  type Line,
  type Place,
  type Redact,
  tableOf,
  textOf,
  type TranscriptEntry,
} from '../source.ts'
import type { ToolTables } from './tools.ts'
import type { Usage } from './usage.ts'

/** A call whose lines are still being written. */
export interface OpenCall {
  readonly sessionId: string
  readonly startMs: number | undefined
  timeMs: number | undefined
  readonly requestId?: string | undefined
  readonly model: string
  usage: Usage | undefined
  text: string
  asksForTools: boolean
  hasEnded: boolean
  readonly effort?: string | undefined
  readonly subagentType?: string | undefined
  readonly place: Place
  readonly promptId?: string | undefined
  readonly subagentId?: string | undefined
}

/** A prompt that the next answer says more of: whether it is a copy. */
interface OpenPrompt {
  readonly entry: TranscriptEntry
}

export interface State extends ToolTables {
  sessionId?: string
  /** By lane, the subagent or nothing: what is being answered, and since when. */
  prompts: Record<string, string>
  sinceMs: Record<string, number>
  /** Calls by message id, open ones and the last that were told. */
  calls: Record<string, OpenCall>
  told: Record<string, { readonly requestId?: string | undefined; readonly output: number }>
  /** When each request was sent, by the id that its answer refers to. */
  requests: Record<string, number>
  /** Of sidechains within a session's own file: the first line that a line hangs under. */
  sidechains: Record<string, string>
  openPrompt?: OpenPrompt | undefined
  /** That it goes on with another session was told. */
  isContinuation?: boolean
}

/** Entries of each table. */
export const MAX_TABLE = 300
/** Lines by which sidechains are told apart. */
const MAX_SIDECHAIN_LINES = 2000

/** Cuts the tables to their bounds. */
export function boundState(state: State): void {
  const { prompts, sinceMs, told, tools, uses, requests, sidechains } = state
  for (const table of [prompts, sinceMs, told, tools, uses, requests]) {
    boundTable<unknown>(table, MAX_TABLE)
  }
  boundTable(sidechains, MAX_SIDECHAIN_LINES)
}

/** As it was stored before, or empty. */
export function stateOf(former: Line | undefined): State {
  const known = (former ?? {}) as Partial<State>
  return {
    ...known,
    prompts: tableOf(known.prompts),
    sinceMs: tableOf(known.sinceMs),
    calls: tableOf(known.calls),
    told: tableOf(known.told),
    tools: tableOf(known.tools),
    uses: tableOf(known.uses),
    requests: tableOf(known.requests),
    sidechains: tableOf(known.sidechains),
  }
}

/** As it is stored: content without secrets. */
export function redacted(state: State, redact: Redact): State {
  const { openPrompt, calls, tools } = state
  const within = (entry: TranscriptEntry): TranscriptEntry => ({
    ...entry,
    attributes: redact(entry.attributes),
  })
  return {
    ...state,
    openPrompt: openPrompt && { entry: within(openPrompt.entry) },
    calls: mapped(calls, (call) => ({
      ...call,
      text: textOf(redact({ response: call.text }).response) ?? '',
    })),
    tools: mapped(tools, (tool) => ({ ...tool, ...(tool.use && { use: within(tool.use) }) })),
  }
}

function mapped<T>(table: Readonly<Record<string, T>>, map: (value: T) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(table).map(([key, value]) => [key, map(value)]))
}
