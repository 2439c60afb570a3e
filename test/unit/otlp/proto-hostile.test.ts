/** Damaged and hostile protobuf: refused in good order, alone where the frame is whole. */
import { readFileSync } from 'node:fs'
import { BinaryWriter } from '@bufbuild/protobuf/wire'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_RECORDS } from '../../../src/otlp/decoding.ts'
import { encoded } from './encode.ts'
import { decodeProto } from '../../../src/otlp/proto-envelope.ts'
import { wireLogs } from '../../../src/otlp/proto-logs.ts'
import { decodeWireLogs, decodeWireMetrics, decodeWireTraces, partsOf } from './decoded.ts'

const recorded = (file: string): Buffer =>
  readFileSync(new URL(`../../corpus/claude-code/tools-protobuf/${file}`, import.meta.url))

const signals = [
  ['logs', decodeWireLogs, recorded('002-logs.bin')],
  ['metrics', decodeWireMetrics, recorded('003-metrics.bin')],
  ['spans', decodeWireTraces, recorded('001-traces.bin')],
] as const

/** Decodes, and checks that what comes out can be stored and said; nothing of a bad body. */
function expectIntake(decode: (typeof signals)[number][1], bytes: Uint8Array) {
  const decoded = decode(bytes)
  const { accepted, rejected } = decoded.ok ? decoded.value : { accepted: [], rejected: [] }
  const reason = decoded.ok ? 'none' : decoded.error.message
  expect(reason).toMatch(
    /^none$|^the body is not a protobuf request of OTLP: .|^nothing of the request was recognised: .|^the request holds ./,
  )
  expect(() => JSON.stringify([accepted, rejected])).not.toThrow()
  return { accepted, rejected }
}

/** A length-delimited field. */
const field = (number: number, bytes: Uint8Array): Uint8Array =>
  new BinaryWriter()
    .uint32((number << 3) | 2)
    .bytes(bytes)
    .finish()
const bytesOf = (...parts: readonly (Uint8Array | number[])[]): Buffer =>
  Buffer.concat(parts.map((part) => Buffer.from(part)))
const message = (...fields: Uint8Array[]): Buffer => bytesOf(...fields)
const named = (name: string): Uint8Array => field(12, Buffer.from(name))
const logsOf = (...records: Uint8Array[]): Buffer =>
  message(field(1, field(2, message(...records.map((record) => field(2, record))))))
const namesIn = (bytes: Uint8Array) => {
  const decoded = decodeWireLogs(bytes)
  if (!decoded.ok) throw new Error(decoded.error.message)
  const { accepted, rejected } = decoded.value
  return {
    names: accepted.map((record) => record.eventName),
    reasons: rejected.map((rejection) => rejection.message),
  }
}

describe.each(signals)('%s', (_name, decode, whole) => {
  it('are read whole', () => {
    const { accepted, rejected } = expectIntake(decode, whole)
    expect(accepted.length).toBeGreaterThan(5)
    expect(rejected).toEqual([])
  })

  it('cut at any byte are refused as a whole, or end where a group ends', () => {
    for (let length = 0; length < whole.length; length += 1) {
      expect(expectIntake(decode, whole.subarray(0, length)).accepted).toEqual([])
    }
  })

  it('with any bits flipped are decoded or refused, never thrown at', () => {
    const flips = fc.array(fc.nat(whole.length * 8 - 1), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(flips, (bits) => {
        const bytes = Buffer.from(whole)
        for (const bit of bits) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        expectIntake(decode, bytes)
      }),
      { numRuns: 2000 },
    )
  })

  it('of any bytes are decoded or refused, never thrown at', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expectIntake(decode, bytes)
      }),
      { numRuns: 2000 },
    )
  })

  it('in JSON are refused', () => {
    expect(decode(Buffer.from('{"resourceLogs":[]}'))).toMatchObject({ ok: false })
  })

  it('of no bytes are an empty request', () => {
    expect(decode(Buffer.alloc(0))).toEqual({ ok: true, value: { accepted: [], rejected: [] } })
  })

  it('more than a request may hold are counted in bounded time and memory', () => {
    const scope = Buffer.alloc(8_000_000, Buffer.from([0x12, 0x00]))
    const before = process.memoryUsage().heapUsed
    const decoded = decode(field(1, field(2, scope)))
    if (!decoded.ok) throw new Error(decoded.error.message)
    const { accepted, rejected } = decoded.value
    expect(accepted.length).toBeLessThanOrEqual(MAX_RECORDS)
    expect(rejected.length).toBeLessThanOrEqual(1_000_000)
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(300_000_000)
  })
})

