/**
 * Attributes of records in compact JSON. Events of one kind have theirs in one order, and many with the
 * value that they had last time. So each is compared with the one that stood in its place before it is read;
 * what is written in another way is parsed.
 */
import type { Attributes, AttributeValue } from '../domain/json-value.ts'
import { readAttributes } from './any-value.ts'
import { newAttributeMap } from './attribute-map.ts'
import {
  CLOSING_BRACE,
  CLOSING_BRACKET,
  COMMA,
  type Cursor,
  isAt,
  parsedObject,
  QUOTE,
  readCount,
  readNumber,
  readText,
  restOfText,
  takes,
  takesLong,
} from './compact-text.ts'
import { readInt64 } from './scalars.ts'

type Kind = 'string' | 'int' | 'double' | 'bool'
const kinds: readonly (readonly [Kind, string])[] = [
  ['string', '","value":{"stringValue":"'],
  ['int', '","value":{"intValue":'],
  ['double', '","value":{"doubleValue":'],
  ['bool', '","value":{"boolValue":'],
]
const KEY = '{"key":"'

/** An attribute that stood in some place, and what is expected behind it. */
interface KnownAttribute {
  readonly key: string
  readonly kind: Kind
  /** All of it up to where its value begins; of a text, up to the first character. */
  readonly head: string
  /** The value that it had last, unless that is a text that is long or is written with escapes. */
  last: AttributeValue | undefined
  next: KnownAttribute | undefined
}

/** The attributes of a kind of event. */
export interface KnownEvent {
  first: KnownAttribute | undefined
  /** How many are known. */
  attributes: number
  /** The first ones of the last record, as far as they were those of the record before it. */
  shared: SharedAttributes | undefined
  /** How many of the last record had the value that they had in the record before it. */
  leading: number
}

/** Attributes that stand at the beginning of record after record: of the user, the session, the machine. */
interface SharedAttributes {
  /** As they are written, with the comma behind them. */
  readonly text: string
  /** Each still has its value as its last one: where one changes, these are made anew. */
  readonly attributes: readonly KnownAttribute[]
}

/** Kinds of events, known by the body; what is kept of all takes 2 MB at most, and some 100 KB usually. */
const MAX_EVENTS = 64
const MAX_ATTRIBUTES = 64
const MAX_KEY_CHARS = 100
const MAX_VALUE_CHARS = 200
const MAX_SHARED_CHARS = 4000
/** Attributes that may be left out between two that are known. */
const MAX_LEFT_OUT = 8
const knownEvents = new Map<string, KnownEvent>()

/** What is known of the events that have this body. */
export function knownEvent(body: AttributeValue): KnownEvent {
  const name = typeof body === 'string' && body.length <= MAX_KEY_CHARS ? body : ''
  const known = knownEvents.get(name)
  if (known !== undefined) return known
  if (knownEvents.size >= MAX_EVENTS) knownEvents.clear()
  const event = { first: undefined, attributes: 0, shared: undefined, leading: 0 }
  knownEvents.set(name, event)
  return event
}

export function readCompactAttributes(cursor: Cursor, event: KnownEvent): Attributes | undefined {
  const { text } = cursor
  if (!takes(cursor, '[')) return undefined
  const attributes = newAttributeMap()
  if (takes(cursor, ']')) return attributes
  const begin = cursor.pos
  const taken = takeShared(cursor, event, attributes)
  /** Those so far that have their last value; undefined behind the first that has not. */
  let leading: readonly KnownAttribute[] | undefined = taken
  let before = taken.at(-1)
  for (;;) {
    const start = cursor.pos
    const known = attributeAt(cursor, event, before)
    const last = known?.last
    const value = known && readKnownValue(cursor, known)
    if (known === undefined || value === undefined) {
      if (!readParsedAttribute(cursor, start, attributes)) return undefined
    } else {
      attributes[known.key] = value
      before = known
    }
    if (leading !== undefined) {
      if (known !== undefined && value !== undefined && Object.is(value, last))
        leading = [...leading, known]
      else {
        noteLeading(event, leading, taken, text.slice(begin, start))
        leading = undefined
      }
    }
    const code = text.charCodeAt(cursor.pos)
    cursor.pos += 1
    if (code === CLOSING_BRACKET) return attributes
    if (code !== COMMA) return undefined
  }
}

