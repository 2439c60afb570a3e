import { describe, expect, it } from 'vitest'
import { decodeTraces } from './decoded.ts'

const good = {
  traceId: '0AF7651916CD43DD8448EB211C80319C',
  spanId: 'b7ad6b7169203331',
  name: 'claude_code.tool',
  startTimeUnixNano: '1795229558020500000',
  endTimeUnixNano: 1795229558021000000,
}

function intakeOf(...spans: unknown[]) {
  const decoded = decodeTraces({
    resourceSpans: [{ scopeSpans: [{ scope: { name: 'tracing' }, spans }] }],
  })
  if (!decoded.ok) throw new Error(decoded.error.message)
  return decoded.value
}

describe('a span', () => {
  it('is read whole', () => {
    const { accepted, rejected } = intakeOf({
      ...good,
      parentSpanId: 'B7AD6B7169203332',
      kind: 1,
      attributes: [{ key: 'tool_name', value: { stringValue: 'Bash' } }],
      events: [
        { timeUnixNano: '1795229558020750000', name: 'tool.output', attributes: [] },
        { name: 'untimed' },
      ],
      links: [{}],
      status: { code: 2, message: 'exit 1' },
      unknownField: true,
    })
    expect(rejected).toEqual([])
    expect(accepted).toEqual([
      {
        origin: { resource: {}, scopeName: 'tracing', scopeVersion: '' },
        traceId: '0af7651916cd43dd8448eb211c80319c',
        spanId: 'b7ad6b7169203331',
        parentSpanId: 'b7ad6b7169203332',
        name: 'claude_code.tool',
        startMs: 1795229558020.5,
        endMs: 1795229558021,
        attributes: { tool_name: 'Bash' },
        moments: [
          { name: 'tool.output', timeMs: 1795229558020.75, attributes: {} },
          { name: 'untimed', timeMs: undefined, attributes: {} },
        ],
        statusCode: 2,
        statusMessage: 'exit 1',
      },
    ])
  })

  it('may have its ids in base64, as the JSON mapping of protobuf writes bytes', () => {
    const traceId = 'CvdlGRbNQ92ESOshHIAxnA=='
    const [span] = intakeOf({ ...good, traceId, spanId: 't61rcWkgMzE=' }).accepted
    expect(span).toMatchObject({
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
    })
  })

  it('needs its ids only', () => {
    const [bare] = intakeOf(good).accepted
    expect(bare).toMatchObject({ statusCode: 0, statusMessage: '', moments: [], attributes: {} })
    expect(bare).not.toHaveProperty('parentSpanId')
  })

  it.each([
    ['an empty parent', { parentSpanId: '' }],
    ['a parent of zeros', { parentSpanId: '0000000000000000' }],
    ['a parent that is no id', { parentSpanId: 'xyz' }],
  ])('with %s is a root', (_name, parent) => {
    expect(intakeOf({ ...good, ...parent }).accepted[0]).not.toHaveProperty('parentSpanId')
  })

  it('with a status of a later version has none', () => {
    expect(intakeOf({ ...good, status: { code: 9 } }).accepted[0]?.statusCode).toBe(0)
  })
})

describe('one unreadable field does not cost its span', () => {
  it.each([
    ['no start', { startTimeUnixNano: 0 }, { startMs: 1795229558021, endMs: 1795229558021 }],
    ['no end', { endTimeUnixNano: null }, { startMs: 1795229558020.5, endMs: 1795229558020.5 }],
    ['a wrong end', { endTimeUnixNano: 'late' }, { endMs: 1795229558020.5 }],
    [
      'no readable time',
      { startTimeUnixNano: { low: 1, high: 2 }, endTimeUnixNano: 'late' },
      { startMs: 0, endMs: 0 },
    ],
    ['a name', { name: 5 }, { name: '' }],
    ['events', { events: {} }, { moments: [] }],
    ['an event', { events: [null, { name: 'a' }] }, { moments: [{ name: 'a' }] }],
    ['the time of an event', { events: [{ name: 'a', timeUnixNano: {} }] }, { moments: [{}] }],
    ['the status', { status: [] }, { statusCode: 0 }],
    ['the status code', { status: { code: 'OK', message: 'm' } }, { statusMessage: 'm' }],
    ['the status message', { status: { code: 2, message: 5 } }, { statusCode: 2 }],
  ])('%s', (_name, broken, expected) => {
    const { accepted, rejected } = intakeOf({ ...good, ...broken })
    expect(rejected).toEqual([])
    expect(accepted[0]).toMatchObject(expected)
  })

  it('a parent that is no text', () => {
    expect(intakeOf({ ...good, parentSpanId: 5 }).accepted[0]).not.toHaveProperty('parentSpanId')
  })
})

describe('the names of the protobuf definition', () => {
  it('are understood, those of enums too', () => {
    const span = {
      trace_id: good.traceId,
      span_id: good.spanId,
      parent_span_id: 'b7ad6b7169203332',
      name: good.name,
      kind: 'SPAN_KIND_INTERNAL',
      start_time_unix_nano: good.startTimeUnixNano,
      end_time_unix_nano: good.endTimeUnixNano,
      events: [{ time_unix_nano: '1795229558020750000', name: 'tool.output' }],
      status: { code: 'STATUS_CODE_ERROR', message: 'exit 1' },
    }
    const decoded = decodeTraces({ resource_spans: [{ scope_spans: [{ spans: [span] }] }] })
    expect(decoded.ok && decoded.value.accepted).toMatchObject([
      {
        spanId: good.spanId,
        parentSpanId: 'b7ad6b7169203332',
        startMs: 1795229558020.5,
        endMs: 1795229558021,
        moments: [{ name: 'tool.output', timeMs: 1795229558020.75 }],
        statusCode: 2,
      },
    ])
  })
})

describe('a bad span among good ones is refused alone', () => {
  it.each([
    ['null', null, 'it is null, expected an object'],
    ['no trace id', { ...good, traceId: undefined }, 'traceId is missing or invalid'],
    ['a short trace id', { ...good, traceId: 'abc' }, 'expected 32 hexadecimal digits'],
    ['a span id of zeros', { ...good, spanId: '0000000000000000' }, 'spanId is missing or invalid'],
    ['a span id of too much base64', { ...good, spanId: 't61rcWkgMzEx' }, 'expected 16'],
    ['a trace id of a number', { ...good, traceId: 5 }, 'traceId is missing or invalid'],
    ['attributes', { ...good, attributes: {} }, 'attributes is an object, expected a list'],
    ['attributes of an event', { ...good, events: [{ attributes: 1 }] }, 'events[0]: attributes'],
  ])('for %s', (_name, bad, reason) => {
    const { accepted, rejected } = intakeOf(good, bad, good)
    expect(accepted).toHaveLength(2)
    expect(rejected).toHaveLength(1)
    expect(rejected[0]?.message).toContain('resourceSpans[0].scopeSpans[0].spans[1]: ')
    expect(rejected[0]?.message).toContain(reason)
  })
})