describe('a record that cannot be read is refused alone', () => {
  const deep = (levels: number): Uint8Array => {
    let value: Uint8Array = field(1, Buffer.from('core'))
    for (let level = 0; level < levels; level += 1) value = field(5, field(1, value))
    return field(5, value)
  }
  it.each([
    [
      'an attribute that is cut',
      field(6, Buffer.from([0x0a, 0x05, 0x61])),
      'beyond the end of its message',
    ],
    ['a value longer than its parent', bytesOf([0x32, 0x7f]), 'beyond the end of its parent'],
    ['a time that is cut', bytesOf([0x09, 1, 2, 3]), 'beyond the end of its message'],
    [
      'a varint without end',
      bytesOf([0x38], Buffer.alloc(11, 0xff)),
      'beyond the end of its message',
    ],
    ['field number 0', bytesOf([0x00]), 'illegal tag'],
    ['the end of a group that never began', bytesOf([0x0c]), 'wire type 4'],
    ['groups within groups', Buffer.alloc(5000, 0x0b), 'a group holds too many fields'],
    ['a group that does not end', bytesOf([0x0b, 0x08, 0x01]), 'a group does not end'],
    ['groups that cross', bytesOf([0x0b, 0x13, 0x0c, 0x14]), 'a group ends that did not begin'],
    ['values too deep', deep(33), 'nested deeper than 32 levels'],
  ])('%s', (_name, bad, reason) => {
    const { names, reasons } = namesIn(logsOf(named('before'), bad, named('after')))
    expect(names).toEqual(['before', 'after'])
    expect(reasons).toEqual([expect.stringContaining(reason) as string])
    expect(reasons[0]).toMatch(/^resourceLogs\[0\]\.scopeLogs\[0\]\.logRecords\[1\]: /)
  })

  it.each([
    ['a', 'b'],
    ['a'.repeat(101), 'b'],
  ])('text that is not valid UTF-8 is kept with what replaces it, and counted', (before, after) => {
    const text = Buffer.concat([Buffer.from(before), Buffer.from([0xff]), Buffer.from(after)])
    const attribute = field(6, message(field(1, text), field(2, field(1, text))))
    const request = logsOf(named('before'), message(field(12, text), attribute), named('after'))
    const parts = partsOf(decodeProto(request, wireLogs))
    if (!parts.ok) throw new Error(parts.error.message)
    const kept = `${before}\ufffd${after}`
    const [part] = parts.value
    expect(part?.rejected).toEqual([])
    expect(part?.accepted.map(({ eventName }) => eventName)).toEqual(['before', kept, 'after'])
    expect({ ...part?.accepted[1]?.attributes }).toEqual({ [kept]: kept })
    expect(part?.replacedTexts).toBe(3)
  })

  it('values that are just deep enough are kept', () => {
    expect(namesIn(logsOf(message(named('deep'), deep(32)))).names).toEqual(['deep'])
  })

  it('a resource or scope that cannot be read costs its own records only', () => {
    const records = message(field(2, named('lost')), field(2, named('lost')))
    const badResource = field(1, message(field(1, field(1, bytesOf([0x0a, 9]))), field(2, records)))
    const badScope = field(1, field(2, message(field(1, bytesOf([0x0a, 9])), records)))
    const { names, reasons } = namesIn(message(badResource, badScope, logsOf(named('kept'))))
    expect(names).toEqual(['kept'])
    expect(reasons).toHaveLength(4)
    expect(reasons[0]).toContain('resourceLogs[0]: resource: ')
    expect(reasons[2]).toContain('resourceLogs[1].scopeLogs[0]: scope: ')
  })

  it('a point is refused alone, and a metric with all its points', () => {
    const good = { timeUnixNano: '1', asInt: 1 }
    const sum = { aggregationTemporality: 1, dataPoints: [good, {}, good] }
    const metrics = [
      { name: 'a', sum },
      { name: 'b', sum: { ...sum, aggregationTemporality: 7 } },
    ]
    const body = { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] }
    const decoded = decodeWireMetrics(encoded('Metrics', body))
    if (!decoded.ok) throw new Error(decoded.error.message)
    expect(decoded.value.accepted).toHaveLength(2)
    expect(decoded.value.rejected).toHaveLength(4)
  })
})