/** Parses the attribute that begins at `start`; false where none can be read. */
function readParsedAttribute(
  cursor: Cursor,
  start: number,
  into: Record<string, AttributeValue>,
): boolean {
  cursor.pos = start
  const raw = parsedObject(cursor)
  const parsed = raw === undefined ? undefined : readAttributes([raw], { text: '' })
  for (const key in parsed) into[key] = parsed[key] as AttributeValue
  return parsed !== undefined
}

function takeShared(
  cursor: Cursor,
  { shared }: KnownEvent,
  into: Record<string, AttributeValue>,
): readonly KnownAttribute[] {
  if (shared === undefined || !takesLong(cursor, shared.text)) return []
  for (const { key, last } of shared.attributes) into[key] = last as AttributeValue
  return shared.attributes
}

/** `taken` are those that were known to be shared; `text` has all that lead this time. */
function noteLeading(
  event: KnownEvent,
  leading: readonly KnownAttribute[],
  taken: readonly KnownAttribute[],
  text: string,
): void {
  // More of them than were known may be so by chance: two records in a row have to have as many.
  const isMore = leading.length > taken.length && leading.length === event.leading
  event.leading = leading.length
  if (taken.length > 0 && !isMore) return
  const isKept = leading.length > 0 && text.length <= MAX_SHARED_CHARS
  event.shared = isKept ? { text: copied(text), attributes: leading } : undefined
}

/** The same text, which does not keep the whole alive that it is a part of. */
function copied(text: string): string {
  return JSON.parse(JSON.stringify(text)) as string
}

/** The attribute that begins here, read up to its value; undefined where it is no usual one. */
function attributeAt(
  cursor: Cursor,
  event: KnownEvent,
  before: KnownAttribute | undefined,
): KnownAttribute | undefined {
  const expected = before === undefined ? event.first : before.next
  let known = expected
  for (let leftOut = 0; known !== undefined && leftOut <= MAX_LEFT_OUT; leftOut += 1) {
    if (takesLong(cursor, known.head)) return known
    known = known.next
  }
  const found = newAttributeAt(cursor, expected)
  const isKept = event.attributes < MAX_ATTRIBUTES && (found?.key.length ?? 0) <= MAX_KEY_CHARS
  if (found === undefined || !isKept) return found
  event.attributes += 1
  if (before === undefined) event.first = found
  else before.next = found
  return found
}

function newAttributeAt(
  cursor: Cursor,
  next: KnownAttribute | undefined,
): KnownAttribute | undefined {
  if (!takes(cursor, KEY)) return undefined
  const start = cursor.pos
  const key = restOfText(cursor)
  if (key === undefined || cursor.pos - 1 - start !== key.length) return undefined
  // At the quote behind the key.
  cursor.pos -= 1
  for (const [kind, between] of kinds) {
    if (takes(cursor, between))
      return { key, kind, head: KEY + key + between, last: undefined, next }
  }
  return undefined
}

function readKnownValue(cursor: Cursor, known: KnownAttribute): AttributeValue | undefined {
  const { text, pos: start } = cursor
  if (known.kind === 'string') {
    const { last } = known
    if (typeof last === 'string' && isAt(text, start, last)) {
      const end = start + last.length
      if (text.charCodeAt(end) === QUOTE) {
        cursor.pos = end + 1
        return endsAttribute(cursor) ? last : undefined
      }
    }
  }
  const value = readScalar(cursor, known.kind)
  if (value === undefined || !endsAttribute(cursor)) return undefined
  known.last = isRemembered(value, cursor.pos - start) ? value : undefined
  return value
}

function endsAttribute(cursor: Cursor): boolean {
  const { text, pos } = cursor
  cursor.pos += 2
  return text.charCodeAt(pos) === CLOSING_BRACE && text.charCodeAt(pos + 1) === CLOSING_BRACE
}

/** `chars` are those of the value with the quote and the two braces behind it; escapes make it longer. */
function isRemembered(value: AttributeValue, chars: number): boolean {
  if (typeof value !== 'string') return true
  return value.length <= MAX_VALUE_CHARS && value.length === chars - 3
}

function readScalar(cursor: Cursor, kind: Kind): AttributeValue | undefined {
  switch (kind) {
    case 'string':
      return restOfText(cursor)
    case 'int':
      return readCount(cursor) ?? readInt64(readText(cursor))
    case 'double':
      return readNumber(cursor)
    case 'bool':
      if (takes(cursor, 'true')) return true
      return takes(cursor, 'false') ? false : undefined
  }
}
