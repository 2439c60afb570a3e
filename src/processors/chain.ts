/**
 * The one way in. Every receiver hands its records to `Intake.accept`; they pass the stages in the
 * order of the list below, and are durable when it resolves.
 */
import type { Rejection } from '../domain/rejection.ts'
import type { Arrival } from '../domain/session-store.ts'
import type { TraceStore } from '../domain/trace-store.ts'
import type { MetricPoint, UnusedMetric } from '../domain/telemetry-record.ts'
import { type Brake, createBrakeStage } from './brake.ts'
import { createEnrich, type EnrichDeps } from './enrich.ts'
import type { QuarantineStore } from '../domain/quarantine.ts'
import { identifyRecord } from './identify.ts'
import { ownedArrivals } from './owned.ts'
import { createPlacement } from './place-spans.ts'
import { quarantined } from './quarantine.ts'
import { recognise, recogniseRecord } from './recognise.ts'
import {
  type IngestRequest,
  inProcess,
  type NextProcessor,
  type RecordProcessor,
  type SignalRecords,
} from './record-processor.ts'
import { createRedact } from './redact.ts'
import type { LongTextMasker } from './redact/long-texts.ts'
import type { RecordMasker } from './redact/record-masker.ts'
import { inOrder, translate } from './translate.ts'

export interface Intake {
  /**
   * Takes records of a request, of which a large one brings several lots. Resolves once they are
   * durable, to the refusals of those that were not taken. Rejects when they could not all be
   * stored; those that were are known when they come again.
   */
  accept(records: SignalRecords, request: IngestRequest): Promise<readonly Rejection[]>
  /**
   * Metrics of which nothing is made: resolves to how many of their points belong to a known agent,
   * and to the refusals of the others, one a point.
   */
  notUsed(
    metrics: readonly UnusedMetric[],
    request: IngestRequest,
  ): { readonly points: number; readonly rejected: readonly Rejection[] }
  /** What may be said of a request: what quotes it goes through the same masking as its records. */
  readonly redactText: (text: string) => string
}

export interface IntakeDeps extends EnrichDeps {
  readonly masker: RecordMasker
  /** Where long texts are masked; absent where all are masked in this thread. */
  readonly longTexts?: LongTextMasker
  /** Told how many values of a record were masked, by rule. */
  readonly onMasked?: (counts: Readonly<Record<string, number>>) => void
  /** What is known of traces, for spans that come later. */
  readonly traces: TraceStore
  /** Makes translated records durable. */
  readonly store: (arrivals: readonly Arrival[]) => Promise<void>
  /** What spent budgets refuse; absent where they only tell. */
  readonly brake?: Brake | undefined
  /** Where records go that cannot be placed; absent where they are only refused. */
  readonly quarantine?: Pick<QuarantineStore, 'keep'>
}

export function createIntake(all: IntakeDeps): Intake {
  const { masker, longTexts, onMasked, traces, store, quarantine, brake, ...deps } = all
  const processors: readonly RecordProcessor[] = [
    recognise,
    createEnrich(deps),
    createRedact({ masker, longTexts, onMasked }),
    createPlacement(traces, (text) => masker.maskText(text)),
    quarantined('identify', identifyRecord, quarantine),
    ...(brake === undefined ? [] : [createBrakeStage(brake)]),
    translate,
  ]
  const take = processors.reduceRight<NextProcessor>(
    (next, processor) => (batch) => processor.process(batch, next),
    async ({ records, request }) => {
      const arrivals = ownedArrivals(inOrder(records), request.owner)
      const { keyName } = request
      await store(
        keyName === undefined ? arrivals : arrivals.map((arrival) => ({ ...arrival, keyName })),
      )
      return []
    },
  )
  return {
    accept: (records, request) => take({ request, records: inProcess(records) }),
    notUsed: (metrics, request) => notUsed(metrics, request, masker),
    redactText: (text) => masker.maskText(text),
  }
}

/** Who sent such a metric is found out as for a point. */
function notUsed(
  metrics: readonly UnusedMetric[],
  { arrivedMs }: IngestRequest,
  masker: RecordMasker,
): ReturnType<Intake['notUsed']> {
  let points = 0
  const rejected: Rejection[] = []
  for (const metric of metrics) {
    const [record] = inProcess({ signal: 'metric', records: [pointOf(metric)] })
    if (record === undefined) continue
    recogniseRecord(record, arrivedMs)
    masker.mask(record)
    const rejection = identifyRecord(record, arrivedMs)
    if (rejection?.reason !== 'unknown_agent') points += metric.points
    else for (let i = 0; i < metric.points; i++) rejected.push(rejection)
  }
  return { points, rejected }
}

function pointOf({ origin, name }: UnusedMetric): MetricPoint {
  return {
    origin,
    name,
    unit: '',
    temporality: 'cumulative',
    startNanos: '0',
    timeNanos: '0',
    timeMs: undefined,
    value: 0,
    attributes: {},
  }
}
