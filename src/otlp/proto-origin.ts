/**
 * Resource and scope of OTLP in protobuf: who sent a group of records.
 */
import type { Attributes } from '../domain/attributes.ts'
import { newBag } from './bag.ts'
import { readKeyValue } from './proto-value.ts'
import { END, enterMessage, nextTag, skipField, tagOf, type WireInput } from './wire.ts'

const RESOURCE_ATTRIBUTES = tagOf(1, 'bytes')
const SCOPE_NAME = tagOf(1, 'bytes')
const SCOPE_VERSION = tagOf(2, 'bytes')

/** The attributes of a Resource. */
export function readWireResource(input: WireInput, outerEnd: number): Attributes {
  const { reader } = input
  const end = enterMessage(reader, outerEnd)
  const bag = newBag()
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
export function readWireScope({ reader }: WireInput, outerEnd: number): WireScope {
  const end = enterMessage(reader, outerEnd)
  let scopeName = ''
  let scopeVersion = ''
  for (let tag = nextTag(reader, end); tag !== END; tag = nextTag(reader, end)) {
    if (tag === SCOPE_NAME) scopeName = reader.string(true)
    else if (tag === SCOPE_VERSION) scopeVersion = reader.string(true)
    else skipField(reader, tag, end)
  }
  return { scopeName, scopeVersion }
}
