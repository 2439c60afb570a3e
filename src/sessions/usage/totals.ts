/**
 * What a session adds up to. Cost and tokens come from events alone; metrics feed what
 * events lack and a second set of figures to compare with. What is not known (a cost or a
 * duration that was not told) is added to nothing. Mutable plain data: the machine works on a
 * copy of its own.
 */
import type { Cost, ModelCallEvent, ModelErrorEvent, TokenUsage } from '../../domain/agent-event.ts'
import type { CallDimensions } from '../../domain/call-dimensions.ts'
import { addUsd } from '../../domain/exact-sum.ts'
import type { ModelUsage, ToolUsage } from '../../domain/usage.ts'
import type { Implausible } from '../../domain/numbers.ts'
import type { TranscribedCall, TranscribedRefusal, TranscribedTool } from './transcribed.ts'
import {
  copyDistribution,
  countBuckets,
  type Distribution,
  emptyDistribution,
  record,
} from './distribution.ts'
import { count, dropEntry, entryOf, type NameTable } from './name-table.ts'

export interface MutableUsage {
  input: number
  output: number
  cacheRead: number
  cacheCreation: number
  /** The part of `output` that was spent on reasoning, once an agent has told any. */
  reasoning?: number
}

export interface ModelTotals {
  calls: number
  errors: number
  costUsd: number
  estimatedUsd: number
  unpricedCalls: number
  usage: MutableUsage
  durationMs: Distribution
}

export interface ToolTotals {
  results: number
  failures: number
  refusals: number
  durationMs: Distribution
}

/** What metrics told of one model in one quarter of an hour. */
export interface MetricPart {
  readonly bucketMs: number
  readonly model: string
  /** Absent in states of before they were told. */
  readonly dimensions?: CallDimensions
  readonly costUsd: number
  readonly usage: Readonly<MutableUsage>
}

/** A stretch of time of which only metrics told: behind `fromMs`, up to `toMs`. */
export interface MetricStretch {
  readonly fromMs: number
  readonly toMs: number
  readonly parts: readonly MetricPart[]
}

/** Figures that come from metrics. */
export interface MetricTotals {
  costUsd: number
  tokens: MutableUsage
  linesAdded: number
  linesRemoved: number
  commits: number
  pullRequests: number
  activeUserS: number
  activeAgentS: number
  editsAccepted: number
  editsRejected: number
  /** Samples seen at all: without any, there is nothing to compare with. */
  samples: number
}

export interface Totals {
  /** Prompts that a person sent. */
  prompts: number
  /** Prompts that the agent sent to itself. */
  syntheticPrompts: number
  /** Tries of model calls beyond the first, as far as spans tell. */
  retries: number
  modelCalls: number
  modelErrors: number
  toolResults: number
  toolFailures: number
  toolRefusals: number
  /** Of the calls whose cost is known, and the part of it that the agent did not tell. */
  costUsd: number
  estimatedUsd: number
  /** Calls whose cost is not known. */
  unpricedCalls: number
  /** What metrics alone told, of time in which no events came; in none of the other sums. */
  metricsUsd: number
  metricsUsage: MutableUsage
  usage: MutableUsage
  models: NameTable<ModelTotals>
  tools: NameTable<ToolTotals>
  ttftMs: Distribution
  /** Buckets of all distributions here; absent in states of before it was counted. */
  buckets?: number
  /** Every event by its name, shown or not. */
  events: NameTable<number>
  /** Hooks by their name. */
  hooks: NameTable<number>
  /** Subagents that ended, by type. */
  subagents: NameTable<number>
  /** How the session started, as metrics tell: fresh, resume, continue. */
  starts: NameTable<number>
  /** Metric samples by measure and facet; absent in states of before it was counted. */
  facets?: NameTable<number>
  /** Sets of dimensions, by `dimensionsKey`; absent as long as no call has named any. */
  dimensions?: NameTable<number>
  /** What was forgotten, by kind, before it could be shown: see `held.ts` and `joins.ts`. */
  forgotten?: NameTable<number>
  metrics: MetricTotals
  /** Figures that were told and cannot be true; none of them is in any other figure. */
  implausible?: number
  /** Secrets that were masked, by rule. */
  masked?: NameTable<number>
}

/** Buckets of all distributions of a session: some hundred for each of dozens of tools. */
const MAX_BUCKETS = 12_000

export function emptyUsage(): MutableUsage {
  return { input: 0, output: 0, cacheRead: 0, cacheCreation: 0 }
}

