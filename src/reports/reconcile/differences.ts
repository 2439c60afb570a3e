/**
 * Where the sources of a session differ, with what it likely comes from. Pure. A difference is shown,
 * never mended.
 */
import type { TokenUsage } from '../../domain/agent-event.ts'
import { addUsd } from '../../domain/exact-sum.ts'
import type { JoinedCall, SessionSources, SourceCall } from './session-sources.ts'

/** What some calls add up to. */
export interface Figures {
  readonly calls: number
  readonly input: number
  readonly output: number
  readonly cacheRead: number
  readonly cacheCreation: number
  /** US dollars, of the calls that have a price. */
  readonly costUsd: number
  readonly unpricedCalls: number
}

/** What metrics report; null is what none of them reports. */
export interface MetricFigures {
  readonly costUsd: number | null
  readonly tokens: number | null
}

export interface Difference {
  readonly between: readonly [string, string]
  /** Calls that it is about; absent where no calls can be named. */
  readonly calls?: number
  /** US dollars that the second side lacks; less than 0 where the first one does. */
  readonly costUsd?: number
  readonly tokens?: number
  readonly cause: string
}

/** Sums of doubles that come to the same are not further apart. */
const SAME_USD = 1e-6

export function figuresOf(calls: readonly SourceCall[]): Figures {
  const sum = { calls: 0, ...NO_TOKENS, costUsd: 0, unpricedCalls: 0 }
  for (const { usage, costUsd } of calls) {
    sum.calls += 1
    for (const kind of KINDS) sum[kind] += usage?.[kind] ?? 0
    if (costUsd === undefined) sum.unpricedCalls += 1
    else sum.costUsd = addUsd(sum.costUsd, costUsd)
  }
  return sum
}

export function differencesOf(
  sources: SessionSources,
  metrics: MetricFigures | undefined,
): readonly Difference[] {
  return [
    ...missingLines(sources),
    ...missingEvents(sources),
    ...otherFigures(sources.calls),
    ...copies(sources),
    ...ofAgentTotal(sources),
    ...ofMetrics(sources, metrics),
  ]
}

const KINDS = ['input', 'output', 'cacheRead', 'cacheCreation'] as const
const NO_TOKENS = { input: 0, output: 0, cacheRead: 0, cacheCreation: 0 }

/** Calls of telemetry of which the transcript has nothing. */
function missingLines({ calls, lastTranscriptMs }: SessionSources): readonly Difference[] {
  const alone = calls.flatMap(({ telemetry, transcript }) =>
    telemetry !== undefined && transcript === undefined ? [telemetry] : [],
  )
  const cause = ({ querySource = '', timeMs }: SourceCall): string => {
    if (lastTranscriptMs === undefined) {
      return 'no transcript of the session was imported: it is on another machine, was deleted, or is not imported yet'
    }
    if (/compact/i.test(querySource)) return 'compactions leave no line in the transcript'
    if (/title|topic|summar|hook|haiku|side|quota/i.test(querySource)) {
      return 'titles and other side calls leave no line in the transcript'
    }
    if (timeMs > lastTranscriptMs) {
      return 'the calls came after the transcript was read: import it again'
    }
    return 'the calls have no line: an older version of the agent asked for topics and titles, or the file of a subagent is missing'
  }
  return grouped(['telemetry', 'transcript'], alone, cause, 1)
}

/** Calls of the transcript of which telemetry has nothing. */
function missingEvents({ calls, firstTelemetryMs }: SessionSources): readonly Difference[] {
  const alone = calls.flatMap(({ telemetry, transcript }) =>
    transcript !== undefined && telemetry === undefined ? [transcript] : [],
  )
  const cause = ({ timeMs }: SourceCall): string => {
    if (firstTelemetryMs === undefined) {
      return 'the session sent no telemetry: it ran before claude-telemetry was installed, or with telemetry off'
    }
    if (timeMs < firstTelemetryMs) return 'the calls were made before telemetry was switched on'
    return 'telemetry of the calls did not arrive: the bridge was not running, or the agent ended before it sent them'
  }
  return grouped(['telemetry', 'transcript'], alone, cause, -1)
}

/** Calls of both that do not say the same. */
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
            ...{ between, calls: tokenCalls, tokens },
            cause: 'the last line of the answer was written before its tokens were final',
          },
        ]
      : []),
    ...(costCalls > 0
      ? [
          {
            ...{ between, calls: costCalls, costUsd },
            cause:
              'the price table here and the agent’s own prices differ; the agent’s figure counts',
          },
        ]
      : []),
  ]
}

function copies({ isContinuation }: SessionSources): readonly Difference[] {
  if (!isContinuation) return []
  return [
    {
      between: ['transcript', 'what counts'],
      cause:
        'the session was resumed or forked: the lines it copied count in the session that wrote them first',
    },
  ]
}

function ofAgentTotal({ agentTotalUsd, calls, isContinuation }: SessionSources) {
  if (agentTotalUsd === undefined) return []
  const { costUsd } = figuresOf(
    calls.map(({ telemetry, transcript }) => countedOf(telemetry, transcript)),
  )
  const missing = addUsd(agentTotalUsd, -costUsd)
  if (Math.abs(missing) <= SAME_USD) return []
  const more = isContinuation
    ? 'the agent’s total has the session in it that this one goes on from'
    : 'calls without a line, such as compactions and titles, of which no telemetry came'
  const cause = missing > 0 ? more : 'the agent wrote its total before the last calls'
  return [{ between: ['agent’s total', 'what counts'], costUsd: missing, cause } as const]
}

function ofMetrics(
  { calls, firstTelemetryMs }: SessionSources,
  metrics: MetricFigures | undefined,
) {
  if (metrics?.costUsd == null) return []
  const events = figuresOf(calls.flatMap(({ telemetry }) => (telemetry ? [telemetry] : [])))
  const costUsd = addUsd(metrics.costUsd, -events.costUsd)
  if (Math.abs(costUsd) <= SAME_USD) return []
  const more =
    firstTelemetryMs === undefined
      ? 'metrics arrive and events do not: see OTEL_LOGS_EXPORTER, or run claude-telemetry doctor'
      : 'metrics have calls whose event did not come, such as answers that were interrupted'
  const cause = costUsd > 0 ? more : 'the metrics of the last interval were not sent, or were lost'
  const tokens = metrics.tokens === null ? {} : { tokens: metrics.tokens - allTokens(events) }
  return [{ between: ['metrics', 'telemetry'], costUsd, ...tokens, cause } as const]
}

/** Telemetry is the source of what it tells. */
export function countedOf(
  telemetry: SourceCall | undefined,
  transcript: SourceCall | undefined,
): SourceCall {
  const call = telemetry ?? transcript
  if (call === undefined) throw new Error('a call that nobody tells')
  return call
}

/** One difference for each cause. */
function grouped(
  between: readonly [string, string],
  calls: readonly SourceCall[],
  cause: (call: SourceCall) => string,
  sign: 1 | -1,
): readonly Difference[] {
  return [...Map.groupBy(calls, cause)].map(([text, of]) => {
    const { calls: count, costUsd, ...figures } = figuresOf(of)
    const tokens = allTokens(figures)
    return { between, calls: count, costUsd: sign * costUsd, tokens: sign * tokens, cause: text }
  })
}

function allTokens({ input, output, cacheRead, cacheCreation }: Pick<Figures, Kind>): number {
  return input + output + cacheRead + cacheCreation
}

type Kind = (typeof KINDS)[number]

function sumOf(usage: TokenUsage): number {
  return KINDS.reduce((sum, kind) => sum + usage[kind], 0)
}
