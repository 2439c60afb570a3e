/**
 * `GET /api/sessions/:key/events`: records as they came, in order of arrival, page by page; and one
 * of them by itself.
 */
import { profileOfLog } from '../agents/registry.ts'
import type { Attributes } from '../domain/json-value.ts'
import { err, ok, type Result } from '../domain/result.ts'
import {
  type HookRecord,
  type LogRecord,
  type MetricPoint,
  type Origin,
  positionOf,
  type SpanRecord,
  type StoredBatch,
  type StoredRecord,
  type TranscriptRecord,
} from '../domain/telemetry-record.ts'
import type { StoreReader } from '../storage/store-reader.ts'
import type { RawEvent, RawEvents, RawEventsQuery } from '../api/contract/raw-events.ts'
import type { BadCursor } from '../api/queries.ts'
import { cutName, cutText, jsonBytes, MAX_LIST_BYTES, MAX_WHOLE_LENGTH } from './answer-bounds.ts'
import type { Pause } from './pause.ts'

const BATCHES_PER_SLICE = 20
/** Bytes of one record's attributes, and characters of each in a record that has more than that. */
interface RecordBounds {
  readonly bytes: number
  readonly textLength: number
}

const IN_A_PAGE: RecordBounds = { bytes: 64 * 1024, textLength: 2000 }
const BY_ITSELF: RecordBounds = { bytes: 4 * MAX_WHOLE_LENGTH, textLength: MAX_WHOLE_LENGTH }

/** Undefined when there is no such session. */
export async function rawEvents(
  { details, records }: StoreReader,
  key: string,
  query: RawEventsQuery,
  pause: Pause,
): Promise<Result<RawEvents, BadCursor> | undefined> {
  const after = query.cursor === undefined ? 0 : Number(query.cursor)
  if (!Number.isSafeInteger(after) || after < 0) return err('bad_cursor')
  if ((await details.find(key)) === undefined) return undefined
  const page = createPage(query.limit)
  let afterId = after
  for (;;) {
    const batches = await records.batches(key, afterId, BATCHES_PER_SLICE)
    for (const batch of batches) {
      for (const event of eventsOf(batch, query)) if (!page.add(event)) return ok(page.result())
    }
    const last = batches.at(-1)
    if (last === undefined) return ok(page.result())
    afterId = last.id
    await pause()
  }
}

/** The record of a session at a position, as far as it is not huge; undefined when there is none. */
export async function rawEvent(
  { records }: StoreReader,
  key: string,
  id: string,
): Promise<RawEvent | undefined> {
  if (!/^\d{1,15}$/.test(id)) return undefined
  const batch = await records.at(key, Number(id))
  const record = batch?.records[0]
  return batch && record && boundedEvent(eventOf(batch, batch.id, record), BY_ITSELF)
}

/** Takes events as long as rows and bytes allow. */
function createPage(limit: number) {
  const events: RawEvent[] = []
  let bytes = 0
  let hasMore = false
  return {
    /** False when it is full. */
    add: (event: RawEvent): boolean => {
      const listed = boundedEvent(event, IN_A_PAGE)
      bytes += jsonBytes(listed)
      hasMore = events.length >= limit || (events.length > 0 && bytes > MAX_LIST_BYTES)
      if (!hasMore) events.push(listed)
      return !hasMore
    },
    result: (): RawEvents => {
      const last = events.at(-1)
      return { events, nextCursor: hasMore && last !== undefined ? String(last.id) : null }
    },
  }
}

/** A record that is long has its long attributes cut, and those left out that do not fit even so. */
function boundedEvent(event: RawEvent, bounds: RecordBounds): RawEvent {
  const named = { ...event, name: cutName(event.name), scope: cutName(event.scope) }
  if (jsonBytes(event.attributes) <= bounds.bytes) return named
  const attributes: RawEvent['attributes'] = {}
  let bytes = 0
  for (const [name, value] of Object.entries(event.attributes)) {
    if (value === undefined) continue
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    const shown = text.length <= bounds.textLength ? value : cutText(text, bounds.textLength)
    bytes += jsonBytes([name, shown])
    if (bytes > bounds.bytes) break
    attributes[name] = shown
  }
  return { ...named, attributes, truncated: true }
}

/** Those of a batch that were asked for. */
function* eventsOf(
  batch: StoredBatch,
  { signal, name }: RawEventsQuery,
): Generator<RawEvent, void> {
  if (signal !== undefined && batch.signal !== signal) return
  for (const [index, record] of batch.records.entries()) {
    const event = eventOf(batch, positionOf(batch, index), record)
    if (name === undefined || event.name === name) yield event
  }
}

function eventOf(batch: StoredBatch, id: number, record: StoredRecord['record']): RawEvent {
  const { signal, receivedMs, origin } = batch
  const told = toldBy(batch, record)
  return { id, signal, receivedMs, scope: origin.scopeName, ...told, truncated: false }
}

type Told = Pick<RawEvent, 'name' | 'timeMs' | 'attributes'>

/** A batch's records are all of its signal; the store keeps both side by side. */
function toldBy({ signal, origin }: StoredBatch, record: StoredRecord['record']): Told {
  switch (signal) {
    case 'log':
      return logOf(record as LogRecord, origin)
    case 'metric':
      return metricOf(record as MetricPoint)
    case 'trace':
      return spanOf(record as SpanRecord)
    case 'hook':
      return hookOf(record as HookRecord)
    case 'transcript':
      return entryOf(record as TranscriptRecord)
  }
}

function logOf(record: LogRecord, origin: Origin): Told {
  const { timeMs, observedMs, eventName, attributes } = record
  return {
    name: profileOfLog({ ...record, origin })?.eventName(record) ?? eventName,
    timeMs: timeMs ?? observedMs ?? null,
    attributes: plain(attributes),
  }
}

function metricOf({ name, timeMs, value, unit, attributes }: MetricPoint): Told {
  return { name, timeMs: timeMs ?? null, attributes: plain({ ...attributes, value, unit }) }
}

function spanOf({
  name,
  endMs,
  startMs,
  traceId,
  spanId,
  parentSpanId,
  ...span
}: SpanRecord): Told {
  const ids = { traceId, spanId, ...(parentSpanId !== undefined && { parentSpanId }), startMs }
  return { name, timeMs: endMs, attributes: plain({ ...span.attributes, ...ids }) }
}

function hookOf({ body, labels }: HookRecord): Told {
  const name = body.hook_event_name
  return {
    name: typeof name === 'string' ? name : '(hook)',
    timeMs: null,
    attributes: plain({ ...body, ...labels }),
  }
}

function entryOf({ name, timeMs, attributes }: TranscriptRecord): Told {
  return { name, timeMs: timeMs ?? null, attributes: plain(attributes) }
}

/** As JSON has them already: they were read from JSON. */
function plain(attributes: Attributes): RawEvent['attributes'] {
  return attributes
}
