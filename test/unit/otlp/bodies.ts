/** Arbitrary requests of OTLP, in the form they have in JSON; most of their records are good. */
import fc from 'fast-check'

const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.constantFrom('', 'ü€😀'))
const key = fc.oneof(text, fc.constantFrom('session.id', '__proto__', 'constructor', 'toString'))

const int64 = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
)
const nanos = fc.oneof(
  fc.constant('0'),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
  fc.nat().map((n) => String(1_795_229_558_020_000_000n + BigInt(n))),
)
// JSON text has no -0: adding 0 makes it 0.
const double = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  fc.integer(),
)
const doubleName = fc.constantFrom('NaN', 'Infinity', '-Infinity')
const base64 = fc
  .uint8Array({ maxLength: 20 })
  .map((bytes) => Buffer.from(bytes).toString('base64'))

const { anyValue, attributes } = fc.letrec<{ anyValue: object; attributes: object[] }>((tie) => ({
  anyValue: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({ stringValue: text }),
    fc.record({ intValue: int64 }),
    fc.record({ boolValue: fc.boolean() }),
    fc.record({ doubleValue: fc.oneof(double, doubleName) }),
    fc.record({ bytesValue: base64 }),
    fc.constant({}),
    fc.array(tie('anyValue'), { maxLength: 3 }).map((values) => ({ arrayValue: { values } })),
    tie('attributes').map((values) => ({ kvlistValue: { values } })),
  ),
  attributes: fc.array(fc.record({ key, value: tie('anyValue') }, { requiredKeys: ['key'] }), {
    maxLength: 4,
  }),
}))

/** An id, one that is all zero, or one of a wrong length. */
const id = (bytes: number): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 6, arbitrary: hexOf(bytes, bytes) },
    { weight: 1, arbitrary: fc.constant('00'.repeat(bytes)) },
    { weight: 1, arbitrary: hexOf(0, bytes + 4) },
  )

function hexOf(minLength: number, maxLength: number): fc.Arbitrary<string> {
  return fc.tuple(fc.uint8Array({ minLength, maxLength }), fc.boolean()).map(([bytes, isUpper]) => {
    const hex = Buffer.from(bytes).toString('hex')
    return isUpper ? hex.toUpperCase() : hex
  })
}

const optional = { requiredKeys: [] }
const list = <T>(entry: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(entry, { maxLength: 4 })

const resource = fc.record({ attributes }, optional)
const scope = fc.record({ name: text, version: text }, optional)

const logRecord = fc.record(
  {
    timeUnixNano: nanos,
    observedTimeUnixNano: nanos,
    body: anyValue,
    attributes,
    traceId: id(16),
    spanId: id(8),
    eventName: text,
    severityNumber: fc.nat(24),
    severityText: text,
  },
  optional,
)

const points = list(
  fc
    .tuple(
      fc.record(
        {
          startTimeUnixNano: nanos,
          timeUnixNano: nanos,
          attributes,
          flags: fc.constantFrom(0, 1, 2),
        },
        optional,
      ),
      fc.oneof(
        fc.record({ asDouble: fc.oneof(double, doubleName) }),
        fc.record({ asInt: int64 }),
        fc.constant({}),
      ),
    )
    .map(([point, value]) => ({ ...point, ...value })),
)
const metric = fc.oneof(
  fc.record(
    {
      name: text,
      unit: text,
      sum: fc.record(
        { dataPoints: points, aggregationTemporality: fc.nat(3), isMonotonic: fc.boolean() },
        optional,
      ),
    },
    optional,
  ),
  fc.record({ name: text, gauge: fc.record({ dataPoints: points }) }),
)

const event = fc.record({ timeUnixNano: nanos, name: text, attributes }, optional)
const span = fc.record(
  {
    traceId: id(16),
    spanId: id(8),
    parentSpanId: id(8),
    name: text,
    kind: fc.nat(5),
    startTimeUnixNano: nanos,
    endTimeUnixNano: nanos,
    attributes,
    events: list(event),
    status: fc.record({ message: text, code: fc.nat(3) }, optional),
  },
  optional,
)

export const logsBodies = fc.record({
  resourceLogs: list(
    fc.record(
      { resource, scopeLogs: list(fc.record({ scope, logRecords: list(logRecord) }, optional)) },
      optional,
    ),
  ),
})

export const metricsBodies = fc.record({
  resourceMetrics: list(
    fc.record(
      { resource, scopeMetrics: list(fc.record({ scope, metrics: list(metric) }, optional)) },
      optional,
    ),
  ),
})

export const tracesBodies = fc.record({
  resourceSpans: list(
    fc.record(
      { resource, scopeSpans: list(fc.record({ scope, spans: list(span) }, optional)) },
      optional,
    ),
  ),
})
