/**
 * Large requests come in parts, with pauses between them. They say the same as when they are read
 * in one go, and no part, however hostile the request, is large or takes long.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Decoding } from '../../../src/otlp/decoding.ts'
import { createIntakeBuilder } from '../../../src/otlp/intake-builder.ts'
import { levelsOf, readEnvelope, type Signal } from '../../../src/otlp/json-envelope.ts'
import { jsonLogs } from '../../../src/otlp/json-logs.ts'
import { jsonMetrics } from '../../../src/otlp/json-metrics.ts'
import { cutRequest, type Piece } from '../../../src/otlp/json-pieces.ts'
import { decodeJson } from '../../../src/otlp/json-request.ts'
import { createSyntaxCheck } from '../../../src/otlp/json-syntax.ts'
import { jsonTraces } from '../../../src/otlp/json-traces.ts'
import { decodeProto } from '../../../src/otlp/proto-envelope.ts'
import { wireLogs } from '../../../src/otlp/proto-logs.ts'
import { wireMetrics } from '../../../src/otlp/proto-metrics.ts'
import { logsBodies, metricsBodies, tracesBodies } from './bodies.ts'
import { partsOf, whole } from './decoded.ts'
import { encoded } from './encode.ts'

/** What JSON.parse makes of a body, read in one go. */
function inOneGo<T>(signal: Signal<T>, body: unknown) {
  const intake = createIntakeBuilder<T>()
  const failure = readEnvelope(body, signal, intake)
  return failure === undefined
    ? { ok: true, value: intake.takePart() }
    : { ok: false, error: failure }
}

/** The same, cut into pieces of about so many bytes. */
function inPieces<T>(signal: Signal<T>, text: string, bytes: number) {
  const intake = createIntakeBuilder<T>()
  for (const piece of cutRequest(Buffer.from(text), levelsOf(signal), { bytes, values: bytes })) {
    if (piece === undefined || 'problem' in piece) continue
    const failure = readEnvelope(JSON.parse(piece.text), signal, intake, piece.offsets)
    if (failure !== undefined) return { ok: false, error: failure }
  }
  return { ok: true, value: intake.takePart() }
}

const size = fc.integer({ min: 1, max: 400 })
const space = fc.constantFrom(0, 1)

/** Space that makes a body too large to be parsed in one go. */
const SPACE = ' '.repeat(5 * 1024 * 1024)
const spaced = (json: string): Buffer => Buffer.from(SPACE + json)

const names = ['resourceLogs', 'scopeLogs', 'logRecords', 'resourceMetrics', 'scopeMetrics']
const shared = ['metrics', 'sum', 'dataPoints', 'resource', 'scope', 'name', 'unit', 'attributes']
/** JSON with the names of the envelope in the wrong places. */
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false, 0, -1.5e3, '', 'x', '"', '\\', '}]', 'ü\u2028'),
    fc.array(tie('json'), { maxLength: 4 }),
    fc
      .array(fc.tuple(fc.constantFrom(...names, ...shared), tie('json')), { maxLength: 5 })
      .map((entries) => Object.fromEntries(entries)),
  ),
}))

