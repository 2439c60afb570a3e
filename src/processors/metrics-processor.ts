/**
 * The second door: metric points in, samples out. Which increment a cumulative point stands
 * for depends on the points before it, so that is settled with the session's state
 * (`sessions/usage/series.ts`), in the same transaction. Pure.
 */
import { hash } from 'node:crypto'
import type { AgentProfile } from '../agents/profile.ts'
import { textOf } from '../agents/read-attribute.ts'
import { sessionKeyOf } from '../domain/identity.ts'
import { isPlausibleMetric, type MetricSample } from '../domain/metric-sample.ts'
import type { Implausible } from '../domain/numbers.ts'
import type { Intake, Rejection } from '../domain/rejection.ts'
import { ok, type Result } from '../domain/result.ts'
import type { Arrival } from '../domain/session-store.ts'
import type { MetricPoint } from '../domain/telemetry-record.ts'
import { type RecordReader, readRecords } from './record-reader.ts'
import { agentOf, believableTimeMs, marksOf, sessionIdOf, timeMark } from './record-session.ts'

/** Sorted by time, so that a series is in order. */
export const metricReader: RecordReader<MetricPoint> = {
  read: toArrival,
  compare: (a, b) => a.item.timeMs - b.item.timeMs,
}

/** Translates a batch. */
export function processMetrics(points: readonly MetricPoint[], arrivedMs: number): Intake<Arrival> {
  return readRecords(metricReader, points, arrivedMs)
}

function toArrival(point: MetricPoint, arrivedMs: number): Result<Arrival, Rejection> {
  const sample = toSample(point, arrivedMs)
  if (!sample.ok) return sample
  const { origin, ...record } = point
  return ok({
    sessionKey: sessionKeyOf(sample.value.agent, sample.value.sessionId),
    item: sample.value,
    origin,
    stored: { signal: 'metric', record },
    arrivedMs,
  })
}

function toSample(point: MetricPoint, arrivedMs: number): Result<MetricSample, Rejection> {
  const profile = agentOf(point.origin)
  if (!profile.ok) return profile
  const timeMs = believableTimeMs(point.timeMs, arrivedMs)
  const sessionId = sessionIdOf(profile.value, point.attributes, timeMs)
  if (!sessionId.ok) return sessionId
  const mark = timeMark('time', point.timeMs, arrivedMs)
  return ok(readSample(profile.value, point, sessionId.value, { timeMs, mark }))
}

function readSample(
  profile: AgentProfile,
  point: MetricPoint,
  sessionId: string,
  { timeMs, mark }: { readonly timeMs: number; readonly mark: Implausible | undefined },
): MetricSample {
  const row = Object.hasOwn(profile.metrics, point.name) ? profile.metrics[point.name] : undefined
  const facet = row?.facet === undefined ? undefined : textOf(point.attributes, row.facet)
  const seriesKey = seriesKeyOf(point)
  const measure = row?.measure ?? 'other'
  const isBelieved = isPlausibleMetric(point.value, measure, point.temporality)
  const marks = marksOf(isBelieved ? undefined : { value: String(point.value) }, mark)
  return {
    kind: 'metric',
    agent: profile.agent,
    sessionId,
    dedupKey: `${seriesKey}|${point.timeNanos}`,
    seriesKey,
    temporality: point.temporality,
    name: point.name,
    measure,
    value: isBelieved ? point.value : undefined,
    timeMs,
    identity: profile.identity(point.origin, point.attributes),
    ...(facet !== undefined && { facet }),
    ...(marks !== undefined && { implausible: marks }),
  }
}

/**
 * A series is its resource, scope, name and attributes (data model of OTLP metrics); with its
 * start time it is one run of values that only grows. Two processes of one resumed session
 * have runs of their own.
 */
function seriesKeyOf(point: MetricPoint): string {
  const { resource, scopeName } = point.origin
  const parts = [
    scopeName,
    point.name,
    point.startNanos,
    sorted(resource),
    sorted(point.attributes),
  ]
  return hash('sha1', JSON.stringify(parts)).slice(0, 24)
}

function sorted(attributes: MetricPoint['attributes']): unknown[] {
  return Object.keys(attributes)
    .sort()
    .map((key) => [key, attributes[key]])
}
