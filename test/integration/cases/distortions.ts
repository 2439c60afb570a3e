/**
 * What pipelines between an agent and the bridge do to OTLP/JSON, one function a fault, each over a
 * flat list of records. They may follow each other in any order.
 */

interface KeyValue {
  readonly key: string
  readonly value: unknown
}

type Json = Readonly<Record<string, unknown>>
type Signal = 'logs' | 'metrics' | 'traces'

/** One log record, metric or span with all that stands around it. */
export interface Item {
  readonly signal: Signal
  readonly resource: readonly KeyValue[]
  readonly scope: Json
  /** A metric has its points in it. */
  readonly record: Json
}

export type Distortion = (item: Item) => Item

const names = {
  logs: { groups: 'resourceLogs', scopes: 'scopeLogs', items: 'logRecords' },
  metrics: { groups: 'resourceMetrics', scopes: 'scopeMetrics', items: 'metrics' },
  traces: { groups: 'resourceSpans', scopes: 'scopeSpans', items: 'spans' },
} as const

/** The records of a request, in its order; a metric for each of its points. */
export function itemsOf(signal: Signal, request: unknown): readonly Item[] {
  const { groups, scopes, items } = names[signal]
  return listIn(request, groups).flatMap((group) =>
    listIn(group, scopes).flatMap((scope) =>
      listIn(scope, items)
        .flatMap((record) =>
          signal === 'metrics' ? pointByPoint(record as Json) : [record as Json],
        )
        .map((record) => ({
          signal,
          resource: ((group as Json).resource as { attributes: KeyValue[] }).attributes,
          scope: (scope as Json).scope as Json,
          record,
        })),
    ),
  )
}

function listIn(of: unknown, name: string): readonly unknown[] {
  return ((of as Json)[name] ?? []) as readonly unknown[]
}

function pointByPoint(metric: Json): readonly Json[] {
  const sum = metric.sum as Json
  return listIn(sum, 'dataPoints').map((point) => ({
    ...metric,
    sum: { ...sum, dataPoints: [point] },
  }))
}

/** A request of one record; `isSnake` writes the names of the protobuf definition. */
export function requestOf({ signal, resource, scope, record }: Item, isSnake: boolean): string {
  const { groups, scopes, items } = names[signal]
  const request = {
    [groups]: [{ resource: { attributes: resource }, [scopes]: [{ scope, [items]: [record] }] }],
  }
  return JSON.stringify(isSnake ? snakeNames(request) : request)
}

function snakeNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeNames)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      snakeNames(inner),
    ]),
  )
}

/** Changes the attributes of the record, or of each point of a metric. */
function withAttributes(
  item: Item,
  change: (attributes: readonly KeyValue[]) => readonly KeyValue[],
): Item {
  const { signal, record } = item
  const changed = (of: Json): Json => ({
    ...of,
    attributes: change((of.attributes ?? []) as readonly KeyValue[]),
  })
  if (signal !== 'metrics') return { ...item, record: changed(record) }
  const sum = record.sum as Json
  const dataPoints = (sum.dataPoints as readonly Json[]).map(changed)
  return { ...item, record: { ...record, sum: { ...sum, dataPoints } } }
}

const attributesOf = ({ signal, record }: Item): readonly KeyValue[] => {
  const of = signal === 'metrics' ? ((record.sum as Json).dataPoints as readonly Json[])[0] : record
  return (of?.attributes ?? []) as readonly KeyValue[]
}

/** Changes the values of one kind, on the record and on its resource. */
function valued(kind: string, change: (value: unknown) => Json): Distortion {
  const changed = (pair: KeyValue): KeyValue => {
    const inner = (pair.value as Json)[kind]
    return inner === undefined ? pair : { ...pair, value: change(inner) }
  }
  return (item) => ({
    ...withAttributes(item, (attributes) => attributes.map(changed)),
    resource: item.resource.map(changed),
  })
}

