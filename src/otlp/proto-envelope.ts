/**
 * Resource and scope of OTLP in protobuf: who sent a group of records.
 */
import type { Attributes } from '../domain/json-value.ts'
import { newAttributeMap, noAttributes } from './attribute-map.ts'
import { readKeyValue } from './proto-value.ts'
import {
  END,
  enterMessage,
  nextTag,
  skipField,
  tagOf,
  type WireInput,
  attemptRecord,
  fieldsIn,
  messagesIn,
  wireInput,
  wireProblem,
  readText,
} from './wire.ts'
import type { Origin } from '../domain/telemetry-record.ts'
import {
  checkShared,
  type DecodeFailure,
  type Decoding,
  ENDED,
  heapBytesOf,
  MAX_PART_BYTES,
  MAX_PART_RECORDS,
  type Part,
  type Steps,
  type Fault,
} from './decoding.ts'
import { createIntakeBuilder, type IntakeBuilder } from './intake-builder.ts'
import { unrecognised } from './json-request.ts'

const RESOURCE_ATTRIBUTES = tagOf(1, 'bytes')
const SCOPE_NAME = tagOf(1, 'bytes')
const SCOPE_VERSION = tagOf(2, 'bytes')

/** The attributes of a Resource. */
export function readWireResource(input: WireInput, outerEnd: number): Attributes {
  const { reader } = input
  const end = enterMessage(reader, outerEnd)
  const bag = newAttributeMap()
  for (let tag = nextTag(reader, end); tag !== END; tag = nextTag(reader, end)) {
    if (tag === RESOURCE_ATTRIBUTES) readKeyValue(input, end, bag)
    else skipField(reader, tag, end)
  }
  return bag
}

/** The parts of an InstrumentationScope that are kept. */
export interface WireScope {
  readonly scopeName: string
  readonly scopeVersion: string
}

/** An InstrumentationScope. */
export function readWireScope(input: WireInput, outerEnd: number): WireScope {
  const { reader } = input
  const end = enterMessage(reader, outerEnd)
  let scopeName = ''
  let scopeVersion = ''
  for (let tag = nextTag(reader, end); tag !== END; tag = nextTag(reader, end)) {
    if (tag === SCOPE_NAME) scopeName = readText(input)
    else if (tag === SCOPE_VERSION) scopeVersion = readText(input)
    else skipField(reader, tag, end)
  }
  return { scopeName, scopeVersion }
}

// The outer shape all OTLP requests in protobuf share: groups by resource, in them groups by scope,
// in them the signal's items. Nothing but the item at hand is ever held as an object, so that
// memory follows what is kept, not what is sent. A resource, scope or item that cannot be read
// costs its own records only; where the frame around them is broken, the whole request.

/** Where an item stands; put into words only when something is wrong with it. */
export interface Place {
  readonly list: string
  readonly index: number
}

/** What differs between the signals. The names are those of JSON, for messages. */
export interface WireSignal<T> {
  readonly groups: string
  readonly scopes: string
  readonly items: string
  /** Records in the item that the reader stands before, for counting those lost with a group. */
  countIn(input: WireInput, end: number): Steps<number> | number
  /** Reads the item that ends at `end`, and may leave the reader anywhere in it. */
  readItem(
    input: WireInput,
    end: number,
    origin: Origin,
    place: Place,
    intake: IntakeBuilder<T>,
  ): ItemSteps | undefined
}

/** The steps of an item that may hold many records: after each one, and to pause. */
export type ItemSteps = Generator<'record' | undefined, void, undefined>

const GROUPS = tagOf(1, 'bytes')
const RESOURCE = tagOf(1, 'bytes')
const SCOPES = tagOf(2, 'bytes')
const SCOPE = tagOf(1, 'bytes')
const ITEMS = tagOf(2, 'bytes')
const SCHEMA_URL = tagOf(3, 'bytes')
/** What else is known in a group, and in a scope. */
const BESIDE_SCOPES = [RESOURCE, SCHEMA_URL]
const BESIDE_ITEMS = [SCOPE, SCHEMA_URL]

const noScope: WireScope = { scopeName: '', scopeVersion: '' }

/** A request on its way to parts. */
interface Progress<T> {
  readonly bytes: Uint8Array
  readonly signal: WireSignal<T>
  readonly input: WireInput
  readonly intake: IntakeBuilder<T>
  /** The frame is known to be sound to its end. */
  isChecked: boolean
  /** Where the part began, and how many values came before it. */
  partAt: number
  partValues: number
}

