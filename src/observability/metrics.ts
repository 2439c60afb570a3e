/**
 * The product's own metrics for Prometheus. What happens is counted here as it happens, in memory;
 * what there is (queues, sessions, sizes) is asked for at a scrape, by those who register for one.
 * No label holds content, or the name of a session, user, team or path: each has a value of a list
 * that the code or the operator's settings make.
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Threshold } from '../domain/budget.ts'
import type { SignalName } from './ingest-log.ts'

const PREFIX = 'claude_telemetry_'
/** Seconds; a commit takes a millisecond or two, a stalled disk some seconds. */
const COMMIT_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]
const REQUEST_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const EXPORT_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
/** The lag of the event loop is sampled this often once somebody scrapes. */
const LAG_RESOLUTION_MS = 20

/** A request of an agent, once it is answered. */
export interface RequestFacts {
  readonly receiver: 'http' | 'grpc'
  readonly signal: SignalName | 'unknown'
  /** HTTP status, over gRPC the one that corresponds. */
  readonly status: number
  /** Of the body as it came. */
  readonly bytes: number
  /** Records that were kept. */
  readonly records: number
  readonly durationMs: number
}

/** What is counted while it happens. */
export interface Instruments {
  readonly request: (facts: RequestFacts) => void
  /** A transaction of the store, whether it succeeded or not. */
  readonly commit: (durationMs: number, isDone: boolean) => void
  /** A request to the server of an exporter; `outcome` is the kind of its verdict. */
  readonly exported: (exporter: string, outcome: string, durationMs: number) => void
  /** Values that were masked in a record, by rule. */
  readonly masked: (counts: Readonly<Record<string, number>>) => void
  readonly budgetAlert: (scope: string, threshold: Threshold) => void
}

/** One value of a metric, under its labels. */
export interface Sample {
  readonly labels?: Readonly<Record<string, string>>
  readonly value: number
}

/** A metric whose values are asked for at a scrape. */
export interface AskedMetric<T> {
  /** Without the prefix. */
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge'
  readonly labels?: readonly string[]
  /** What is not known has no sample. */
  readonly samples: (answer: T) => readonly Sample[]
}

export interface Metrics extends Instruments {
  /** Has `ask` asked once for each scrape, and the metrics filled from its answer. */
  askAtScrape<T>(ask: () => Promise<T>, metrics: readonly AskedMetric<T>[]): void
  /** All metrics in the text format of Prometheus. Scrapes at the same time share one answer. */
  scrape(): Promise<string>
}

/** The type of a scrape's text. */
export const METRICS_CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE

export function createMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  const counter = (name: string, help: string, labelNames: readonly string[] = []) =>
    new Counter({ name: `${PREFIX}${name}`, help, labelNames, registers })
  const histogram = (
    name: string,
    help: string,
    buckets: number[],
    labelNames: readonly string[] = [],
  ) => new Histogram({ name: `${PREFIX}${name}`, help, buckets, labelNames, registers })

  const requests = counter('requests_total', "Agents' requests that were answered.", [
    'receiver',
    'signal',
    'code',
  ])
  const signal = ['receiver', 'signal'] as const
  const requestBytes = counter('request_bytes_total', 'Bytes of their bodies, as sent.', signal)
  const records = counter(
    'records_total',
    'Records that were stored, including known ones.',
    signal,
  )
  const requestSeconds = histogram(
    'request_duration_seconds',
    'Time from the headers of a request to its answer.',
    REQUEST_BUCKETS,
    signal,
  )
  const commitSeconds = histogram(
    'storage_commit_duration_seconds',
    'Time of a transaction until it is durable.',
    COMMIT_BUCKETS,
  )
  const commitFailures = counter('storage_commit_failures_total', 'Transactions that failed.')
  const exports = counter(
    'exporter_requests_total',
    "Requests to an exporter's server, by outcome.",
    ['exporter', 'outcome'],
  )
  const exportSeconds = histogram(
    'exporter_request_duration_seconds',
    "Time of a request to an exporter's server.",
    EXPORT_BUCKETS,
    ['exporter'],
  )
  const maskedValues = counter('masked_values_total', 'Values that were masked, by rule.', ['rule'])
  const budgetAlerts = counter('budget_alerts_total', 'Budget alerts, by threshold in percent.', [
    'scope',
    'threshold',
  ])

  const collections: (() => Promise<void>)[] = []
  let underWay: Promise<string> | undefined
  let hasDefaults = false

  async function scrape(): Promise<string> {
    // A bridge that nobody scrapes does not wake up to measure its lag.
    if (!hasDefaults) {
      collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LAG_RESOLUTION_MS })
      hasDefaults = true
    }
    await Promise.all(collections.map((collect) => collect()))
    return registry.metrics()
  }

  return {
    request: ({ receiver, signal: name, status, bytes, records: kept, durationMs }) => {
      requests.inc({ receiver, signal: name, code: String(status) })
      const labels = { receiver, signal: name }
      requestBytes.inc(labels, bytes)
      if (kept > 0) records.inc(labels, kept)
      requestSeconds.observe(labels, durationMs / 1000)
    },
    commit: (durationMs, isDone) => {
      commitSeconds.observe(durationMs / 1000)
      if (!isDone) commitFailures.inc()
    },
    exported: (exporter, outcome, durationMs) => {
      exports.inc({ exporter, outcome })
      exportSeconds.observe({ exporter }, durationMs / 1000)
    },
    masked: (counts) => {
      for (const rule in counts) maskedValues.inc({ rule }, counts[rule])
    },
    budgetAlert: (scope, threshold) => budgetAlerts.inc({ scope, threshold }),
    askAtScrape: (ask, metrics) => {
      const filled = metrics.map((metric) => createAsked(metric, registers))
      collections.push(async () => {
        const answer = await ask()
        for (const fill of filled) fill(answer)
      })
    },
    scrape: () => {
      underWay ??= scrape().finally(() => {
        underWay = undefined
      })
      return underWay
    },
  }
}

function createAsked<T>(
  { name, help, type, labels: labelNames = [], samples }: AskedMetric<T>,
  registers: Registry[],
): (answer: T) => void {
  const options = { name: `${PREFIX}${name}`, help, labelNames, registers }
  const metric = type === 'counter' ? new Counter(options) : new Gauge(options)
  return (answer) => {
    metric.reset()
    // One without labels begins at 0, which is not what it says while nothing is known.
    if (labelNames.length === 0) metric.remove()
    for (const { labels = {}, value } of samples(answer)) metric.inc(labels, value)
  }
}
