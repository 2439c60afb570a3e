/**
 * The one way in. Every receiver hands its records to `Intake.accept`; they pass the stages in the
 * order of the list below, and are durable when it resolves.
 */
import type { Rejection } from '../domain/rejection.ts'
import type { Arrival } from '../domain/session-store.ts'
import { createEnrich, type EnrichDeps } from './enrich.ts'
import type { QuarantineStore } from '../domain/quarantine.ts'
import { identifyRecord } from './identify.ts'
import { createPlacement } from './place-spans.ts'
import { quarantined } from './quarantine.ts'
import { recognise } from './recognise.ts'
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
  /** What may be said of a request: what quotes it goes through the same masking as its records. */
  readonly redactText: (text: string) => string
}

export interface IntakeDeps extends EnrichDeps {
  readonly masker: RecordMasker
  /** Where long texts are masked; absent where all are masked in this thread. */
  readonly longTexts?: LongTextMasker
  /** Makes translated records durable. */
  readonly store: (arrivals: readonly Arrival[]) => Promise<void>
  /** Where records go that cannot be placed; absent where they are only refused. */
  readonly quarantine?: Pick<QuarantineStore, 'keep'>
}

export function createIntake(all: IntakeDeps): Intake {
  const { masker, longTexts, store, quarantine, ...deps } = all
  const processors: readonly RecordProcessor[] = [
    recognise,
    createPlacement(),
    createEnrich(deps),
    createRedact({ masker, longTexts }),
    quarantined('identify', identifyRecord, quarantine),
    translate,
  ]
  const take = processors.reduceRight<NextProcessor>(
    (next, processor) => (batch) => processor.process(batch, next),
    async ({ records }) => {
      await store(inOrder(records))
      return []
    },
  )
  return {
    accept: (records, request) => take({ request, records: inProcess(records) }),
    redactText: (text) => masker.maskText(text),
  }
}
