/**
 * A session as the machine knows it: plain JSON data, so that it can be stored as it is and
 * taken up again after a crash. Only the machine writes it, and only a copy of its own.
 */
import type { AgentEvent, FallbackEvent, TranscriptEvent } from '../domain/agent-event.ts'
import type { CallDimensions } from '../domain/call-dimensions.ts'
import type { Observation } from '../domain/emission.ts'
import type { Identity, SessionKey } from '../domain/identity.ts'
import type { Implausible } from '../domain/numbers.ts'
import type { CloseReason } from '../domain/session-control.ts'
import type { JsonValue } from '../domain/json-value.ts'
import type { Usage } from '../domain/usage.ts'
import {
  copyJoins,
  copyCorrelations,
  emptyJoins,
  type Joins,
  type Correlations,
} from './pending-correlations.ts'
import type { Work } from './work/work-state.ts'
import type { SeriesRun } from './usage/series.ts'
import type { Transcribed } from './usage/transcribed.ts'
import type { UsagePart } from './usage/usage.ts'
import { copyTotals, emptyTotals, type MetricStretch, type Totals } from './usage/totals.ts'

/** Raised whenever the shape of a state changes; `stored-state.ts` brings older ones up to it. */
export const STATE_VERSION = 2

/** Why a turn ended. */
export type TurnEnd = 'next_prompt' | 'quiet' | 'turn_span' | 'stop' | 'limit' | CloseReason

/** An observation before its session's context is put on it. */
export type ObservationDraft = Omit<Observation, 'kind' | 'sessionKey' | 'traceKey' | 'context'>

/** What a finished call or tool may wait for. */
export type Wait = 'answer' | 'bodies' | 'span' | 'usage' | 'tools'

/** A finished model call that waits for what other records tell about it. */
export interface HeldCall {
  readonly draft: ObservationDraft
  readonly requestId: string | undefined
  /** The subagent that made it; empty for the main agent. */
  readonly lane: string
  readonly waitsFor: readonly Wait[]
  /** When it is let go without, by arrival time. */
  readonly releaseAtMs: number
  /** The same for all but its tools. */
  readonly joinByMs?: number
  /** Its agent speaks in it: neither a title nor a summary that the agent has made beside. */
  readonly isChat?: true
  /** The first of its agent in the turn: it is given the prompt, or the subagent's task. */
  readonly isFirst?: true
  /** What its answer is shown as only says that it was not recorded. */
  readonly isAnswerNote?: true
  /** Its raw answer, which could not be read as a message: shown where nothing else tells the answer. */
  readonly bodyText?: string
  /** What it told the model of tools that calls before it asked for. */
  readonly answers?: readonly ToolAnswer[]
  /** When its agent's next call began. */
  readonly nextMs?: number
  /** As it was counted, while its usage is still to come. */
  readonly counted?: CountedCall
}

/** A tool that a model asked for, until that call is sent. */
export interface ToolRequest {
  /** Names it within its turn. */
  readonly key: string
  /** The tool's own id; absent where the agent tells none. */
  readonly id: string | undefined
  readonly name: string
  /** The subagent that it was asked by; empty for the main agent. */
  readonly lane: string
  readonly requestId: string | undefined
  /** When it was decided on, or began. */
  readonly atMs: number
  /** JSON text; absent where it was not recorded. */
  readonly input: string | undefined
  /** Less than the model said. */
  readonly isPart: boolean
}

/** What a tool returned, until the call is sent that tells the model. */
export interface ToolAnswer {
  readonly key: string
  readonly id: string | undefined
  readonly name: string
  readonly lane: string
  /** The call that asked for the tool. */
  readonly requestId: string | undefined
  readonly timeMs: number
  readonly output: string
  /** Less than the model was told. */
  readonly isPart: boolean
}

/** A tool that may have started a subagent. */
export interface SubagentStart {
  readonly toolUseId: string
  /** The subagent that used it; empty for the main agent. */
  readonly lane: string
  readonly type: string | undefined
  /** What the subagent is to do, where it is recorded. */
  readonly task: string | undefined
  readonly startMs: number
  readonly endMs?: number
}

