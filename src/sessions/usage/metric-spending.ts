/**
 * What a session spent while its events do not arrive, as its metrics tell it. Events are the source of
 * cost and tokens; metrics fill in only for stretches of time in which no event of a model call came.
 * When one comes after all, late, what metrics told of its stretch is taken back, so that nothing counts
 * twice. Plain data within the session's state, bounded.
 */
import type { EventBase } from '../../domain/agent-event.ts'
import { addUsd } from '../../domain/exact-sum.ts'
import type { MetricSample } from '../../domain/metric-sample.ts'
import { bucketOf, dimensionsKey } from '../../domain/usage.ts'
import type { Draft } from '../draft.ts'
import { countedSegment } from '../work/segments.ts'
import { countedDimensions } from './dimensions.ts'
import { keyOf, OTHER_NAMES } from './name-table.ts'
import type { SeriesRun } from './series.ts'
import { emptyUsage, type MetricPart, type MetricStretch, type MutableUsage } from './totals.ts'
import { addModelUsage, negated, tokenAmounts } from './usage.ts'

/** An hour of the usual interval; older ones are put together, and then only go together. */
const MAX_STRETCHES = 60
const MAX_PARTS = 20
/** The event of a call and the growth of its metrics are not of one moment. */
const SLACK_MS = 1000
/** Of a point that does not say when it began. */
const USUAL_INTERVAL_MS = 60_000

/** The time that a sample's growth is of; `last` is the point of its series before. */
export function intervalOf(
  { temporality, startMs, timeMs, isTimeOfArrival }: MetricSample,
  last: SeriesRun | undefined,
): { readonly fromMs: number; readonly toMs: number } {
  // Its growth may be of any time before.
  if (isTimeOfArrival === true) return { fromMs: 0, toMs: timeMs }
  const begunMs = temporality === 'cumulative' && last !== undefined ? last.timeMs : startMs
  const isKnown = begunMs !== undefined && begunMs <= timeMs
  return { fromMs: isKnown ? begunMs : timeMs - USUAL_INTERVAL_MS, toMs: timeMs }
}

/** Counts the growth of cost or tokens, unless events tell of that time. */
export function noteMetricSpending(
  draft: Draft,
  sample: MetricSample,
  by: number,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): void {
  const { state } = draft
  if (by <= 0 || (state.lastCallMs ?? Number.NEGATIVE_INFINITY) > fromMs - SLACK_MS) return
  const stretch = state.metricStretches.find((one) => one.fromMs === fromMs && one.toMs === toMs)
  const name = keyOf(state.totals.models, sample.model ?? 'unknown')
  const bucketMs = bucketOf(toMs)
  const isRoom = (stretch?.parts.length ?? 0) < MAX_PARTS
  const isKnown = stretch?.parts.some((part) => part.model === name && isPlain(part)) === true
  const told = { ...sample.dimensions, ...countedSegment(state, toMs, sample.identity.labels) }
  const isTold = Object.keys(told).length > 0
  const part: MetricPart = {
    bucketMs,
    model: isKnown || isRoom ? name : OTHER_NAMES,
    ...(isRoom && isTold && { dimensions: told }),
    costUsd: sample.measure === 'cost_usd' ? by : 0,
    usage: sample.measure === 'tokens' ? tokensOf(sample.facet, by) : emptyUsage(),
  }
  count(draft, part, 1)
  const grown = { fromMs, toMs, parts: withPart(stretch?.parts ?? [], part) }
  const others = state.metricStretches.filter((one) => one !== stretch)
  state.metricStretches = bounded([...others, grown])
}

/**
 * An event tells of a call: what metrics told of its time does not count any more. Of an event whose
 * own time cannot be true nobody knows when it was, so nothing that metrics told stays.
 */
export function takeBackMetricSpending(
  draft: Draft,
  { timeMs, implausible }: Pick<EventBase, 'timeMs' | 'implausible'>,
): void {
  const { state } = draft
  state.lastCallMs = Math.max(state.lastCallMs ?? timeMs, timeMs)
  if (state.metricStretches.length === 0) return
  const isOfIt = ({ fromMs, toMs }: MetricStretch): boolean =>
    implausible?.time !== undefined || (timeMs > fromMs - SLACK_MS && timeMs <= toMs + SLACK_MS)
  const gone = state.metricStretches.filter(isOfIt)
  if (gone.length === 0) return
  for (const { parts } of gone) for (const part of parts) count(draft, part, -1)
  state.metricStretches = state.metricStretches.filter((one) => !isOfIt(one))
}

/** What metrics alone told, by model. */
export function metricModels(stretches: readonly MetricStretch[]): readonly MetricPart[] {
  const parts = stretches.flatMap((stretch) => stretch.parts).map((p) => ({ ...p, bucketMs: 0 }))
  return parts.reduce<readonly MetricPart[]>(withPart, [])
}

function count({ state, usage }: Draft, part: MetricPart, sign: 1 | -1): void {
  const { totals } = state
  totals.metricsUsd = addUsd(totals.metricsUsd, sign * part.costUsd)
  totals.metricsUsage = sum(totals.metricsUsage, part.usage, sign)
  const { bucketMs, model, dimensions: told = {}, costUsd } = part
  const dimensions = countedDimensions(totals, told, 'metrics')
  const amounts = { costUsd, metricsUsd: costUsd, ...tokenAmounts(part.usage) }
  const key = { bucketMs, model, isSubagent: false, dimensions }
  addModelUsage(usage, key, sign === 1 ? amounts : negated(amounts))
}

function isPlain({ dimensions }: MetricPart): boolean {
  return dimensions === undefined
}

function withPart(parts: readonly MetricPart[], more: MetricPart): readonly MetricPart[] {
  const isSame = (part: MetricPart): boolean =>
    part.bucketMs === more.bucketMs &&
    part.model === more.model &&
    dimensionsKey(part.dimensions ?? {}) === dimensionsKey(more.dimensions ?? {})
  if (!parts.some(isSame)) return [...parts, more]
  return parts.map((part) =>
    isSame(part)
      ? {
          ...part,
          costUsd: addUsd(part.costUsd, more.costUsd),
          usage: sum(part.usage, more.usage, 1),
        }
      : part,
  )
}

function bounded(stretches: readonly MetricStretch[]): readonly MetricStretch[] {
  const [first, second, ...rest] = stretches
  if (stretches.length <= MAX_STRETCHES || first === undefined || second === undefined) {
    return stretches
  }
  const together = {
    fromMs: Math.min(first.fromMs, second.fromMs),
    toMs: Math.max(first.toMs, second.toMs),
    parts: second.parts.reduce(withPart, first.parts),
  }
  return [together, ...rest]
}

const TOKEN_KINDS = ['input', 'output', 'cacheRead', 'cacheCreation'] as const

function tokensOf(facet: string | undefined, by: number): MutableUsage {
  const usage = emptyUsage()
  const kind = TOKEN_KINDS.find((each) => each === facet)
  if (kind !== undefined) usage[kind] = by
  return usage
}

function sum(a: Readonly<MutableUsage>, b: Readonly<MutableUsage>, sign: 1 | -1): MutableUsage {
  return {
    input: a.input + sign * b.input,
    output: a.output + sign * b.output,
    cacheRead: a.cacheRead + sign * b.cacheRead,
    cacheCreation: a.cacheCreation + sign * b.cacheCreation,
  }
}
