/**
 * The items of a request (log records, metrics, spans) as they were sent, each with the resource and
 * the scope that it stands under, for passing them on. Knows nothing of what they mean. An item that
 * cannot be read is left out; a request is taken for one that a decoder has walked to its end.
 */
import { MAX_JSON_VALUES } from '../domain/json-value.ts'
import { isObject, MAX_RECORDS, MAX_SHARED_BYTES } from './decoding.ts'
import { jsonNames } from './json-envelope.ts'
import { parsedPieces } from './json-request.ts'
import type { Level } from './json-pieces.ts'
import {
  decodeMessage,
  encodeMessage,
  type JsonMessage,
  type MessageInput,
} from './message-codec.ts'
import {
  fieldsOf,
  type MessageName,
  metricData,
  namesOfOtherScalars,
  type RequestSignal,
  requestTypes,
} from './message-types.ts'
import {
  attempt,
  attemptRecord,
  type Extent,
  fieldsIn,
  messagesIn,
  tagOf,
  wireInput,
  wireProblem,
} from './wire.ts'

export interface RequestItem {
  /** What stands around the list of scopes; the same object for all items of a group. */
  readonly group: JsonMessage
  /** What stands around the list of items; the same object for all items of a scope. */
  readonly scope: JsonMessage
  readonly item: JsonMessage
}

/** `undefined` stands between two steps: time for others to have a turn. */
export type RequestItems = Generator<RequestItem | undefined, void, undefined>

export type RequestEncoding = 'json' | 'protobuf'

/** The items of a request, in its order. */
export function* requestItems(
  bytes: Buffer,
  signal: RequestSignal,
  encoding: RequestEncoding,
): RequestItems {
  const items = encoding === 'json' ? jsonItems(bytes, signal) : protobufItems(bytes, signal)
  let count = 0
  for (const item of items) {
    if (item !== undefined) count += 1
    if (count > MAX_RECORDS) return
    yield item
  }
}

/** Items, in the order in which they stood in it, as a request again. */
export function requestOf(items: readonly RequestItem[], signal: RequestSignal): JsonMessage {
  const names = requestTypes[signal]
  const groups = runsOf(items, ({ group }) => group).map((ofGroup) => {
    const scopes = runsOf(ofGroup, ({ scope }) => scope).map((ofScope) => ({
      ...ofScope[0]?.scope,
      [names.items]: ofScope.map(({ item }) => item),
    }))
    return { ...ofGroup[0]?.group, [names.scopes]: scopes }
  })
  return { [names.groups]: groups }
}

/** Neighbours that have the same key, together. */
function runsOf<T>(all: readonly T[], keyOf: (each: T) => unknown): (readonly T[])[] {
  const runs: T[][] = []
  for (const each of all) {
    const run = runs.at(-1)
    const [first] = run ?? []
    if (run !== undefined && first !== undefined && keyOf(first) === keyOf(each)) run.push(each)
    else runs.push([each])
  }
  return runs
}

/** The bytes of a request that was read from protobuf. */
export function requestProto(request: JsonMessage, signal: RequestSignal): Uint8Array<ArrayBuffer> {
  return encodeMessage(request, requestTypes[signal].request)
}

// Protobuf: groups are field 1 of a request, scopes field 2 of a group, items field 2 of a scope.

const GROUPS = tagOf(1, 'bytes')
const INNER_FIELD = 2
const INNER = tagOf(INNER_FIELD, 'bytes')

function* protobufItems(bytes: Buffer, signal: RequestSignal): RequestItems {
  const input: MessageInput = { ...wireInput(bytes), bytes }
  const { group: groupType } = requestTypes[signal]
  for (const end of messagesIn(input, bytes.length, GROUPS)) {
    const group = end === undefined ? undefined : headerIn(input, end, groupType)
    if (end === undefined) yield
    else if (group !== undefined) yield* groupItems(input, end, group, signal)
  }
}