describe('a request in JSON that is cut', () => {
  test.each([
    ['logs', jsonLogs, logsBodies],
    ['metrics', jsonMetrics, metricsBodies],
    ['spans', jsonTraces, tracesBodies],
    ['anything', jsonMetrics, json],
  ] as const)('says what it says in one go: %s', (_name, signal, bodies) => {
    fc.assert(
      fc.property(bodies as fc.Arbitrary<unknown>, size, space, (body, bytes, indent) => {
        const text = JSON.stringify(body, undefined, indent)
        const anySignal = signal as Signal<unknown>
        const expected = inOneGo(anySignal, JSON.parse(text))
        expect(inPieces(anySignal, text, bytes)).toEqual(expected)
      }),
      { numRuns: 1000 },
    )
  })

  const piecesOf = (body: unknown): readonly Piece[] =>
    [...cutRequest(Buffer.from(JSON.stringify(body)), levelsOf(jsonLogs))].filter(
      (piece) => piece !== undefined && 'text' in piece,
    )

  test('is cut at groups, scopes and records, and each piece knows where it stood', () => {
    const record = { body: { stringValue: 'x'.repeat(700_000) } }
    const resource = { attributes: [{ key: 'k', value: { stringValue: 'r' } }] }
    const scopes = [
      { logRecords: [] },
      { scope: { name: 's' }, logRecords: [record, {}, record, record, {}] },
    ]
    const pieces = piecesOf({ resourceLogs: [{}, { scopeLogs: scopes, resource }, {}] })
    expect(pieces.map(({ offsets }) => offsets)).toEqual([
      [0],
      [1, 0],
      [1, 1, 0],
      [1, 1, 2],
      [1, 1, 3],
      [2],
    ])
    const [, , first] = pieces
    expect(JSON.parse(first?.text ?? '')).toEqual({
      resourceLogs: [{ resource, scopeLogs: [{ scope: { name: 's' }, logRecords: [record, {}] }] }],
    })
    const bytes = pieces.map(({ text }) => text.length)
    expect(Math.max(...bytes)).toBeLessThan(1_100_000)
  })

  test('names the record that is refused by where it stands in the whole', () => {
    const records = Array.from({ length: 5000 }, (_, n) => ({
      attributes: n === 4321 ? 5 : [],
      body: { stringValue: 'x'.repeat(1000) },
    }))
    const body = { resourceLogs: [{}, { scopeLogs: [{}, {}, { logRecords: records }] }] }
    const decoded = whole(decodeJson(Buffer.from(JSON.stringify(body)), jsonLogs))
    expect(decoded.ok && decoded.value.accepted.length).toBe(4999)
    expect(decoded.ok && decoded.value.rejected.map(({ message }) => message)).toEqual([
      'resourceLogs[1].scopeLogs[2].logRecords[4321]: attributes is a number, expected a list',
    ])
  })

  test('with one metric of many points keeps all of them', () => {
    const dataPoints = Array.from({ length: 30_000 }, (_, n) => ({ asInt: n, timeUnixNano: '1' }))
    const sum = { dataPoints, isMonotonic: true, aggregationTemporality: 2 }
    const metric = { sum, unit: 'u', name: 'm' }
    const body = { resourceMetrics: [{ scopeMetrics: [{ metrics: [metric] }] }] }
    const decoded = whole(decodeJson(Buffer.from(JSON.stringify(body)), jsonMetrics))
    const points = decoded.ok ? decoded.value.accepted : []
    expect(points.map(({ value }) => value)).toEqual(dataPoints.map(({ asInt }) => asInt))
    expect(points.at(-1)).toMatchObject({ name: 'm', unit: 'u', temporality: 'cumulative' })
  })

  test.each([
    ['larger than a record may be', `"${'x'.repeat(9_000_000)}"`, 'is larger than 8388608 bytes'],
    ['of too many values', `[${'0,'.repeat(140_000)}0]`, 'holds more than 131072 values'],
  ])('a record %s is refused alone', (_name, value, reason) => {
    const records = `{"eventName":"a"},{"x":${value}},{"eventName":"b"}`
    const text = `{"resourceLogs":[{"scopeLogs":[{"logRecords":[${records}]}]}]}`
    const decoded = whole(decodeJson(Buffer.from(text), jsonLogs))
    expect(decoded.ok && decoded.value.accepted.map(({ eventName }) => eventName)).toEqual([
      'a',
      'b',
    ])
    expect(decoded.ok && decoded.value.rejected.map(({ message }) => message)).toEqual([
      `resourceLogs[0].scopeLogs[0].logRecords[1]: it ${reason}`,
    ])
  })

  test.each([
    ['cut off', '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{},{}'],
    ['followed by more', '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{},{}]}]}]} {}'],
    ['with a comma too many', '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{},{},]}]}]}'],
  ])('%s yields no part', (_name, text) => {
    const records = `{"eventName":"${'x'.repeat(900_000)}"},`.repeat(6)
    const body = text.replace('{},', `{},${records}`)
    expect(partsOf(decodeJson(Buffer.from(body), jsonLogs))).toMatchObject({
      ok: false,
      error: { message: expect.stringContaining('the body is not valid JSON') as string },
    })
  })
})