/** The text of an answer, or what stands for one that was not recorded. */
export type EarlyAnswer = string | { readonly note: string }

/** A call as it was counted, so that it can be counted elsewhere. */
export interface CountedCall {
  readonly timeMs: number
  readonly durationMs: number
  readonly dimensions: CallDimensions
}

/** Usage that came before the call it belongs to. */
export interface EarlyUsage {
  /** The call as it is shown where it never comes. */
  readonly draft: ObservationDraft
  /** How it was counted; absent in states of before that was kept. */
  readonly part?: UsagePart
}

/** A finished tool that waits for its span. */
export interface HeldTool {
  readonly draft: ObservationDraft
  readonly toolUseId: string
  readonly releaseAtMs: number
}

/** A subagent at work within a turn. */
export interface Subagent {
  readonly id: string
  /** 1, or more where it goes on after its turn had ended. */
  readonly segment: number
  readonly type: string | undefined
  readonly startMs: number
  readonly lastMs: number
  readonly modelCalls: number
  readonly toolResults: number
  readonly costUsd: number
  /** Calls whose cost is known; absent where it is of all. */
  readonly pricedCalls?: number
  readonly answer: string | undefined
  /** The same as a hook told it; shown only where content is. */
  readonly reportedAnswer: string | undefined
  readonly ended: SubagentEnd | undefined
}

/** A tool as hooks told of it. */
export interface ReportedTool {
  readonly tool: string
  readonly toolUseId: string
  readonly subagentId: string | undefined
  readonly state: 'begun' | 'done' | 'failed'
  readonly startMs: number
  readonly endMs: number
  readonly input: JsonValue | undefined
  readonly output: JsonValue | undefined
}

/** What the agent said when its subagent had ended. */
export interface SubagentEnd {
  readonly isBackground: boolean
  readonly durationMs: number | undefined
  readonly totalTokens: number | undefined
  readonly toolUses: number | undefined
  readonly model: string | undefined
  readonly implausible?: Implausible | undefined
}

/** A tool that was decided on and has no result yet. */
export interface OpenTool {
  readonly tool: string
  readonly toolUseId: string | undefined
  readonly lane: string
  readonly accepted: boolean
  readonly source: string
  readonly parameters: string | undefined
  readonly requestId: string | undefined
  readonly atMs: number
  readonly key: string
  /** Another tool of the session has the same id. */
  readonly isRepeat?: boolean
}

/** A process of the agent, known by the count that it keeps of its events. */
export interface AgentProcess {
  readonly id: number
  /** The highest so far. */
  readonly sequence: number
}

