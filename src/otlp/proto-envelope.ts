/**
 * The outer shape all OTLP requests in protobuf share: groups by resource, in them groups by
 * scope, in them the signal's items. Nothing but the item at hand is ever held as an object, so
 * that memory follows what is kept, not what is sent. A resource, scope or item that cannot be
 * read costs its own records only; where the frame around them is broken, the whole request.
 */
import type { Attributes } from '../domain/attributes.ts'
import type { Intake } from '../domain/rejection.ts'
import { err, ok, type Result } from '../domain/result.ts'
import type { Origin } from '../domain/telemetry-record.ts'
import { noAttributes } from './bag.ts'
import type { DecodeFailure } from './decode-failure.ts'
import type { Fault } from './fault.ts'
import { createIntakeBuilder, type IntakeBuilder } from './intake-builder.ts'
import { readWireResource, readWireScope, type WireScope } from './proto-origin.ts'
import {
  attempt,
  END,
  forEachMessage,
  nextTag,
  skipField,
  tagOf,
  type WireInput,
  type WireReader,
  wireInput,
  wireProblem,
} from './wire.ts'

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
  countIn(reader: WireReader, end: number): number
  /** Reads the item that ends at `end`, and may leave the reader anywhere in it. */
  readItem(
    input: WireInput,
    end: number,
    origin: Origin,
    place: Place,
    intake: IntakeBuilder<T>,
  ): void
}

const GROUPS = tagOf(1, 'bytes')
const RESOURCE = tagOf(1, 'bytes')
const SCOPES = tagOf(2, 'bytes')
const SCOPE = tagOf(1, 'bytes')
const ITEMS = tagOf(2, 'bytes')

const noScope: WireScope = { scopeName: '', scopeVersion: '' }

/** Reads a request. Fails as a whole when its frame cannot be walked to the end. */
export function readWireRequest<T>(
  bytes: Uint8Array,
  signal: WireSignal<T>,
): Result<Intake<T>, DecodeFailure> {
  const input = wireInput(bytes)
  const intake = createIntakeBuilder<T>()
  try {
    forEachMessage(input.reader, bytes.length, GROUPS, (end, i) => {
      readGroup(input, end, signal, `${signal.groups}[${i}]`, intake)
    })
  } catch (error) {
    return err({ message: `the body is not a protobuf request of OTLP: ${wireProblem(error)}` })
  }
  return ok(intake.build())
}

function readGroup<T>(
  input: WireInput,
  groupEnd: number,
  signal: WireSignal<T>,
  path: string,
  intake: IntakeBuilder<T>,
): void {
  const { reader } = input
  const fault: Fault = { text: '' }
  const resource = readHeader(input, groupEnd, RESOURCE, noAttributes, fault, readWireResource)
  const reason = `${path}: resource: ${fault.text}`
  forEachMessage(reader, groupEnd, SCOPES, (end, i) => {
    if (resource === undefined) rejectItems(reader, end, signal, reason, intake)
    else readScope(input, end, resource, signal, `${path}.${signal.scopes}[${i}]`, intake)
  })
}

function readScope<T>(
  input: WireInput,
  scopeEnd: number,
  resource: Attributes,
  signal: WireSignal<T>,
  path: string,
  intake: IntakeBuilder<T>,
): void {
  const { reader } = input
  const fault: Fault = { text: '' }
  const scope = readHeader(input, scopeEnd, SCOPE, noScope, fault, readWireScope)
  if (scope === undefined) {
    rejectItems(reader, scopeEnd, signal, `${path}: scope: ${fault.text}`, intake)
    return
  }
  const origin: Origin = { resource, ...scope }
  const list = `${path}.${signal.items}`
  forEachMessage(reader, scopeEnd, ITEMS, (end, index) => {
    if (intake.isFull()) intake.rejectOverflow(1)
    else signal.readItem(input, end, origin, { list, index }, intake)
  })
}

/**
 * The field that says whom a message's records are from, wherever it stands in the message;
 * `absent` when it does not. Leaves the reader where it was.
 */
function readHeader<H>(
  input: WireInput,
  end: number,
  headerTag: number,
  absent: H,
  fault: Fault,
  read: (input: WireInput, end: number) => H,
): H | undefined {
  const { reader } = input
  const start = reader.pos
  let header: H | undefined = absent
  for (let tag = nextTag(reader, end); tag !== END; tag = nextTag(reader, end)) {
    const at = reader.pos
    skipField(reader, tag, end)
    const next = reader.pos
    if (tag !== headerTag) continue
    reader.pos = at
    header = attempt(fault, () => read(input, next))
    reader.pos = next
  }
  reader.pos = start
  return header
}

function rejectItems<T>(
  reader: WireReader,
  scopeEnd: number,
  signal: WireSignal<T>,
  reason: string,
  intake: IntakeBuilder<T>,
): void {
  forEachMessage(reader, scopeEnd, ITEMS, (end) => {
    intake.reject(reason, signal.countIn(reader, end))
  })
}