export function emptyTotals(): Totals {
  return {
    prompts: 0,
    syntheticPrompts: 0,
    retries: 0,
    modelCalls: 0,
    modelErrors: 0,
    toolResults: 0,
    toolFailures: 0,
    toolRefusals: 0,
    costUsd: 0,
    estimatedUsd: 0,
    unpricedCalls: 0,
    metricsUsd: 0,
    metricsUsage: emptyUsage(),
    usage: emptyUsage(),
    models: {},
    tools: {},
    ttftMs: emptyDistribution(),
    buckets: 0,
    events: {},
    hooks: {},
    subagents: {},
    starts: {},
    facets: {},
    metrics: {
      costUsd: 0,
      tokens: emptyUsage(),
      linesAdded: 0,
      linesRemoved: 0,
      commits: 0,
      pullRequests: 0,
      activeUserS: 0,
      activeAgentS: 0,
      editsAccepted: 0,
      editsRejected: 0,
      samples: 0,
    },
  }
}

export function copyTotals(from: Totals): Totals {
  const copy = { ...from }
  copy.usage = { ...from.usage }
  copy.metricsUsage = { ...from.metricsUsage }
  copy.models = mapValues(from.models, (m) => ({
    ...m,
    usage: { ...m.usage },
    durationMs: copyDistribution(m.durationMs),
  }))
  copy.tools = mapValues(from.tools, (t) => ({ ...t, durationMs: copyDistribution(t.durationMs) }))
  copy.ttftMs = copyDistribution(from.ttftMs)
  copy.events = { ...from.events }
  copy.hooks = { ...from.hooks }
  copy.subagents = { ...from.subagents }
  copy.starts = { ...from.starts }
  if (from.facets !== undefined) copy.facets = { ...from.facets }
  if (from.dimensions !== undefined) copy.dimensions = { ...from.dimensions }
  if (from.forgotten !== undefined) copy.forgotten = { ...from.forgotten }
  if (from.masked !== undefined) copy.masked = { ...from.masked }
  copy.metrics = { ...from.metrics, tokens: { ...from.metrics.tokens } }
  return copy
}

function mapValues<T>(of: Record<string, T>, copy: (value: T) => T): Record<string, T> {
  const result: Record<string, T> = {}
  for (const key of Object.keys(of)) result[key] = copy(of[key] as T)
  return result
}

/** A call, with what is known of its cost. */
export function countModelCall(
  totals: Totals,
  call: Pick<ModelCallEvent, 'model' | 'usage' | 'durationMs' | 'ttftMs'>,
  cost: Cost | undefined,
): void {
  const model = entryOf(totals.models, call.model, emptyModel)
  totals.modelCalls += 1
  model.calls += 1
  countUsage(totals, call.model, call.usage, cost)
  recordIn(totals, model.durationMs, call.durationMs)
  recordIn(totals, totals.ttftMs, call.ttftMs)
}

/** What a call used and cost, as far as that is known. */
export function countUsage(
  totals: Totals,
  name: string,
  usage: TokenUsage | undefined,
  cost: Cost | undefined,
): void {
  const model = entryOf(totals.models, name, emptyModel)
  for (const into of [totals, model]) {
    if (cost !== undefined) into.costUsd = addUsd(into.costUsd, cost.usd)
    if (isEstimate(cost)) into.estimatedUsd = addUsd(into.estimatedUsd, cost.usd)
    if (usage !== undefined) addUsage(into.usage, usage)
  }
}

/** All that was spent and used, as far as anything tells. */
export function spentOf({ costUsd, usage, metricsUsd, metricsUsage }: Totals): {
  readonly costUsd: number
  readonly usage: MutableUsage
} {
  const all = { ...usage }
  addUsage(all, metricsUsage)
  return { costUsd: addUsd(costUsd, metricsUsd), usage: all }
}

/** Of all kinds together. */
export function allTokens({ input, output, cacheRead, cacheCreation }: MutableUsage): number {
  return input + output + cacheRead + cacheCreation
}

/** Counts a call whose cost nobody told, and nobody will tell any more. */
export function countUnpriced(totals: Totals, model: string): void {
  totals.unpricedCalls += 1
  entryOf(totals.models, model, emptyModel).unpricedCalls += 1
}

/** A cost that the agent did not tell. */
export function isEstimate(cost: Cost | undefined): cost is Cost {
  return cost !== undefined && cost.source !== 'agent'
}

export function countModelError(totals: Totals, error: ModelErrorEvent): void {
  totals.modelErrors += 1
  entryOf(totals.models, error.model, emptyModel).errors += 1
}

export function countToolResult(
  totals: Totals,
  tool: string,
  success: boolean,
  durationMs: number | undefined,
): void {
  const counts = entryOf(totals.tools, tool, emptyTool)
  totals.toolResults += 1
  counts.results += 1
  if (!success) {
    totals.toolFailures += 1
    counts.failures += 1
  }
  recordIn(totals, counts.durationMs, durationMs)
}

export function countToolRefusal(totals: Totals, tool: string): void {
  totals.toolRefusals += 1
  entryOf(totals.tools, tool, emptyTool).refusals += 1
}

export function countImplausible(totals: Totals, implausible: Implausible): void {
  totals.implausible = (totals.implausible ?? 0) + Object.keys(implausible).length
}