describe('the check of syntax', () => {
  const verdict = (text: string, step: number): boolean => {
    const check = createSyntaxCheck(Buffer.from(text))
    while (!check.advance(step));
    return check.fault() === undefined
  }
  const isJson = (text: string): boolean => {
    try {
      JSON.parse(text)
      return true
    } catch {
      return false
    }
  }
  const anyText = fc.oneof(
    fc.json(),
    fc.json().map((text) => JSON.stringify(JSON.parse(text), undefined, '\t')),
    fc.string({ unit: fc.constantFrom(...'{}[]",:\\/ \n-+.0123456789eEtrufalsn\u0001'.split('')) }),
    fc
      .tuple(fc.json(), fc.nat(), fc.constantFrom(...'{}[]",:\\ -.0eEu'.split(''), ''))
      .map(([text, at, sign]) => {
        const place = at % (text.length + 1)
        return text.slice(0, place) + sign + text.slice(place + 1)
      }),
  )

  test('agrees with JSON.parse, in steps of any size', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 9 }), (text, step) => {
        expect(verdict(text, step)).toBe(isJson(text))
      }),
      { numRuns: 5000 },
    )
  })

  test.each([
    ...['01', '-', '1.', '.5', '1e', '1e+', '+1', 'nul', 'truex', '"\\x"', '"\\u12g4"', '"\n"'],
    ...['{"a"}', '{"a":1,}', '[1,]', '[,1]', '{,}', '[}', '{]', '', ' ', '1 2', ']', '"', '{"a":'],
    ...['0', '-0.5e-7', '"\\u00e4\\n"', '[]', '{}', ' [ 1 , { "a" : [ ] } ] ', 'null', '1E5'],
  ])('of %j', (text) => {
    expect(verdict(text, 1000)).toBe(isJson(text))
  })

  test('takes any depth', () => {
    const depth = 1_000_000
    expect(verdict('['.repeat(depth) + ']'.repeat(depth), 1_000_000)).toBe(true)
    expect(verdict('['.repeat(depth) + ']'.repeat(depth - 1), 1_000_000)).toBe(false)
  })
})

describe('a request in protobuf', () => {
  const record = (n: number) => ({ eventName: `e${n}`, body: { stringValue: 'x'.repeat(100) } })
  const logs = (count: number) =>
    encoded('Logs', {
      resourceLogs: [
        { scopeLogs: [{ logRecords: Array.from({ length: count }, (_, n) => record(n)) }] },
      ],
    })

  test('comes in parts of bounded size, in its order', () => {
    const parts = partsOf(decodeProto(logs(2500), wireLogs))
    const lots = parts.ok ? parts.value.map(({ accepted }) => accepted) : []
    expect(lots.map((lot) => lot.length)).toEqual([1000, 1000, 500])
    expect(lots.flat().map(({ eventName }) => eventName)).toEqual(
      Array.from({ length: 2500 }, (_, n) => `e${n}`),
    )
  })

  test('whose frame is broken behind the first part yields none', () => {
    const broken = Buffer.concat([logs(2500), Buffer.from([0x0a, 0x7f, 0x00])])
    expect(partsOf(decodeProto(broken, wireLogs))).toMatchObject({ ok: false })
  })
})

