/**
 * Log records of a request as exporters print it: JSON without spaces, members in their usual order.
 * Read in one pass, without a tree of the request, in less than half the time of parsing it. What is written
 * in another way is parsed where it stands, be it an attribute or a record, or has the request parsed as a
 * whole: the records are the same either way, and so is what is refused.
 */
import type { AttributeValue } from '../domain/json-value.ts'
import type { LogRecord, Origin } from '../domain/telemetry-record.ts'
import { readValue } from './any-value.ts'
import { noAttributes } from './attribute-map.ts'
import { knownEvent, readCompactAttributes } from './compact-attributes.ts'
import {
  CLOSING_BRACE,
  CLOSING_BRACKET,
  COMMA,
  type Cursor,
  parsedObject,
  readCount,
  readText,
  readTimeMs,
  restOfText,
  takes,
} from './compact-text.ts'
import type { Fault } from './decoding.ts'
import { readLogRecord } from './json-log-record.ts'
import { type LogFields, logRecord, readOrigin, readResource } from './records.ts'
import { readHexId, SPAN_ID_CHARS, TRACE_ID_CHARS } from './scalars.ts'

/** Of a record, in the order of the protobuf definition; `eventName` stands where exporters have it. */
const MEMBERS = [
  ...['timeUnixNano', 'observedTimeUnixNano', 'severityNumber', 'severityText', 'body'],
  ...['eventName', 'attributes', 'droppedAttributesCount', 'flags', 'traceId', 'spanId'],
].map((name) => `"${name}":`)
const TIME = 0
const OBSERVED_TIME = 1
const SEVERITY_TEXT = 3
const BODY = 4
const EVENT_NAME = 5
const ATTRIBUTES = 6
const TRACE_ID = 9
const SPAN_ID = 10

type Fields = { -readonly [K in keyof LogFields]: LogFields[K] }

/** The records of a request; undefined where it has to be parsed to know what there is in it. */
export function readCompactLogs(text: string): readonly LogRecord[] | undefined {
  const cursor: Cursor = { text, pos: 0, backslash: -1 }
  const records: LogRecord[] = []
  try {
    if (!takes(cursor, '{"resourceLogs":[')) return undefined
    if (!readList(cursor, () => readGroup(cursor, records))) return undefined
  } catch (error) {
    // What was parsed for itself is no JSON. The whole says why.
    if (error instanceof SyntaxError) return undefined
    throw error
  }
  return takes(cursor, '}') && cursor.pos === text.length ? records : undefined
}

function readGroup(cursor: Cursor, records: LogRecord[]): boolean {
  const fault: Fault = { text: '' }
  if (!takes(cursor, '{"resource":')) return false
  const shared = parsedUpTo(cursor, ',"scopeLogs":[')
  const resource = shared && readResource(shared.value, fault)
  if (resource === undefined) return false
  const isRead = readList(cursor, () => {
    if (!takes(cursor, '{"scope":')) return false
    const scope = parsedUpTo(cursor, ',"logRecords":[')
    const origin = scope && readOrigin(resource, scope.value, fault)
    if (origin === undefined) return false
    const isWhole = readList(cursor, () => {
      const record = readRecord(cursor, origin)
      if (record !== undefined) records.push(record)
      return record !== undefined
    })
    return isWhole && closes(cursor)
  })
  return isRead && closes(cursor)
}

/** The end of a group or a scope; the URL of a schema may stand before it. */
function closes(cursor: Cursor): boolean {
  if (takes(cursor, ',"schemaUrl":') && readText(cursor) === undefined) return false
  return takes(cursor, '}')
}

/** Elements up to the end of a list that has begun; false where one is not read. None is left to parsing. */
function readList(cursor: Cursor, readElement: () => boolean): boolean {
  for (;;) {
    if (!readElement()) return false
    const code = cursor.text.charCodeAt(cursor.pos)
    cursor.pos += 1
    if (code === CLOSING_BRACKET) return true
    if (code !== COMMA) return false
  }
}

/** What stands before the next such text, which is no part of it, as it can only be a member's name. */
function parsedUpTo(cursor: Cursor, end: string): { readonly value: unknown } | undefined {
  const at = cursor.text.indexOf(end, cursor.pos)
  if (at < 0) return undefined
  const value: unknown = JSON.parse(cursor.text.slice(cursor.pos, at))
  cursor.pos = at + end.length
  return { value }
}

function readRecord(cursor: Cursor, origin: Origin): LogRecord | undefined {
  const start = cursor.pos
  const record = readUsualRecord(cursor, origin)
  if (record !== undefined) return record
  cursor.pos = start
  const raw = parsedObject(cursor)
  return raw === undefined ? undefined : readLogRecord(raw, origin, { text: '' })
}

/** Undefined where something of it stands in another way than usual. */
function readUsualRecord(cursor: Cursor, origin: Origin): LogRecord | undefined {
  const { text } = cursor
  const fields: Fields = {
    origin,
    timeMs: undefined,
    observedMs: undefined,
    eventName: '',
    body: null,
    attributes: noAttributes,
    traceId: '',
    spanId: '',
  }
  if (!takes(cursor, '{')) return undefined
  for (let member = 0; ; member += 1) {
    while (member < MEMBERS.length && !text.startsWith(MEMBERS[member] as string, cursor.pos)) {
      member += 1
    }
    if (member === MEMBERS.length) return undefined
    cursor.pos += (MEMBERS[member] as string).length
    if (!readMember(cursor, member, fields)) return undefined
    const code = text.charCodeAt(cursor.pos)
    cursor.pos += 1
    if (code === CLOSING_BRACE) return logRecord(fields)
    if (code !== COMMA) return undefined
  }
}

/** False where the value is not of the usual kind. */
function readMember(cursor: Cursor, member: number, fields: Fields): boolean {
  switch (member) {
    case TIME:
      fields.timeMs = readTimeMs(cursor)
      return fields.timeMs !== undefined
    case OBSERVED_TIME:
      fields.observedMs = readTimeMs(cursor)
      return fields.observedMs !== undefined
    case BODY: {
      const body = readBody(cursor)
      fields.body = body ?? null
      return body !== undefined
    }
    case ATTRIBUTES: {
      const attributes = readCompactAttributes(cursor, knownEvent(fields.body))
      fields.attributes = attributes ?? noAttributes
      return attributes !== undefined
    }
    case SEVERITY_TEXT:
      return readText(cursor) !== undefined
    case EVENT_NAME:
    case TRACE_ID:
    case SPAN_ID: {
      const text = readText(cursor)
      if (member === EVENT_NAME) fields.eventName = text ?? ''
      else if (member === TRACE_ID) fields.traceId = readHexId(text, TRACE_ID_CHARS)
      else fields.spanId = readHexId(text, SPAN_ID_CHARS)
      return text !== undefined
    }
    default:
      return readCount(cursor) !== undefined
  }
}

function readBody(cursor: Cursor): AttributeValue | undefined {
  if (!takes(cursor, '{"stringValue":"')) {
    const raw = parsedObject(cursor)
    return raw === undefined ? undefined : readValue(raw, { text: '' })
  }
  const text = restOfText(cursor)
  return takes(cursor, '}') ? text : undefined
}