export function countMasked(totals: Totals, masked: Readonly<Record<string, number>>): void {
  totals.masked ??= {}
  for (const [rule, times] of Object.entries(masked)) count(totals.masked, rule, times)
}

/** What a transcript told of calls and tools, added or taken out. */
export function countTranscribed(
  totals: Totals,
  told: TranscribedCall | TranscribedTool | TranscribedRefusal,
  sign: 1 | -1,
): void {
  if (told.kind === 'call') addTranscribedCall(totals, told, sign)
  else addTranscribedTool(totals, told, sign)
}

function addTranscribedCall(totals: Totals, told: TranscribedCall, sign: 1 | -1): void {
  const { model: name, cost, usage, isUnpriced } = told
  const model = entryOf(totals.models, name, emptyModel)
  totals.modelCalls += sign
  model.calls += sign
  for (const into of [totals, model]) {
    if (isUnpriced) into.unpricedCalls += sign
    if (cost !== undefined) into.costUsd = addUsd(into.costUsd, sign * cost.usd)
    if (isEstimate(cost)) into.estimatedUsd = addUsd(into.estimatedUsd, sign * cost.usd)
    if (usage !== undefined) addUsage(into.usage, usage, sign)
  }
  if (model.calls + model.errors === 0) dropEntry(totals.models, name)
}

function addTranscribedTool(
  totals: Totals,
  told: TranscribedTool | TranscribedRefusal,
  sign: 1 | -1,
): void {
  const tool = entryOf(totals.tools, told.tool, emptyTool)
  if (told.kind === 'refusal') {
    totals.toolRefusals += sign
    tool.refusals += sign
  } else {
    totals.toolResults += sign
    tool.results += sign
    const failures = told.success ? 0 : sign
    totals.toolFailures += failures
    tool.failures += failures
  }
  if (tool.results + tool.refusals === 0) dropEntry(totals.tools, told.tool)
}

/** Takes out what counted as a row of usage; `reasoning` is the part of its output that was that. */
export function takeBackModel(totals: Totals, row: ModelUsage, reasoning?: number): void {
  const { model: name, calls, errors, unpricedCalls } = row
  const model = entryOf(totals.models, name, emptyModel)
  const usage = {
    input: row.inputTokens,
    output: row.outputTokens,
    cacheRead: row.cacheReadTokens,
    cacheCreation: row.cacheCreationTokens,
    ...(reasoning !== undefined && { reasoning }),
  }
  totals.modelCalls -= calls
  totals.modelErrors -= errors
  model.calls -= calls
  model.errors -= errors
  for (const into of [totals, model]) {
    into.unpricedCalls -= unpricedCalls
    into.costUsd = addUsd(into.costUsd, -row.costUsd)
    into.estimatedUsd = addUsd(into.estimatedUsd, -row.estimatedUsd)
    addUsage(into.usage, usage, -1)
  }
  if (model.calls + model.errors === 0 && allTokens(model.usage) === 0) {
    dropEntry(totals.models, name)
  }
}

/** The same of a tool. */
export function takeBackTool(totals: Totals, row: ToolUsage): void {
  const tool = entryOf(totals.tools, row.tool, emptyTool)
  totals.toolResults -= row.results
  totals.toolFailures -= row.failures
  totals.toolRefusals -= row.refusals
  tool.results -= row.results
  tool.failures -= row.failures
  tool.refusals -= row.refusals
  if (tool.results + tool.refusals === 0) dropEntry(totals.tools, row.tool)
}

export function addPromptCount(totals: Totals, isSynthetic: boolean, sign: 1 | -1): void {
  if (isSynthetic) totals.syntheticPrompts += sign
  else totals.prompts += sign
}

function recordIn(totals: Totals, into: Distribution, value: number | undefined): void {
  if (value === undefined) return
  totals.buckets ??= allBuckets(totals)
  if (record(into, value, totals.buckets < MAX_BUCKETS)) totals.buckets += 1
}

function allBuckets({ models, tools, ttftMs }: Totals): number {
  const durations = [...Object.values(models), ...Object.values(tools)].map((of) => of.durationMs)
  return [ttftMs, ...durations].reduce((sum, of) => sum + countBuckets(of), 0)
}

function addUsage(into: MutableUsage, usage: TokenUsage, sign: 1 | -1 = 1): void {
  into.input += sign * usage.input
  into.output += sign * usage.output
  into.cacheRead += sign * usage.cacheRead
  into.cacheCreation += sign * usage.cacheCreation
  if (usage.reasoning !== undefined) {
    into.reasoning = (into.reasoning ?? 0) + sign * usage.reasoning
  }
}

export function emptyModel(): ModelTotals {
  return {
    calls: 0,
    errors: 0,
    costUsd: 0,
    estimatedUsd: 0,
    unpricedCalls: 0,
    usage: emptyUsage(),
    durationMs: emptyDistribution(),
  }
}

function emptyTool(): ToolTotals {
  return { results: 0, failures: 0, refusals: 0, durationMs: emptyDistribution() }
}
