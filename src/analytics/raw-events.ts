/** `GET /api/sessions/:key/events`: records as they came, in order of arrival, page by page. */
import { setImmediate } from 'node:timers/promises'
import { profileOf } from '../agents/registry.ts'
import type { Attributes } from '../domain/attributes.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { positionOf, type StoredBatch } from '../domain/stored-batch.ts'
import type {
  HookRecord,
  LogRecord,
  MetricPoint,
  Origin,
  SpanRecord,
  StoredRecord,
} from '../domain/telemetry-record.ts'
import type { StoreReader } from '../store/store-reader.ts'
import type { RawEvent, RawEvents, RawEventsQuery } from '../web/contract/raw-events.ts'
import type { BadCursor } from '../web/web-queries.ts'

const BATCHES_PER_SLICE = 20

/** Undefined when there is no such session. */
export async function rawEvents(
  { details, records }: StoreReader,
  key: string,
  query: RawEventsQuery,
): Promise<Result<RawEvents, BadCursor> | undefined> {
  const after = query.cursor === undefined ? 0 : Number(query.cursor)
  if (!Number.isSafeInteger(after) || after < 0) return err('bad_cursor')
  if ((await details.find(key)) === undefined) return undefined
  const found: RawEvent[] = []
  let afterId = after
  for (;;) {
    const batches = records.batches(key, afterId, BATCHES_PER_SLICE)
    for (const batch of batches) {
      for (const event of eventsOf(batch, after, query)) found.push(event)
    }
    if (found.length > query.limit || batches.length < BATCHES_PER_SLICE) break
    afterId = batches.at(-1)?.id ?? afterId
    await setImmediate()
  }
  const events = found.slice(0, query.limit)
  const last = events.at(-1)
  const hasMore = found.length > query.limit && last !== undefined
  return ok({ events, nextCursor: hasMore ? String(last.id) : null })
}

/** Those of a batch that were asked for, behind a position. */
function eventsOf(
  batch: StoredBatch,
  after: number,
  { signal, name }: RawEventsQuery,
): readonly RawEvent[] {
  if (signal !== undefined && batch.signal !== signal) return []
  return batch.records.flatMap((record, index) => {
    const id = positionOf(batch, index)
    if (id <= after) return []
    const event = eventOf(batch, id, record)
    return name === undefined || event.name === name ? [event] : []
  })
}

function eventOf(batch: StoredBatch, id: number, record: StoredRecord['record']): RawEvent {
  const { signal, receivedMs, origin } = batch
  return { id, signal, receivedMs, scope: origin.scopeName, ...toldBy(batch, record) }
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
  }
}

function logOf(record: LogRecord, origin: Origin): Told {
  const { timeMs, observedMs, eventName, attributes } = record
  return {
    name: profileOf(origin)?.eventName(record) ?? eventName,
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

/** As JSON has them already: they were read from JSON. */
function plain(attributes: Attributes): RawEvent['attributes'] {
  return attributes
}
