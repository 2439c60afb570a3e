/**
 * Puts right what a pipeline between an agent and here has changed of a record: dots of names that
 * became underscores or nested objects, ids that were moved to the resource, times that cannot be
 * true. What arrives as the agent sent it is handed on as the same object. Pure; what was put right
 * once stays as it is, so that a record that is read from the store again means the same.
 */
import type { NamedAttributes } from '../agents/profile.ts'
import type { Attributes, AttributeValue } from '../domain/json-value.ts'
import { isPlausibleTime } from '../domain/numbers.ts'
import type { LogRecord, MetricPoint, Origin, SpanRecord } from '../domain/telemetry-record.ts'

/** Attributes of a resource that are read here, or kept out of labels; from the semantic conventions. */
const RESOURCE_NAMES = [
  ...['service.name', 'service.version', 'service.namespace', 'service.instance.id'],
  ...['host.name', 'host.id', 'host.arch', 'os.type', 'os.version', 'os.description'],
  ...['deployment.environment', 'deployment.environment.name', 'process.pid', 'process.command'],
  ...['telemetry.sdk.name', 'telemetry.sdk.language', 'telemetry.sdk.version'],
]

/** Underscored name to dotted. */
type Names = ReadonlyMap<string, string>

const namesOf = memoized(({ dotted }: NamedAttributes): Names => underscored(dotted))
const resourceNamesOf = memoized(
  ({ ids }: NamedAttributes): Names => underscored([...RESOURCE_NAMES, ...ids]),
)

function underscored(dotted: readonly string[]): Names {
  return new Map(dotted.map((name) => [name.replaceAll('.', '_'), name]))
}

function memoized<K extends object, V>(compute: (key: K) => V): (key: K) => V {
  const known = new WeakMap<K, V>()
  return (key) => {
    const found = known.get(key) ?? compute(key)
    known.set(key, found)
    return found
  }
}

export function restoredLog(
  record: LogRecord,
  named: NamedAttributes,
  arrivedMs: number,
): LogRecord {
  return withBelievableTime(restoredRecord(record, named), named, arrivedMs)
}

/** What points and spans need. */
export function restoredRecord<R extends LogRecord | MetricPoint | SpanRecord>(
  record: R,
  named: NamedAttributes,
): R {
  const { attributes } = record
  const origin = restoredOrigin(record.origin, named)
  const isWhole = named.always.every((name) => attributes[name] !== undefined)
  if (isWhole && origin === record.origin) return record
  const restored = withIds(withDots(attributes, namesOf(named)), origin.resource, named)
  if (restored === attributes && origin === record.origin) return record
  return { ...record, origin, attributes: restored }
}

/** One origin is shared by all records of a scope, and so is what is made of it. */
const restoredOrigins = memoized<NamedAttributes, WeakMap<Origin, Origin>>(() => new WeakMap())

function restoredOrigin(origin: Origin, named: NamedAttributes): Origin {
  const known = restoredOrigins(named)
  const found = known.get(origin)
  if (found !== undefined) return found
  const resource = withDots(origin.resource, resourceNamesOf(named))
  const restored = resource === origin.resource ? origin : { ...origin, resource }
  known.set(origin, restored)
  return restored
}

/** A name that is there with its dots stays as it is. */
function withDots(attributes: Attributes, names: Names): Attributes {
  let restored: Record<string, AttributeValue> | undefined
  const put = (name: string, value: AttributeValue): boolean => {
    if (attributes[name] !== undefined) return false
    restored ??= { ...attributes }
    restored[name] = value
    return true
  }
  for (const key in attributes) {
    const value = attributes[key]
    const dotted = names.get(key)
    if (dotted !== undefined && value !== undefined && put(dotted, value)) delete restored?.[key]
    else if (isNested(value)) {
      // `{"session": {"id": …}}`; what else is nested stays where it is.
      for (const inner of Object.keys(value)) {
        const name = `${key}.${inner}`
        const nested = value[inner]
        if (nested !== undefined && names.get(name.replaceAll('.', '_')) === name) put(name, nested)
      }
    }
  }
  return restored ?? attributes
}

function isNested(value: AttributeValue | undefined): value is Attributes {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The record's own ids go before those of the resource. */
function withIds(
  attributes: Attributes,
  resource: Attributes,
  { ids }: NamedAttributes,
): Attributes {
  let restored: Record<string, AttributeValue> | undefined
  for (const name of ids) {
    const value = resource[name]
    if (value === undefined || attributes[name] !== undefined) continue
    restored ??= { ...attributes }
    restored[name] = value
  }
  return restored ?? attributes
}

/**
 * A record whose time cannot be true gets the time at which it was observed, or the agent's own,
 * whichever can be; what it was sent with stays beside it. Where neither can be, it stays as it is.
 */
function withBelievableTime(
  record: LogRecord,
  { time }: NamedAttributes,
  arrivedMs: number,
): LogRecord {
  const { timeMs, observedMs } = record
  if (timeMs !== undefined && isPlausibleTime(timeMs, arrivedMs)) return record
  const found = [observedMs, momentOf(record.attributes[time])].find(
    (ms) => ms !== undefined && isPlausibleTime(ms, arrivedMs),
  )
  if (found === undefined) return record
  const timeText = record.timeText ?? (timeMs === undefined ? undefined : String(timeMs))
  return { ...record, timeMs: found, ...(timeText !== undefined && { timeText }) }
}

const ISO_TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/
/** Epoch seconds, and thousandths of them, up to nanoseconds, by their size. */
const UNITS_PER_MS = [1e-3, 1, 1e3, 1e6]
const LATEST_MS = 1e13

/** A time as text of ISO 8601 or as a number since 1970; epoch milliseconds. */
function momentOf(value: AttributeValue | undefined): number | undefined {
  if (typeof value === 'string' && ISO_TIME.test(value)) {
    const ms = Date.parse(value)
    return Number.isNaN(ms) ? undefined : ms
  }
  if (typeof value !== 'number' && typeof value !== 'string') return undefined
  const number = Number(value)
  if (!(number > 0)) return undefined
  const unit = UNITS_PER_MS.find((each) => number / each < LATEST_MS && number / each >= 1e11)
  return unit === undefined ? undefined : number / unit
}