/** One prompt and what it has caused so far. */
export interface OpenTurn {
  readonly key: string
  readonly promptId: string | undefined
  /** Counts the session's turns from 1. */
  readonly ordinal: number
  /** 1 until its root was sent; then it counts the continuations. */
  readonly segment: number
  /** Its trace has a key of its own, since an earlier turn of the same key may have been dropped. */
  readonly isApart: boolean
  /** The agent's own trace, where it traced when the turn began. */
  readonly agentTraceId: string | undefined
  /** A span outside that the turn hangs under. */
  outsideParentId: string | undefined
  startMs: number
  lastMs: number
  lastArrivalMs: number
  prompted: boolean
  /** It is among the prompts of the session: its prompt has come, or an answer to it. */
  counted: boolean
  /** When it was counted; of turns that are taken up again, that is not known. */
  countedMs?: number | undefined
  /** The process that works on it, where its events are counted; see `process.ts`. */
  process?: number | undefined
  synthetic: boolean
  /** When the turn ends because something told that it is over, by arrival time. */
  overAtMs: number | undefined
  /** What told it. */
  overBy: 'turn_span' | 'stop' | 'next_prompt' | undefined
  /** Subagents that still ran when the main agent stopped; undefined before that. */
  stopWaitsFor: string[] | undefined
  /** Prompt, answer and tools as hooks told of them. */
  reportedPrompt: string | undefined
  reportedAnswer: string | undefined
  reportedTools: Correlations<ReportedTool>
  prompt: string | undefined
  /** What stands there only says that the prompt was not recorded. */
  isPromptNote?: boolean
  /** A call has been given it. */
  isPromptTold?: boolean
  /** The prompt was read from what a call was given; the turn's own record may say it better. */
  isPromptOfCall?: boolean
  promptLength: number | undefined
  command: string | undefined
  /** The newest answer of the main agent. */
  answer: string | undefined
  /** When it was given; absent in states of before and where a span told it. */
  answerMs?: number
  /** The last thing heard from the main agent is a model call that finished. */
  mainFinished: boolean
  /** The call whose tool the main agent finished last: that call is not its last. */
  resultFor: string | undefined
  /** The message of the last main call, when that failed. */
  failure: string | undefined
  held: HeldCall[]
  tools: OpenTool[]
  heldTools: HeldTool[]
  /** Tool use ids of the tools that were sent with their result. */
  shownTools: string[]
  subagents: Record<string, Subagent>
  /**
   * Segments sent of subagents, by the hash of their id: before this turn was taken up again, or
   * because they were many.
   */
  readonly sentSubagents: Correlations<number>
  /** Answers that came before their call, by request id. */
  earlyAnswers: Correlations<EarlyAnswer>
  /** The same of usage. */
  earlyUsage: Correlations<EarlyUsage>
  /** Tools asked for, and what they returned, until their calls are sent; see `calls/exchange.ts`. */
  toolRequests?: readonly ToolRequest[]
  toolAnswers?: readonly ToolAnswer[]
  /** Tools that may have started subagents, by their id; see `subagents/started-by.ts`. */
  starts?: Correlations<SubagentStart>
  modelCalls: number
  toolResults: number
  costUsd: number
  /** What its prompt's record said that cannot be true. */
  implausible?: Implausible | undefined
}

/** An event that waits for a record that tells the same better. */
export interface PendingRepeat {
  readonly event: Exclude<AgentEvent, FallbackEvent | TranscriptEvent>
  readonly unless: readonly string[]
  /** When it counts, by arrival time, if nothing has come. */
  readonly settleAtMs: number
}

/** What exporters were sent of something that counted. */
export type ShownRepeat = Pick<
  Observation,
  'traceKey' | 'key' | 'parentKey' | 'agentTraceId' | 'name' | 'startMs' | 'endMs'
>

/** How an event counted that waited in vain for a record that tells the same better. */
export interface SettledRepeat {
  /** Hashes of the keys in `toldKeys` of which any would tell it better. */
  readonly unless: readonly string[]
  readonly usage: Pick<Usage, 'models' | 'tools' | 'activity'>
  /** Tokens of the first row's output that were spent on reasoning. */
  readonly reasoning?: number
  /** The turn that it counted in. */
  readonly turn?: string
  /** That turn was not there before. */
  readonly hasOpened?: true
  readonly subagentId?: string
  readonly shown: readonly ShownRepeat[]
}

/** What is remembered of a turn whose root was sent. */
export interface EndedTurn {
  readonly ordinal: number
  readonly segment: number
  readonly agentTraceId: string | undefined
  readonly isApart: boolean
  /** Neither its prompt nor an answer to it has come; absent otherwise. */
  readonly isUncounted?: true
  /** Segments sent of each subagent, by the hash of its id. */
  readonly subagents: Correlations<number>
}

/** How much open turns hold, as JSON: counted from above, measured when that has grown. */
export interface HeldSize {
  bytes: number
  measureAtBytes: number
}

/** The same in short, by the hash of its key: the ordinal, where there is no more to say. */
export type ForgottenTurn = readonly [hash: string, turn: number | ShortTurn]

export interface ShortTurn extends Omit<EndedTurn, 'agentTraceId'> {
  /** Its trace is that of the agent. */
  readonly isTraced: boolean
}

/** When each thing was last told, by the records' own time; see `told.ts`. */
export interface ToldMs {
  /** By field of the identity. */
  identity: Record<string, number>
  /** By name of a label or a resource attribute. */
  labels: Record<string, number>
}

/** A hook that may be sent again: it has neither an id nor a time of its own. */
export interface LastReport {
  readonly key: string
  /** When it arrived. */
  readonly atMs: number
}