/** Every one is small on the wire, or dear in its shape. */
describe('a hostile request', () => {
  const MIB = 1024 * 1024
  const repeated = (text: string, bytes: number): string =>
    text.repeat(Math.ceil(bytes / text.length))
  const inLogs = (records: string): string =>
    `{"resourceLogs":[{"scopeLogs":[{"logRecords":[${records}{}]}]}]}`
  const field = (number: number, bytes: Uint8Array): Buffer => {
    const length: number[] = []
    for (let rest = bytes.length; ; rest = Math.floor(rest / 128)) {
      length.push(rest < 128 ? rest : (rest % 128) + 128)
      if (rest < 128) break
    }
    return Buffer.concat([Buffer.from([number * 8 + 2, ...length]), bytes])
  }

  const requests: readonly (readonly [string, () => Decoding<unknown>])[] = [
    [
      'records of three bytes',
      () => decodeJson(Buffer.from(inLogs(repeated('{},', 8 * MIB))), jsonLogs),
    ],
    [
      'groups of three bytes',
      () => decodeJson(Buffer.from(`{"resourceLogs":[${repeated('{},', 8 * MIB)}{}]}`), jsonLogs),
    ],
    [
      'unknown members',
      () => decodeJson(Buffer.from(`{${repeated('"a":1,', 8 * MIB)}"resourceLogs":[]}`), jsonLogs),
    ],
    [
      'one unknown member of many values',
      () => decodeJson(Buffer.from(`{"a":[${repeated('0,', 8 * MIB)}0]}`), jsonLogs),
    ],
    [
      'one text',
      () => decodeJson(Buffer.from(inLogs(`{"x":"${repeated('\\u00e4', 24 * MIB)}"},`)), jsonLogs),
    ],
    [
      'brackets alone',
      () => decodeJson(Buffer.from('['.repeat(4 * MIB) + ']'.repeat(4 * MIB)), jsonLogs),
    ],
    [
      'records of two bytes',
      () => decodeProto(field(1, field(2, Buffer.alloc(8 * MIB, '\x12\0'))), wireLogs),
    ],
    ['scopes of two bytes', () => decodeProto(field(1, Buffer.alloc(8 * MIB, '\x12\0')), wireLogs)],
    [
      'metrics of two bytes',
      () => decodeProto(field(1, field(2, Buffer.alloc(8 * MIB, '\x12\0'))), wireMetrics),
    ],
    [
      'points of two bytes',
      () =>
        decodeProto(
          field(1, field(2, field(2, field(7, Buffer.alloc(8 * MIB, '\x0a\0'))))),
          wireMetrics,
        ),
    ],
    [
      'records under a resource that cannot be read',
      () =>
        decodeProto(
          field(
            1,
            Buffer.concat([
              field(1, Buffer.from([0x0a, 0x7f])),
              field(2, Buffer.alloc(8 * MIB, '\x12\0')),
            ]),
          ),
          wireLogs,
        ),
    ],
  ]

  test.each(requests)('of %s comes in steps that are small', (_name, decode) => {
    const decoding = decode()
    let steps = 0
    let mostRecords = 0
    let mostHeap = 0
    for (let isLast = false; !isLast; ) {
      const step = decoding.next()
      if (step.done === true) break
      steps += 1
      isLast = step.value?.isLast === true
      mostRecords = Math.max(mostRecords, step.value?.accepted.length ?? 0)
      mostHeap = Math.max(mostHeap, step.value?.heapBytes ?? 0)
    }
    // 8 MiB in steps of some 256 KiB, or of some 65,000 fields.
    expect(steps).toBeGreaterThan(20)
    expect(mostRecords).toBeLessThanOrEqual(40_000)
    expect(mostHeap).toBeLessThan(24 * MIB)
  })

  test.each([
    [
      'a resource',
      { resource: { attributes: [{ key: 'k', value: { stringValue: 'x'.repeat(70_000) } }] } },
    ],
    ['a scope', { scopeLogs: [{ scope: { name: 'x'.repeat(70_000) }, logRecords: [{}] }] }],
  ])('%s that is large is refused with its records, in either encoding', (_name, group) => {
    const body = { resourceLogs: [{ scopeLogs: [{ logRecords: [{}] }], ...group }] }
    const decodings = [
      decodeJson(Buffer.from(JSON.stringify(body)), jsonLogs),
      decodeJson(spaced(JSON.stringify(body)), jsonLogs),
      decodeProto(encoded('Logs', body), wireLogs),
    ]
    for (const decoding of decodings) {
      const decoded = whole(decoding)
      expect(decoded.ok && decoded.value.accepted).toEqual([])
      expect(decoded.ok && decoded.value.rejected[0]?.message).toContain('larger than 65536 bytes')
    }
  })
})