function* groupItems(
  input: MessageInput,
  groupEnd: number,
  group: JsonMessage,
  signal: RequestSignal,
): RequestItems {
  const { scope: scopeType, item: itemType } = requestTypes[signal]
  for (const end of messagesIn(input, groupEnd, INNER)) {
    const scope = end === undefined ? undefined : headerIn(input, end, scopeType)
    if (end === undefined) yield
    else if (scope !== undefined) yield* scopeItems(input, end, { group, scope }, itemType)
  }
}

function* scopeItems(
  input: MessageInput,
  scopeEnd: number,
  around: Pick<RequestItem, 'group' | 'scope'>,
  itemType: (typeof requestTypes)[RequestSignal]['item'],
): RequestItems {
  for (const end of messagesIn(input, scopeEnd, INNER)) {
    if (end === undefined) yield
    else if (itemType === 'Metric' && end - input.reader.pos > MAX_BYTES_IN_ONE) {
      yield* readableParts(metricParts(input, end, around))
    } else {
      const item = attemptMessage(input, end, itemType)
      if (item !== undefined) yield { ...around, item }
    }
  }
}

/** A message, the left-out field aside; `undefined` when it cannot be read. */
function attemptMessage(
  input: MessageInput,
  end: number,
  type: MessageName,
  without?: number,
): JsonMessage | undefined {
  return attemptRecord(input, end, { text: '' }, () => decodeMessage(input, end, type, without))
}

/** What stands around the list in a group or a scope; leaves the reader where it was. */
function headerIn(input: MessageInput, end: number, type: MessageName): JsonMessage | undefined {
  const begin = input.reader.pos
  // The bound of a record holds for what is read, and that is without the list.
  input.maxValues = input.values + MAX_JSON_VALUES
  const header = attempt({ text: '' }, () => decodeMessage(input, end, type, INNER_FIELD))
  input.reader.pos = begin
  return header !== undefined && isSmall(header) ? header : undefined
}

const MAX_BYTES_IN_ONE = 256 * 1024
const MAX_POINTS_IN_ONE = 500
const DATA_TAGS = [...fieldsOf('Metric')].flatMap(([number, { name }]) =>
  (metricData as readonly string[]).includes(name) ? [tagOf(number, 'bytes')] : [],
)
const POINTS_FIELD = 1
const POINTS = tagOf(POINTS_FIELD, 'bytes')

/** Ends where bytes cannot be read. */
function* readableParts(parts: RequestItems): RequestItems {
  try {
    yield* parts
  } catch (error) {
    wireProblem(error)
  }
}

/** A metric of many points, in metrics of fewer. */
function* metricParts(
  input: MessageInput,
  end: number,
  around: Pick<RequestItem, 'group' | 'scope'>,
): RequestItems {
  const { reader } = input
  const data = [...(yield* fieldsIn(input, end, DATA_TAGS))]
  const [found] = data
  if (data.length !== 1 || found === undefined) return
  const number = found[0] >>> 3
  const { name, type } = fieldsOf('Metric').get(number) ?? { name: '', type: 'Sum' as const }
  const pointType = fieldsOf(type as 'Sum').get(POINTS_FIELD)?.type as 'NumberDataPoint'
  input.maxValues = input.values + MAX_POINTS_IN_ONE
  const metric = decodeMessage(input, end, 'Metric', number)
  const extent = bodyOf(input, found[1])
  reader.pos = extent.start
  const header = decodeMessage(input, extent.end, type as 'Sum', POINTS_FIELD)
  if (!isSmall(metric)) return
  let dataPoints: JsonMessage[] = []
  let begin = extent.start
  const part = () => ({ ...around, item: { ...metric, [name]: { ...header, dataPoints } } })
  reader.pos = extent.start
  for (const pointEnd of messagesIn(input, extent.end, POINTS)) {
    if (pointEnd === undefined) yield
    else {
      const point = attemptMessage(input, pointEnd, pointType)
      if (point !== undefined) dataPoints.push(point)
      if (dataPoints.length >= MAX_POINTS_IN_ONE || pointEnd - begin > MAX_BYTES_IN_ONE) {
        yield part()
        dataPoints = []
        begin = pointEnd
      }
    }
  }
  if (dataPoints.length > 0) yield part()
}

