/**
 * Where the sources of a session differ, each difference with its likely cause. Pure. Differences are
 * reported; stored figures do not change.
 */
import type { TokenUsage } from '../../domain/agent-event.ts'
import { isSideCall } from '../../domain/call-dimensions.ts'
import { addUsd } from '../../domain/exact-sum.ts'
import type { JoinedCall, SessionSources, SourceCall } from './session-sources.ts'

/** What some calls add up to. */
export interface Figures {
  readonly calls: number
  readonly input: number
  readonly output: number
  readonly cacheRead: number
  readonly cacheCreation: number
  /** US dollars of the calls that have a price; null where there are calls and none has one. */
  readonly costUsd: number | null
  readonly unpricedCalls: number
}

/** What metrics report; null is what none of them reports. */
export interface MetricFigures {
  readonly costUsd: number | null
  readonly tokens: number | null
}

/** Every figure is the first side's minus the second's: below 0, the first side has less. */
export interface Difference {
  readonly between: readonly [Side, Side]
  /** Calls that one side lacks; absent where the difference is not one of whole calls. */
  readonly calls?: number
  /** Calls that both sides report, with other figures. */
  readonly differingCalls?: number
  /** US dollars; absent where no price is known. */
  readonly costUsd?: number
  readonly tokens?: number
  readonly cause: string
}

/** `agent total` is the agent's own sum in the transcript; `total` is what every report shows. */
export type Side = 'telemetry' | 'transcript' | 'metrics' | 'agent total' | 'total'

/** Sums of doubles that come to the same are not further apart. */
const SAME_USD = 1e-6

export function figuresOf(calls: readonly SourceCall[]): Figures {
  const sum = { calls: 0, ...NO_TOKENS, unpricedCalls: 0 }
  let spentUsd = 0
  for (const { usage, costUsd } of calls) {
    sum.calls += 1
    for (const kind of KINDS) sum[kind] += usage?.[kind] ?? 0
    if (costUsd === undefined) sum.unpricedCalls += 1
    else spentUsd = addUsd(spentUsd, costUsd)
  }
  return { ...sum, costUsd: knownCost(spentUsd, sum) }
}

function knownCost(
  usd: number,
  { calls, unpricedCalls }: Pick<Figures, 'calls' | 'unpricedCalls'>,
): number | null {
  return calls > 0 && unpricedCalls === calls ? null : usd
}

/** The figures of two sets of calls that have none in common. */
export function addFigures(a: Figures, b: Figures): Figures {
  const calls = a.calls + b.calls
  const unpricedCalls = a.unpricedCalls + b.unpricedCalls
  return {
    calls,
    input: a.input + b.input,
    output: a.output + b.output,
    cacheRead: a.cacheRead + b.cacheRead,
    cacheCreation: a.cacheCreation + b.cacheCreation,
    costUsd: knownCost(addUsd(a.costUsd ?? 0, b.costUsd ?? 0), { calls, unpricedCalls }),
    unpricedCalls,
  }
}

export function differencesOf(
  sources: SessionSources,
  metrics: MetricFigures | undefined,
): readonly Difference[] {
  return [
    ...missingLines(sources),
    ...missingEvents(sources),
    ...otherFigures(sources.calls),
    ...ofAgentTotal(sources),
    ...ofMetrics(sources, metrics),
  ]
}

const KINDS = ['input', 'output', 'cacheRead', 'cacheCreation'] as const
const NO_TOKENS = { input: 0, output: 0, cacheRead: 0, cacheCreation: 0 }