function textOf(value: unknown): string | undefined {
  const text = (value as Json | undefined)?.stringValue
  return typeof text === 'string' ? text : undefined
}

const IDS = ['traceId', 'spanId', 'parentSpanId']

/** Ids that were changed before stay as they are. */
function withIds(change: (id: string) => string): Distortion {
  return (item) => {
    const { record } = item
    const changed = IDS.flatMap((name) => {
      const id = record[name]
      return typeof id === 'string' && /^[0-9a-f]+$/.test(id) ? [[name, change(id)] as const] : []
    })
    return { ...item, record: { ...record, ...Object.fromEntries(changed) } }
  }
}

const isId = (key: string): boolean => /^(session|user|organization)[._]/.test(key)
const underscored = <T extends KeyValue>(pair: T): T => ({
  ...pair,
  key: pair.key.replaceAll('.', '_'),
})

/** Those that leave a record what it is, as long as something is left that says so. */
export const distortions = {
  dropScope: (item) => ({ ...item, scope: {} }),
  dropResource: (item) => ({ ...item, resource: [] }),
  underscore: (item) => ({
    ...withAttributes(item, (attributes) => attributes.map(underscored)),
    resource: item.resource.map(underscored),
  }),
  moveIds: (item) => ({
    ...withAttributes(item, (attributes) => attributes.filter(({ key }) => !isId(key))),
    resource: [...item.resource, ...attributesOf(item).filter(({ key }) => isId(key))],
  }),
  enumNames: (item) => {
    const { signal, record } = item
    if (signal === 'metrics') {
      const sum = record.sum as Json
      const aggregationTemporality =
        sum.aggregationTemporality === 1
          ? 'AGGREGATION_TEMPORALITY_DELTA'
          : sum.aggregationTemporality
      return { ...item, record: { ...record, sum: { ...sum, aggregationTemporality } } }
    }
    if (signal === 'logs') return item
    return { ...item, record: { ...record, status: { code: 'STATUS_CODE_UNSET' } } }
  },
  intsAsText: valued('intValue', (value) => ({ intValue: String(value) })),
  intsAsDoubles: valued('intValue', (value) => ({ doubleValue: Number(value) })),
  numbersAsStrings: (item) =>
    (['intValue', 'doubleValue', 'boolValue'] as const).reduce(
      (changed, kind) => valued(kind, (value) => ({ stringValue: String(value) }))(changed),
      item,
    ),
  stringsAsBytes: valued('stringValue', (value) => ({
    bytesValue: Buffer.from(String(value)).toString('base64'),
  })),
  scopeRenamed: (item) => ({ ...item, scope: { name: 'otelcol/transformprocessor' } }),
  serviceRenamed: (item) => ({
    ...item,
    resource: item.resource.map((pair) =>
      /^service[._]name$/.test(pair.key) ? { ...pair, value: { stringValue: 'my-service' } } : pair,
    ),
  }),
  doubled: (item) => ({
    ...withAttributes(item, (attributes) => [...attributes, ...attributes]),
    resource: [...item.resource, ...item.resource],
  }),
  /** As pipelines do that flatten a record into one level. */
  resourceOntoRecord: (item) => ({
    ...withAttributes(item, (attributes) => [
      ...attributes,
      ...item.resource.map((pair) => ({ ...pair, key: `resource.${pair.key}` })),
    ]),
    resource: [],
  }),
  dropEmpty: (item) =>
    withAttributes(item, (attributes) =>
      attributes.filter(({ value }) => Object.values(value as Json)[0] !== ''),
    ),
  dropSequence: (item) =>
    withAttributes(item, (attributes) =>
      attributes.filter(({ key }) => !/^event[._]sequence$/.test(key)),
    ),
  /** The name of an event where newer versions of OTLP have it. */
  eventNameField: (item) => {
    const { signal, record } = item
    if (signal !== 'logs') return item
    const { body, ...rest } = record
    const eventName = textOf(body)
    if (eventName === undefined) return item
    const isName = ({ key }: KeyValue): boolean => /^event[._]name$/.test(key)
    return withAttributes({ ...item, record: { ...rest, eventName } }, (attributes) =>
      attributes.filter((pair) => !isName(pair)),
    )
  },
  bodyInMap: (item) => {
    const { signal, record } = item
    if (signal !== 'logs' || textOf(record.body) === undefined) return item
    const values = [{ key: 'log', value: record.body }]
    return { ...item, record: { ...record, body: { kvlistValue: { values } } } }
  },
  idsUpperCase: withIds((id) => id.toUpperCase()),
  idsBase64: withIds((id) => Buffer.from(id, 'hex').toString('base64')),
  observedOnly: (item) =>
    item.signal === 'logs' ? { ...item, record: { ...item.record, timeUnixNano: '0' } } : item,
  metricNames: (item) =>
    item.signal === 'metrics'
      ? {
          ...item,
          record: {
            ...item.record,
            name: `${String(item.record.name).replaceAll('.', '_')}_total`,
          },
        }
      : item,
  notMonotonic: (item) => {
    if (item.signal !== 'metrics') return item
    const { isMonotonic: _, ...sum } = item.record.sum as Json
    return { ...item, record: { ...item.record, sum } }
  },
  millis: (item) => withTimes(item, (time) => String(time).slice(0, 13)),
  micros: (item) => withTimes(item, (time) => String(time).slice(0, 16)),
  isoTimes: (item) =>
    withTimes(item, (time) => new Date(Number(String(time).slice(0, 13))).toISOString()),
  numericTimes: (item) => withTimes(item, Number),
  lowHigh: (item) => withTimes(item, (time) => ({ low: Number(time) % 4096, high: 418_000_000 })),
  nanosTwice: (item) => withTimes(item, (time) => `${String(time)}000000`),
  monotonic: (item) => withTimes(item, (time) => String(BigInt(String(time)) % 10n ** 15n)),
} as const satisfies Record<string, Distortion>