/** Parts, and pauses between them. */
type Parts<T> = Generator<Part<T> | undefined, void, undefined>

/** Decodes a request. Fails as a whole when its frame cannot be walked to the end. */
export function* decodeProto<T>(bytes: Uint8Array, signal: WireSignal<T>): Decoding<T> {
  const input = wireInput(bytes)
  const intake = createIntakeBuilder<T>()
  const start = { isChecked: false, partAt: 0, partValues: 0 }
  const progress: Progress<T> = { bytes, signal, input, intake, ...start }
  try {
    const foreign = yield* foreignSignal(bytes, signal)
    if (foreign !== undefined) return foreign
    let index = 0
    for (const end of messagesIn(input, bytes.length, GROUPS, [])) {
      if (end === undefined) yield
      else {
        yield* readGroup(progress, end, `${signal.groups}[${index}]`)
        index += 1
      }
    }
  } catch (error) {
    const hint = looksLikeJson(bytes) ? '; it looks like JSON: send it as application/json' : ''
    return { message: `the body is not a protobuf request of OTLP: ${wireProblem(error)}${hint}` }
  }
  const { strayField } = input
  if (strayField !== undefined) intake.miss(`it holds field ${strayField}, and no ${signal.items}`)
  const failure = unrecognised(intake)
  if (failure !== undefined) return failure
  yield takePart(progress, true)
  return ENDED
}

function* readGroup<T>(progress: Progress<T>, groupEnd: number, path: string): Parts<T> {
  const { input, signal } = progress
  const fault: Fault = { text: '' }
  const resource = yield* headerIn(input, groupEnd, RESOURCE, noAttributes, fault, readWireResource)
  const reason = `${path}: resource: ${fault.text}`
  let index = 0
  for (const end of messagesIn(input, groupEnd, SCOPES, BESIDE_SCOPES)) {
    if (end === undefined) yield
    else {
      if (resource === undefined) yield* rejectItems(progress, end, reason)
      else yield* readScope(progress, end, resource, `${path}.${signal.scopes}[${index}]`)
      index += 1
    }
  }
}

function* readScope<T>(
  progress: Progress<T>,
  scopeEnd: number,
  resource: Attributes,
  path: string,
): Parts<T> {
  const { input, signal } = progress
  const fault: Fault = { text: '' }
  const scope = yield* headerIn(input, scopeEnd, SCOPE, noScope, fault, readWireScope)
  if (scope === undefined) {
    yield* rejectItems(progress, scopeEnd, `${path}: scope: ${fault.text}`)
    return
  }
  const origin: Origin = { resource, ...scope }
  const list = `${path}.${signal.items}`
  let index = 0
  for (const end of messagesIn(input, scopeEnd, ITEMS, BESIDE_ITEMS)) {
    if (end === undefined) yield
    else {
      const steps = readItem(progress, end, origin, { list, index })
      if (steps !== undefined) yield* readSteps(progress, steps)
      else if (isPartFull(progress)) yield* fullPart(progress)
      index += 1
    }
  }
}

function readItem<T>(
  { input, signal, intake }: Progress<T>,
  end: number,
  origin: Origin,
  place: Place,
): ItemSteps | undefined {
  if (!intake.isFull()) return signal.readItem(input, end, origin, place, intake)
  intake.rejectOverflow(1)
  return undefined
}

function* readSteps<T>(progress: Progress<T>, steps: ItemSteps): Parts<T> {
  for (const step of steps) {
    if (step === undefined) yield
    else if (isPartFull(progress)) yield* fullPart(progress)
  }
}

function isPartFull<T>(progress: Progress<T>): boolean {
  const records = progress.intake.pending()
  return records >= MAX_PART_RECORDS || (records > 0 && heapBytesIn(progress) >= MAX_PART_BYTES)
}

function heapBytesIn<T>({ input, intake, partAt, partValues }: Progress<T>): number {
  return heapBytesOf(intake.pending(), input.values - partValues, input.reader.pos - partAt)
}

/** Before the first part is handed on, the rest of the request has to be known to be sound. */
function* fullPart<T>(progress: Progress<T>): Parts<T> {
  if (!progress.isChecked) yield* checkFrame(progress.bytes)
  progress.isChecked = true
  yield takePart(progress, false)
}