export interface SessionState {
  readonly version: number
  readonly key: SessionKey
  readonly agent: string
  readonly sessionId: string
  identity: Identity
  /** What it can be found by: its labels, and the attributes of the resources that sent records. */
  attributes: Readonly<Record<string, string>>
  toldMs: ToldMs
  /** Least and greatest event time. */
  firstMs: number
  lastMs: number
  /** Arrival of the first record since the session was last closed. */
  openedAtMs: number
  lastArrivalMs: number
  closed: CloseReason | undefined
  /** Summaries sent so far. */
  summaries: number
  turnCount: number
  /** The turn that events without a prompt id belong to. */
  currentTurn: string | undefined
  turns: Record<string, OpenTurn>
  /** Those that are known, the newest last. Never written to, only replaced. */
  processes: readonly AgentProcess[]
  /** Absent in states of before it was counted. */
  held?: HeldSize
  /** The turns that ended last, by key; see `ended-turns.ts`. */
  ended: Correlations<EndedTurn>
  /** Those that ended before, in pages, the newest last. Never written to, only replaced. */
  forgotten: readonly (readonly ForgottenTurn[])[]
  /** There were more turns than are remembered. */
  hasDroppedTurns: boolean
  totals: Totals
  series: Record<string, SeriesRun>
  /** The newest time of a model call that an event told of. */
  lastCallMs: number | undefined
  /** Of which metrics alone told, the oldest first. Never written to, only replaced. */
  metricStretches: readonly MetricStretch[]
  /** Telemetry has been received, not only hooks. */
  hasTelemetry: boolean
  /** Something has happened: see `eventful.ts`. */
  eventful: boolean
  /** When the session closes because a hook told its end, by arrival time; and the hook's reason. */
  endsAtMs: number | undefined
  endReason: string | undefined
  /** The newest record, if it is a hook that may be sent again. */
  lastReport: LastReport | undefined
  /** The agent sends spans, so calls and tools wait for theirs. */
  traced: boolean
  /** The agent sends raw bodies, so calls wait for theirs. */
  bodied: boolean
  joins: Joins
  /** What was told already, and what waits to see whether it is: see `repeats.ts`. */
  toldKeys?: Correlations<number>
  pendingRepeats?: Correlations<PendingRepeat>
  /** What has waited, and counts: see `settled-repeats.ts`. */
  settledRepeats?: Correlations<SettledRepeat>
  /** What subagents used whose type nobody has told, by their id: see `untyped-usage.ts`. */
  untypedUsage?: Correlations<readonly UsagePart[]>
  /** Slash commands that turns were begun with, by prompt id: see `usage/commands.ts`. */
  commands?: Correlations<string>
  /** What it works on; absent as long as nobody told anything of it: see `work/segments.ts`. */
  work?: Work
  /** What transcripts told and telemetry has not, by key: see `transcripts.ts`. */
  transcribed?: Correlations<Transcribed>
  /** Something of a transcript was shown like telemetry: exporters have it, or are to. */
  isTranscriptShown?: boolean
  /** What a transcript that is not exported calls the session. */
  transcriptTitle?: string
  /** Notes from before the first turn, which they are shown in. */
  earlyNotes: ObservationDraft[]
  title: string | undefined
  /** The beginning of the first prompt that a person sent, where prompts are recorded. */
  firstPrompt: string | undefined
  /** When that was sent; undefined in states of before, whose first prompt it is. */
  titledMs: number | undefined
  firstPromptMs: number | undefined
  firstCommitMs: number | undefined
}

