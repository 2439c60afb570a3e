/**
 * Masks what is stored already: the records of a batch as the chain would have masked them when they
 * came, and whatever was made of them. Pure, like the masker behind it. Content that is not to be kept
 * (`CONTENT_…=drop`) is none of its business: that holds for what comes.
 */
import type { Attributes } from '../domain/json-value.ts'
import type { Arrival } from '../domain/session-store.ts'
import type {
  Masked,
  Origin,
  Signal,
  SpanRecord,
  StoredBatch,
  StoredRecord,
} from '../domain/telemetry-record.ts'
import type { JsonMessage } from '../otlp/message-codec.ts'
import { createRecordMasker, createTextMasking, type MaskSettings } from './redact/record-masker.ts'
import { createRequestMasker } from './redact/request-masker.ts'
import type { RecordInProcess } from './record-processor.ts'
import { processStored, storedInProcess } from './stored-processor.ts'

/** Called with the secrets that were masked in one thing, by rule. */
export type CountSecrets = (secrets: Masked) => void

/** What a record meant, and what it means now that it is masked. */
export interface MaskedMeaning {
  readonly before: Arrival | undefined
  readonly after: Arrival | undefined
}

export interface MaskedBatch {
  /** The same object where nothing of it, nor of its origin, was masked. */
  readonly batch: StoredBatch
  /** Indexes of the records that hold something else than before. */
  readonly changed: readonly number[]
}

export interface StoredMasker {
  /** A batch with its origin. */
  batch(batch: StoredBatch, count: CountSecrets): MaskedBatch
  /** Of the records that are changed, or all of them where the origin is. */
  meanings(before: StoredBatch, masked: MaskedBatch): readonly MaskedMeaning[]
  origin(origin: Origin): Origin
  /** Every text in it and the names of members; numbers stay, whatever they are called. */
  tree<T>(value: T, count?: CountSecrets): T
  /** Names with what stands under them, as attributes are masked. */
  attributes(attributes: Attributes, count?: CountSecrets): Attributes
  /** What was kept to be forwarded, in OTLP/JSON. */
  request(request: JsonMessage, count: CountSecrets): JsonMessage
  /** One text alone. */
  text(text: string): string
}

const ignore: CountSecrets = () => {}

export function createStoredMasker(settings: MaskSettings): StoredMasker {
  const content = new Set<never>()
  const records = createRecordMasker({ ...settings, content })
  // Members that this program names itself are none of the attributes that a person names.
  const own = createRecordMasker({ ...settings, content, attributes: new Set() })

  const maskText = createTextMasking(settings)

  function attributesBy(
    { mask }: Pick<typeof records, 'mask'>,
    body: Attributes,
    count: CountSecrets,
  ): Attributes {
    const record = hookInProcess(body)
    mask(record)
    if (record.record.masked !== undefined) count(record.record.masked)
    return record.record.body
  }

  function counted(of: string, count: CountSecrets): string {
    if (of.length < SHORTEST) return of
    const { text, counts } = maskText(of)
    if (text !== of) count(counts)
    return text
  }

  function leaf(name: string, value: string, count: CountSecrets): string {
    if (value.length < SHORTEST) return value
    return attributesBy(own, { [name]: value }, count)[name] as string
  }

  function tree(value: unknown, name: string, count: CountSecrets): unknown {
    if (typeof value === 'string') return leaf(name, value, count)
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return value.map((each: unknown) => tree(each, '', count))
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [own.maskText(key), tree(each, key, count)]),
    )
  }

  const origins = new WeakMap<Origin, Origin>()
  function origin(of: Origin): Origin {
    const known = origins.get(of)
    if (known !== undefined) return known
    // Only its origin matters: it is masked as that of any record.
    const span = { signal: 'trace', record: { ...BLANK.trace, origin: of } } as RecordInProcess
    records.mask(span)
    const masked = (span.record as SpanRecord).origin
    origins.set(of, masked)
    return masked
  }

  return {
    batch: (batch, count) => {
      const changed: number[] = []
      const masked = batch.records.map((record, index) => {
        const inProcess = storedInProcess(batch, { ...BLANK[batch.signal], ...record })
        const whole = inProcess.record
        records.mask(inProcess)
        const next = withoutOwner(inProcess)
        const isSame = inProcess.record === whole || sameBut(whole, inProcess.record)
        if (isSame) return record
        changed.push(index)
        const { masked: found } = inProcess.record
        const before = (record as { readonly masked?: Masked }).masked
        if (found === undefined || found === before) return next
        count(found)
        return before === undefined ? next : { ...next, masked: added(before, found) }
      })
      const ofBatch = origin(batch.origin)
      const isSame = changed.length === 0 && ofBatch === batch.origin
      return { batch: isSame ? batch : { ...batch, origin: ofBatch, records: masked }, changed }
    },
    meanings: (before, { batch, changed }) => {
      const all = batch.origin === before.origin ? changed : before.records.keys()
      return [...all].map((index) => ({
        before: meaningOf(before, index),
        after: meaningOf(batch, index),
      }))
    },
    origin,
    tree: <T>(value: T, count = ignore) => tree(value, '', count) as T,
    attributes: (of, count = ignore) => attributesBy(records, of, count),
    request: (request, count) => {
      const masking = {
        maskAttributes: (of: Attributes) => attributesBy(records, of, count),
        maskText: (of: string) => counted(of, count),
        content,
      }
      return createRequestMasker(masking, false).maskHeader(request)
    },
    text: (of) => own.maskText(of),
  }
}

/** What records of the first versions lack: they kept the attributes alone. */
const BLANK: Readonly<Record<Signal, object>> = {
  log: { eventName: '', body: null, attributes: {} },
  metric: { name: '', unit: '', attributes: {} },
  trace: { name: '', attributes: {}, moments: [], statusMessage: '' },
  hook: { body: {}, labels: {} },
  transcript: { sessionId: '', name: '', key: '', attributes: {} },
}

/** No secret is shorter. */
const SHORTEST = 4

function hookInProcess(body: Attributes): RecordInProcess & { readonly signal: 'hook' } {
  return {
    signal: 'hook',
    record: { agent: '', body, labels: {} },
    profile: undefined,
    identified: undefined,
    arrival: undefined,
  }
}

/** Two records that differ in their origin alone. */
function sameBut(a: object, b: object): boolean {
  const keys = Object.keys(b) as (keyof typeof b)[]
  return keys.every((key) => (key as string) === 'origin' || a[key] === b[key])
}

/** As the store keeps it: what all records of a batch have in common stands beside it. */
function withoutOwner({ record }: RecordInProcess): StoredRecord['record'] {
  const {
    origin: _,
    agent: __,
    ...own
  } = record as typeof record & Record<'origin' | 'agent', unknown>
  return own
}

function meaningOf(batch: StoredBatch, index: number): Arrival | undefined {
  const record = batch.records[index]
  if (record === undefined) return undefined
  try {
    return processStored({ ...batch, records: [record] }).accepted[0]
  } catch {
    // Damaged: it means nothing, masked or not.
    return undefined
  }
}

function added(a: Masked, b: Masked): Masked {
  const sum: Record<string, number> = { ...a }
  for (const [rule, times] of Object.entries(b)) sum[rule] = (sum[rule] ?? 0) + times
  return sum
}