export type DistortionName = keyof typeof distortions

const TIMES = ['timeUnixNano', 'observedTimeUnixNano', 'startTimeUnixNano', 'endTimeUnixNano']

/** Times that were broken before stay as they are. */
function withTimes(item: Item, change: (time: unknown) => unknown): Item {
  const broken = (of: Json): Json => ({
    ...of,
    ...Object.fromEntries(
      TIMES.filter((name) => /^\d{19}$/.test(String(of[name]))).map((name) => [
        name,
        change(of[name]),
      ]),
    ),
  })
  const { signal, record } = item
  if (signal !== 'metrics') return { ...item, record: broken(record) }
  const sum = record.sum as Json
  const dataPoints = (sum.dataPoints as readonly Json[]).map(broken)
  return { ...item, record: { ...record, sum: { ...sum, dataPoints } } }
}

/** Those after which nobody can tell whose a record is, or to what session it belongs. */
export const losses = {
  loseIds: (item) => ({
    ...withAttributes(item, (attributes) => attributes.filter(({ key }) => !isId(key))),
    resource: item.resource.filter(({ key }) => !isId(key)),
  }),
  /** Another product's names, which follows no conventions either. */
  rename: (item) => {
    const own = withAttributes(item, (attributes) =>
      attributes.filter(({ key }) => !/^gen_ai[._]/.test(key)),
    )
    const text = JSON.stringify(own)
      .replaceAll('claude_code', 'other_agent')
      .replaceAll('claude-code', 'other-agent')
    return { ...(JSON.parse(text) as Item), scope: { name: 'other' } }
  },
} as const satisfies Record<string, Distortion>

export type LossName = keyof typeof losses

/** Whether the session of a record is still named, on it or on its resource. */
export function namesSession(item: Item): boolean {
  return [...attributesOf(item), ...item.resource].some(({ key }) =>
    /^(session|user)[._](id|email)$/.test(key),
  )
}