/** Where a message stands of whose field this is the value, its length included. */
function bodyOf({ reader }: MessageInput, { start, end }: Extent): Extent {
  reader.pos = start
  reader.uint32()
  return { start: reader.pos, end }
}

// JSON: members have two names each.

function* jsonItems(bytes: Buffer, signal: RequestSignal): RequestItems {
  for (const request of parsedPieces(bytes, levelOf(signal), parseExactly)) {
    if (request === undefined) yield
    else yield* pieceItems(request, signal)
  }
}

function* pieceItems(request: unknown, signal: RequestSignal): RequestItems {
  const { groups, scopes, items } = requestTypes[signal]
  for (const ofGroup of objectsIn(request, groups)) {
    const group = without(ofGroup, scopes)
    if (!isSmall(group)) continue
    for (const ofScope of objectsIn(ofGroup, scopes)) {
      const scope = without(ofScope, items)
      if (!isSmall(scope)) continue
      for (const item of objectsIn(ofScope, items)) {
        if (!isDeep(item, MAX_JSON_DEPTH)) yield { group, scope, item }
      }
    }
  }
}

function levelOf(signal: RequestSignal): Level {
  const { groups, scopes, items } = requestTypes[signal]
  const schemaUrl = jsonNames('schemaUrl')
  const scope: Level = {
    shared: ['scope', ...schemaUrl],
    into: jsonNames(items),
    next: { listOf: signal === 'metrics' ? metric : 'records' },
  }
  const group: Level = {
    shared: ['resource', ...schemaUrl],
    into: jsonNames(scopes),
    next: { listOf: scope },
  }
  return { shared: [], into: jsonNames(groups), next: { listOf: group } }
}

const metric: Level = {
  shared: ['name', 'description', 'unit', 'metadata'],
  into: metricData.flatMap((name) => [...new Set(jsonNames(name))]),
  next: {
    object: {
      shared: [...jsonNames('aggregationTemporality'), ...jsonNames('isMonotonic')],
      into: jsonNames('dataPoints'),
      next: { listOf: 'records' },
    },
  },
}

function objectsIn(around: unknown, name: string): readonly JsonMessage[] {
  if (!isObject(around)) return []
  const [camelCase, snakeCase] = jsonNames(name)
  const list = around[camelCase] ?? around[snakeCase]
  return Array.isArray(list) ? list.filter(isObject) : []
}

function without(object: JsonMessage, name: string): JsonMessage {
  const names: readonly string[] = jsonNames(name)
  return Object.fromEntries(Object.entries(object).filter(([key]) => !names.includes(key)))
}

/**
 * Numbers that JSON.parse and JSON.stringify may not give back: whole ones beyond 2^53, those beyond
 * what a double holds (by digits or by an exponent of three), and -0, which loses its sign.
 */
const INEXACT = /[:[,]\s*(?:-?\d{16,}|-?\d+(?:\.\d+)?[eE][-+]?\d{3,}|-0)/
const otherScalars: ReadonlySet<string> = new Set(namesOfOtherScalars.flatMap(jsonNames))

/** Such numbers become text, which the JSON mapping of protobuf takes for the same. */
function parseExactly(text: string): unknown {
  if (!INEXACT.test(text)) return JSON.parse(text) as unknown
  return JSON.parse(text, (key, value: unknown, context?: { readonly source?: string }) => {
    const source = context?.source
    if (typeof value !== 'number' || source === undefined) return value
    if (Object.is(value, -0)) return '-0'
    // In a field of integers `Infinity` would have the whole request refused; null leaves it unset.
    if (!Number.isFinite(value)) return otherScalars.has(key) ? null : String(value)
    return !Number.isSafeInteger(value) && /^-?\d+$/.test(source) ? source : value
  }) as unknown
}

/** An AnyValue takes four levels of JSON for one of its own. */
const MAX_JSON_DEPTH = 160

function isDeep(value: unknown, left: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (left === 0) return true
  return Object.values(value).some((each) => isDeep(each, left - 1))
}

/** It goes with every request that is made of its items. */
function isSmall(header: JsonMessage): boolean {
  return !isDeep(header, MAX_JSON_DEPTH) && JSON.stringify(header).length <= 4 * MAX_SHARED_BYTES
}
