/**
 * Third stage: takes out what must not be stored or sent (`docs/privacy.md`). It stands before
 * whatever makes something of a record's texts: keys, titles, states, rows, what is exported.
 * Nothing behind it sees what it removed.
 */
import type { Rejection } from '../domain/rejection.ts'
import type { NextProcessor, RecordBatch, RecordProcessor } from './record-processor.ts'
import { createLongTextCollector, type LongTextMasker, maskAll } from './redact/long-texts.ts'
import type { MaskedBefore, RecordMasker } from './redact/record-masker.ts'

export interface RedactDeps {
  readonly masker: RecordMasker
  /** Where long texts are masked; absent where all are masked in this thread. */
  readonly longTexts?: LongTextMasker | undefined
  /** Told how many values of a record were masked, by rule. */
  readonly onMasked?: ((counts: Readonly<Record<string, number>>) => void) | undefined
}

/** Batches leave in the order in which they came, also where one of them waits for a long text. */
export function createRedact({ masker, longTexts, onMasked }: RedactDeps): RecordProcessor {
  /** Settled once all batches before have been masked; undefined while none waits. */
  let turn: Promise<void> | undefined

  function isMasked({ request }: RecordBatch): boolean {
    return request.maskedBy === masker.fingerprint
  }

  function mask(batch: RecordBatch, before?: MaskedBefore): void {
    const isDone = isMasked(batch)
    for (const record of batch.records) {
      if (!isDone) masker.mask(record, before)
      const { masked } = record.record
      if (masked !== undefined) onMasked?.(masked)
    }
  }

  /** Waits for the batches before; hands this one on before those behind it. */
  async function inTurn(
    batch: RecordBatch,
    next: NextProcessor,
    masking: Promise<MaskedBefore> | undefined,
  ): Promise<readonly Rejection[]> {
    const previous = turn
    const handedOn = (async () => {
      const [before] = await Promise.all([masking, previous])
      mask(batch, before)
      // In an object: nobody behind waits until it is stored.
      return { stored: next(batch) }
    })()
    const over = handedOn.then(
      () => undefined,
      () => undefined,
    )
    turn = over
    void over.then(() => {
      if (turn === over) turn = undefined
    })
    const { stored } = await handedOn
    return stored
  }

  return {
    name: 'redact',
    process: async (batch, next) => {
      const masking = longTexts && !isMasked(batch) ? maskLong(batch, longTexts) : undefined
      if (masking !== undefined || turn !== undefined) return inTurn(batch, next, masking)
      mask(batch)
      return next(batch)
    },
  }
}

/** Undefined where nothing is long. */
function maskLong(
  batch: RecordBatch,
  longTexts: LongTextMasker,
): Promise<MaskedBefore> | undefined {
  const texts = longTextsOf(batch)
  return texts.size > 0 ? maskAll(texts, longTexts) : undefined
}

/** What is long in the records themselves; what they share is masked once and stays in this thread. */
function longTextsOf({ records }: RecordBatch): ReadonlySet<string> {
  const collector = createLongTextCollector()
  for (const { record } of records) {
    const own = record as unknown as Readonly<Record<string, unknown>>
    for (const key in own) if (key !== 'origin') collector.add(own[key])
  }
  return collector.texts()
}