function takePart<T>(progress: Progress<T>, isLast: boolean): Part<T> {
  const { input, intake } = progress
  const heapBytes = heapBytesIn(progress)
  progress.partAt = input.reader.pos
  progress.partValues = input.values
  const { replacedTexts } = input
  input.replacedTexts = 0
  return {
    ...intake.takePart(),
    ...intake.takeUnused(),
    heapBytes,
    isLast,
    ...(replacedTexts > 0 && { replacedTexts }),
  }
}

/** Walks the frame to its end; throws where it is broken. */
function* checkFrame(bytes: Uint8Array): Steps<void> {
  const input = wireInput(bytes)
  for (const groupEnd of messagesIn(input, bytes.length, GROUPS)) {
    if (groupEnd === undefined) yield
    else {
      for (const scopeEnd of messagesIn(input, groupEnd, SCOPES)) {
        if (scopeEnd === undefined) yield
        else yield* fieldsIn(input, scopeEnd, [])
      }
    }
  }
}

/**
 * The field that says whom a message's records are from, wherever it stands in the message;
 * `absent` when it does not. Leaves the reader where it was.
 */
function* headerIn<H>(
  input: WireInput,
  end: number,
  headerTag: number,
  absent: H,
  fault: Fault,
  read: (input: WireInput, end: number) => H,
): Steps<H | undefined> {
  const begin = input.reader.pos
  const extent = (yield* fieldsIn(input, end, [headerTag])).get(headerTag)
  if (extent === undefined) return absent
  const bytes = extent.end - extent.start
  if (checkShared('it', bytes, bytes, fault) === undefined) return undefined
  input.reader.pos = extent.start
  const header = attemptRecord(input, extent.end, fault, () => read(input, extent.end))
  input.reader.pos = begin
  return header
}

function* rejectItems<T>(progress: Progress<T>, scopeEnd: number, reason: string): Steps<void> {
  const { input, signal, intake } = progress
  for (const end of messagesIn(input, scopeEnd, ITEMS)) {
    if (end === undefined) yield
    else {
      const count = signal.countIn(input, end)
      intake.reject(reason, typeof count === 'number' ? count : yield* count)
    }
  }
}

// All signals have the same frame: which one a request is of shows in its first item only.

/** Fields that only one signal's items have with that type; of several the first counts. */
const signs = [
  // The times of a span; of metrics, field 7 is a sum, of another type.
  { tags: [tagOf(7, 'fixed64'), tagOf(8, 'fixed64')], groups: 'resourceSpans', path: '/v1/traces' },
  // The times of a log record, and its attributes.
  {
    tags: [tagOf(1, 'fixed64'), tagOf(11, 'fixed64'), tagOf(6, 'bytes')],
    groups: 'resourceLogs',
    path: '/v1/logs',
  },
  // A gauge or a sum.
  { tags: [tagOf(7, 'bytes')], groups: 'resourceMetrics', path: '/v1/metrics' },
] as const

/** Why a request is refused whose first item is plainly of another signal. */
function* foreignSignal<T>(
  bytes: Uint8Array,
  { groups }: WireSignal<T>,
): Steps<DecodeFailure | undefined> {
  const input = wireInput(bytes)
  const first = yield* firstItem(input, bytes.length, [GROUPS, SCOPES, ITEMS])
  if (first === undefined) return undefined
  const tags = signs.flatMap((sign) => sign.tags)
  const found = yield* fieldsIn(input, first, tags)
  const sign = signs.find((each) => each.tags.some((tag) => found.has(tag)))
  if (sign === undefined || sign.groups === groups) return undefined
  return {
    message: `the request holds ${sign.groups}, expected ${groups}: send it to ${sign.path}`,
  }
}

/** Where the first item ends, with the reader before it; `undefined` when there is none. */
function* firstItem(
  input: WireInput,
  end: number,
  [tag, ...inner]: readonly number[],
): Steps<number | undefined> {
  if (tag === undefined) return end
  for (const messageEnd of messagesIn(input, end, tag)) {
    if (messageEnd === undefined) yield
    else {
      const found = yield* firstItem(input, messageEnd, inner)
      if (found !== undefined) return found
    }
  }
  return undefined
}

const SPACES: ReadonlySet<number | undefined> = new Set([0x20, 0x09, 0x0a, 0x0d])
const OPENING_BRACE = 0x7b

function looksLikeJson(bytes: Uint8Array): boolean {
  return bytes[bytes.findIndex((byte) => !SPACES.has(byte))] === OPENING_BRACE
}
