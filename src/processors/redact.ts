/**
 * Third stage: takes out what must not be stored or sent (`docs/privacy.md`). It stands before
 * whatever makes something of a record's texts: keys, titles, states, rows, what is exported.
 * Nothing behind it sees what it removed.
 */
import type { Rejection } from '../domain/rejection.ts'
import type { NextProcessor, RecordBatch, RecordProcessor } from './record-processor.ts'
import { LONG_TEXT, type LongTextMasker } from './redact/long-texts.ts'
import type { MaskedText, RecordMasker } from './redact/record-masker.ts'

export interface RedactDeps {
  readonly masker: RecordMasker
  /** Where long texts are masked; absent where all are masked in this thread. */
  readonly longTexts?: LongTextMasker | undefined
}

/** Batches leave in the order in which they came, also where one of them waits for a long text. */
export function createRedact({ masker, longTexts }: RedactDeps): RecordProcessor {
  /** Settled once all batches before have been masked; undefined while none waits. */
  let turn: Promise<void> | undefined

  async function maskedTexts(texts: ReadonlySet<string>): Promise<ReadonlyMap<string, MaskedText>> {
    const masked = new Map<string, MaskedText>()
    if (longTexts === undefined) return masked
    await Promise.all(
      Array.from(texts, async (text) => masked.set(text, await longTexts.mask(text))),
    )
    return masked
  }

  function mask({ records }: RecordBatch, before?: ReadonlyMap<string, MaskedText>): void {
    for (const record of records) masker.mask(record, before)
  }

  /** Waits for the batches before; hands this one on before those behind it. */
  async function inTurn(
    batch: RecordBatch,
    next: NextProcessor,
    texts: ReadonlySet<string>,
  ): Promise<readonly Rejection[]> {
    const previous = turn
    const masking = maskedTexts(texts)
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
      const texts = longTexts === undefined ? noTexts : longTextsOf(batch)
      if (texts.size > 0 || turn !== undefined) return inTurn(batch, next, texts)
      mask(batch)
      return next(batch)
    },
  }
}

const noTexts: ReadonlySet<string> = new Set()

/** What is long in the records themselves; what they share is masked once and stays in this thread. */
function longTextsOf({ records }: RecordBatch): ReadonlySet<string> {
  let found: Set<string> | undefined
  function visit(value: unknown): void {
    if (typeof value === 'string') {
      if (value.length <= LONG_TEXT) return
      found ??= new Set()
      found.add(value)
    } else if (typeof value === 'object' && value !== null) {
      for (const key in value) {
        if (key.length > LONG_TEXT) visit(key)
        visit((value as Readonly<Record<string, unknown>>)[key])
      }
    }
  }
  for (const { record } of records) {
    const own = record as unknown as Readonly<Record<string, unknown>>
    for (const key in own) if (key !== 'origin') visit(own[key])
  }
  return found ?? noTexts
}