describe('what is unusual and allowed', () => {
  const resource = (value: string) =>
    field(1, field(1, message(field(1, Buffer.from('k')), field(2, field(1, Buffer.from(value))))))

  it('unknown fields of every wire type are skipped', () => {
    const unknown = new BinaryWriter()
      .uint32((1000 << 3) | 0)
      .uint64(5)
      .uint32((1001 << 3) | 1)
      .fixed64(5)
      .uint32((1002 << 3) | 2)
      .string('x')
      .uint32((1003 << 3) | 5)
      .fixed32(5)
      .uint32((1004 << 3) | 3)
      .uint32((1004 << 3) | 4)
      .finish()
    const record = message(unknown, named('kept'), unknown)
    const scope = message(unknown, field(2, record), unknown)
    const group = message(unknown, field(2, scope), unknown)
    expect(namesIn(message(unknown, field(1, group), unknown)).names).toEqual(['kept'])
  })

  it('a known field of another wire type counts as unknown', () => {
    expect(namesIn(logsOf(bytesOf([0x60, 0x05], named('kept')))).names).toEqual(['kept'])
  })

  it('a resource may follow its records, and the last of several counts', () => {
    const records = field(2, field(2, named('a')))
    const decoded = decodeWireLogs(field(1, message(records, resource('old'), resource('new'))))
    if (!decoded.ok) throw new Error(decoded.error.message)
    expect(decoded.value.accepted[0]?.origin.resource).toEqual({ k: 'new' })
  })

  it('of two equal keys the last wins, and __proto__ is a key', () => {
    const attribute = (key: string, value: string) =>
      field(6, message(field(1, Buffer.from(key)), field(2, field(1, Buffer.from(value)))))
    const record = message(attribute('__proto__', 'a'), attribute('k', '1'), attribute('k', '2'))
    const decoded = decodeWireLogs(logsOf(record))
    if (!decoded.ok) throw new Error(decoded.error.message)
    const attributes = decoded.value.accepted[0]?.attributes ?? {}
    expect(Object.entries(attributes)).toEqual([
      ['__proto__', 'a'],
      ['k', '2'],
    ])
  })

  it.each([
    ['of too many values', 131_073, 'it holds more than 131072 values'],
    ['that is too large', 5_000_000, 'it is larger than 8388608 bytes'],
  ])('a record %s is refused alone', (_name, attributes, reason) => {
    const large = Buffer.alloc(2 * attributes, Buffer.from([0x32, 0x00]))
    const { names, reasons } = namesIn(logsOf(named('before'), large, named('after')))
    expect(names).toEqual(['before', 'after'])
    expect(reasons).toEqual([`resourceLogs[0].scopeLogs[0].logRecords[1]: ${reason}`])
  })
})