/** A session of which one record has just arrived, before that is folded in. */
export function newSession(
  key: SessionKey,
  first: { readonly agent: string; readonly sessionId: string; readonly timeMs: number },
  arrivedMs: number,
): SessionState {
  return {
    version: STATE_VERSION,
    key,
    agent: first.agent,
    sessionId: first.sessionId,
    identity: {},
    attributes: {},
    toldMs: { identity: {}, labels: {} },
    firstMs: first.timeMs,
    lastMs: first.timeMs,
    openedAtMs: arrivedMs,
    lastArrivalMs: arrivedMs,
    closed: undefined,
    summaries: 0,
    turnCount: 0,
    currentTurn: undefined,
    turns: {},
    processes: [],
    ended: {},
    forgotten: [],
    hasDroppedTurns: false,
    totals: emptyTotals(),
    series: {},
    lastCallMs: undefined,
    metricStretches: [],
    hasTelemetry: false,
    eventful: false,
    endsAtMs: undefined,
    endReason: undefined,
    lastReport: undefined,
    traced: false,
    bodied: false,
    joins: emptyJoins(),
    earlyNotes: [],
    title: undefined,
    firstPrompt: undefined,
    titledMs: undefined,
    firstPromptMs: undefined,
    firstCommitMs: undefined,
  }
}

/** What is known of a turn when it begins, or is taken up again. */
export type TurnBeginning = Pick<
  OpenTurn,
  | 'key'
  | 'promptId'
  | 'ordinal'
  | 'segment'
  | 'isApart'
  | 'agentTraceId'
  | 'sentSubagents'
  | 'counted'
> & { readonly timeMs: number }

/** A turn of which one record has just arrived, before that is folded in. */
export function newTurn({ timeMs, ...beginning }: TurnBeginning): OpenTurn {
  return {
    ...beginning,
    startMs: timeMs,
    lastMs: timeMs,
    lastArrivalMs: 0,
    outsideParentId: undefined,
    overAtMs: undefined,
    overBy: undefined,
    stopWaitsFor: undefined,
    reportedPrompt: undefined,
    reportedAnswer: undefined,
    reportedTools: {},
    prompted: false,
    synthetic: false,
    prompt: undefined,
    promptLength: undefined,
    command: undefined,
    answer: undefined,
    mainFinished: false,
    resultFor: undefined,
    failure: undefined,
    held: [],
    tools: [],
    heldTools: [],
    shownTools: [],
    subagents: {},
    earlyAnswers: {},
    earlyUsage: {},
    modelCalls: 0,
    toolResults: 0,
    costUsd: 0,
  }
}

/** A copy that shares nothing mutable with the original. Fields are set one by one: that is quickest. */
export function copyState(from: SessionState): SessionState {
  const copy = { ...from }
  copy.toldMs = { identity: { ...from.toldMs.identity }, labels: { ...from.toldMs.labels } }
  copy.turns = {}
  for (const key in from.turns) copy.turns[key] = copyTurn(from.turns[key] as OpenTurn)
  if (from.held !== undefined) copy.held = { ...from.held }
  copy.ended = copyCorrelations(from.ended)
  copy.totals = copyTotals(from.totals)
  copy.series = { ...from.series }
  copy.joins = copyJoins(from.joins)
  if (from.toldKeys !== undefined) copy.toldKeys = copyCorrelations(from.toldKeys)
  if (from.pendingRepeats !== undefined) copy.pendingRepeats = copyCorrelations(from.pendingRepeats)
  if (from.settledRepeats !== undefined) copy.settledRepeats = copyCorrelations(from.settledRepeats)
  if (from.untypedUsage !== undefined) copy.untypedUsage = copyCorrelations(from.untypedUsage)
  if (from.work !== undefined) {
    copy.work = { ...from.work, tools: copyCorrelations(from.work.tools) }
  }
  if (from.commands !== undefined) copy.commands = copyCorrelations(from.commands)
  if (from.transcribed !== undefined) copy.transcribed = copyCorrelations(from.transcribed)
  copy.earlyNotes = from.earlyNotes.slice()
  return copy
}

function copyTurn(from: OpenTurn): OpenTurn {
  const copy = { ...from, sentSubagents: copyCorrelations(from.sentSubagents) }
  copy.held = from.held.slice()
  copy.tools = from.tools.slice()
  copy.heldTools = from.heldTools.slice()
  copy.reportedTools = copyCorrelations(from.reportedTools)
  copy.shownTools = from.shownTools.slice()
  copy.subagents = { ...from.subagents }
  copy.earlyAnswers = copyCorrelations(from.earlyAnswers)
  copy.earlyUsage = copyCorrelations(from.earlyUsage)
  if (from.starts !== undefined) copy.starts = copyCorrelations(from.starts)
  return copy
}