/** Two differences with the same sides and cause as one. */
export function addDifferences(a: Difference, b: Difference): Difference {
  const sum: Mutable<Difference> = { between: a.between, cause: a.cause }
  for (const figure of ['calls', 'differingCalls', 'tokens'] as const) {
    const [one, other] = [a[figure], b[figure]]
    if (one !== undefined || other !== undefined) sum[figure] = (one ?? 0) + (other ?? 0)
  }
  if (a.costUsd !== undefined || b.costUsd !== undefined) {
    sum.costUsd = addUsd(a.costUsd ?? 0, b.costUsd ?? 0)
  }
  return sum
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

/** What explains the figures of a session without being a difference. */
export function notesOf({ isContinuation }: SessionSources): readonly string[] {
  return isContinuation
    ? [
        'the session was resumed or forked: lines that it copied count in the session that wrote them first',
      ]
    : []
}

/** Calls that telemetry reports and the transcript does not have. */
function missingLines({ calls, lastTranscriptMs }: SessionSources): readonly Difference[] {
  const alone = calls.flatMap(({ telemetry, transcript }) =>
    telemetry !== undefined && transcript === undefined ? [telemetry] : [],
  )
  const cause = ({ querySource = '', timeMs }: SourceCall): string => {
    if (lastTranscriptMs === undefined) {
      return 'no transcript was imported: it is on another machine, was deleted, or has not been imported yet'
    }
    if (/compact/i.test(querySource)) return 'compactions leave no line in the transcript'
    if (isSideCall(querySource) || /hook/i.test(querySource)) {
      return 'titles and other side calls leave no line in the transcript'
    }
    if (timeMs > lastTranscriptMs) {
      return 'the calls were made after the transcript was read: import it again'
    }
    return 'the transcript has no line for the calls: an older version asked for topics and titles, or the file of a subagent is missing'
  }
  return grouped(alone, cause, 1)
}

/** Calls that the transcript has and telemetry does not report. */
function missingEvents({ calls, firstTelemetryMs }: SessionSources): readonly Difference[] {
  const alone = calls.flatMap(({ telemetry, transcript }) =>
    transcript !== undefined && telemetry === undefined ? [transcript] : [],
  )
  const cause = ({ timeMs }: SourceCall): string => {
    if (firstTelemetryMs === undefined) {
      return 'no telemetry was received: the session ran before claude-telemetry was installed, or with telemetry off'
    }
    if (timeMs < firstTelemetryMs) return 'the calls were made before telemetry was switched on'
    return 'telemetry did not arrive: the bridge was not running, or the agent exited before it sent the events'
  }
  return grouped(alone, cause, -1)
}

/** Calls that both report, with other figures. */
function otherFigures(calls: readonly JoinedCall[]): readonly Difference[] {
  let tokenCalls = 0
  let tokens = 0
  let costCalls = 0
  let costUsd = 0
  for (const { telemetry, transcript } of calls) {
    if (telemetry?.usage === undefined || transcript?.usage === undefined) continue
    const difference = sumOf(telemetry.usage) - sumOf(transcript.usage)
    if (KINDS.some((kind) => telemetry.usage?.[kind] !== transcript.usage?.[kind])) {
      tokenCalls += 1
      tokens += difference
      continue
    }
    if (telemetry.costUsd === undefined || transcript.costUsd === undefined) continue
    if (Math.abs(telemetry.costUsd - transcript.costUsd) <= SAME_USD) continue
    costCalls += 1
    costUsd = addUsd(costUsd, telemetry.costUsd - transcript.costUsd)
  }
  const between = ['telemetry', 'transcript'] as const
  return [
    ...(tokenCalls > 0
      ? [
          {
            ...{ between, differingCalls: tokenCalls, tokens },
            cause: 'the last line of an answer was written before its token counts were final',
          },
        ]
      : []),
    ...(costCalls > 0
      ? [
          {
            ...{ between, differingCalls: costCalls, costUsd },
            cause: "the agent's prices differ from the price table; totals use the agent's",
          },
        ]
      : []),
  ]
}

function ofAgentTotal({
  agentTotalUsd,
  calls,
  isContinuation,
}: SessionSources): readonly Difference[] {
  if (agentTotalUsd === undefined) return []
  const total = figuresOf(
    calls.map(({ telemetry, transcript }) => mergedCall(telemetry, transcript)),
  )
  const costUsd = addUsd(agentTotalUsd, -(total.costUsd ?? 0))
  if (Math.abs(costUsd) <= SAME_USD) return []
  const more = isContinuation
    ? "the agent's total includes the session that this one was resumed or forked from"
    : 'compactions, titles and other side calls have no line in the transcript, and no telemetry of them was received'
  const cause = costUsd > 0 ? more : 'the agent wrote its total before the last calls'
  return [{ between: ['agent total', 'total'], costUsd, cause }]
}

function ofMetrics(
  { calls, firstTelemetryMs }: SessionSources,
  metrics: MetricFigures | undefined,
): readonly Difference[] {
  if (metrics?.costUsd == null) return []
  const events = figuresOf(calls.flatMap(({ telemetry }) => (telemetry ? [telemetry] : [])))
  const costUsd = addUsd(metrics.costUsd, -(events.costUsd ?? 0))
  if (Math.abs(costUsd) <= SAME_USD) return []
  const more =
    firstTelemetryMs === undefined
      ? 'metrics arrive and events do not: check OTEL_LOGS_EXPORTER, or run claude-telemetry doctor'
      : 'metrics include calls without an event, such as answers that were interrupted'
  const cause = costUsd > 0 ? more : 'metrics of the last interval were not sent, or were lost'
  const tokens = metrics.tokens === null ? {} : { tokens: metrics.tokens - allTokens(events) }
  return [{ between: ['metrics', 'telemetry'], costUsd, ...tokens, cause }]
}

/** The call as totals have it: as telemetry reports it, else as the transcript does. */
export function mergedCall(
  telemetry: SourceCall | undefined,
  transcript: SourceCall | undefined,
): SourceCall {
  const call = telemetry ?? transcript
  if (call === undefined) throw new Error('a call without a source')
  return call
}

/** Calls of one side alone, a difference for each cause. `sign` is -1 where telemetry lacks them. */
function grouped(
  calls: readonly SourceCall[],
  cause: (call: SourceCall) => string,
  sign: 1 | -1,
): readonly Difference[] {
  return [...Map.groupBy(calls, cause)].map(([text, of]) => {
    const { calls: count, costUsd, ...figures } = figuresOf(of)
    return {
      between: ['telemetry', 'transcript'],
      calls: sign * count,
      ...(costUsd !== null && { costUsd: sign * costUsd }),
      tokens: sign * allTokens(figures),
      cause: text,
    }
  })
}

function allTokens({ input, output, cacheRead, cacheCreation }: Pick<Figures, Kind>): number {
  return input + output + cacheRead + cacheCreation
}

type Kind = (typeof KINDS)[number]

function sumOf(usage: TokenUsage): number {
  return KINDS.reduce((sum, kind) => sum + usage[kind], 0)
}
