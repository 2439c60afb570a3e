/**
 * What metric points mean: samples. Which increment a cumulative point stands for depends on the
 * points before it, so that is settled with the session's state (`sessions/usage/series.ts`), in the
 * same transaction. Pure.
 */
import { agentNameOf } from '../agents/registry.ts'
import { textOf, textsOf } from '../agents/read-attribute.ts'
import { sessionKeyOf } from '../domain/identity.ts'
import { isPlausibleMetric, type MetricSample } from '../domain/metric-sample.ts'
import { isPlausibleTime } from '../domain/numbers.ts'
import type { Arrival } from '../domain/session-store.ts'
import type { MetricPoint } from '../domain/telemetry-record.ts'
import { marksOf } from './identify.ts'
import type { MetricIdentity } from './record-processor.ts'

const NANOS_PER_MS = 1e6

export function metricArrival(
  point: MetricPoint,
  identity: MetricIdentity,
  arrivedMs: number,
): Arrival {
  const { origin, ...record } = point
  const item = sampleOf(point, identity)
  return {
    sessionKey: sessionKeyOf(item.agent, item.sessionId),
    item,
    origin,
    stored: { signal: 'metric', record },
    arrivedMs,
  }
}

function sampleOf(point: MetricPoint, identity: MetricIdentity): MetricSample {
  const { profile, timeMs, implausible } = identity
  const name = profile.metricName?.(point.name) ?? point.name
  const row = Object.hasOwn(profile.metrics, name) ? profile.metrics[name] : undefined
  const facet = row?.facet === undefined ? undefined : textOf(point.attributes, row.facet)
  const model = row?.model === undefined ? undefined : textOf(point.attributes, row.model)
  const dimensions = row?.dimensions && textsOf(point.attributes, row.dimensions)
  const startMs = startMsOf(point, timeMs)
  const measure = row?.measure ?? 'other'
  const isBelieved = isPlausibleMetric(point.value, measure, point.temporality)
  const marks = marksOf(isBelieved ? undefined : { value: String(point.value) }, implausible)
  return {
    kind: 'metric',
    agent: agentNameOf(profile, point.origin, point.attributes),
    sessionId: identity.sessionId,
    dedupKey: identity.dedupKey,
    seriesKey: identity.seriesKey,
    temporality: point.temporality,
    name,
    measure,
    value: isBelieved ? point.value : undefined,
    timeMs,
    ...(timeMs !== point.timeMs && { isTimeOfArrival: true }),
    identity: profile.identity(point.origin, point.attributes),
    ...(facet !== undefined && { facet }),
    ...(model !== undefined && { model }),
    ...(dimensions !== undefined && { dimensions }),
    ...(startMs !== undefined && { startMs }),
    ...(marks !== undefined && { implausible: marks }),
    ...(point.masked !== undefined && { masked: point.masked }),
  }
}

/** Undefined where it was not sent, or cannot be true. */
function startMsOf({ startNanos }: MetricPoint, timeMs: number): number | undefined {
  const startMs = Number(startNanos) / NANOS_PER_MS
  return isPlausibleTime(startMs, timeMs) ? startMs : undefined
}

/** By time, so that a series is in order. */
export function compareMetrics(a: Arrival, b: Arrival): number {
  return a.item.timeMs - b.item.timeMs
}
