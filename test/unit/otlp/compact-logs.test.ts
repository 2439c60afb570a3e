/**
 * What is read without being parsed has to be what parsing gives, whatever stands in the request: recorded
 * requests, and those changed at random.
 */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LogRecord } from '../../../src/domain/telemetry-record.ts'
import { readCompactLogs } from '../../../src/otlp/compact-logs.ts'
import { createIntakeBuilder } from '../../../src/otlp/intake-builder.ts'
import { readEnvelope } from '../../../src/otlp/json-envelope.ts'
import { jsonLogs } from '../../../src/otlp/json-logs.ts'

const corpus = join(import.meta.dirname, '../../corpus')
const bodies = globSync('{claude-code,gemini-cli,qwen-code}/**/*-logs.json', { cwd: corpus })
  .map((path) => readFileSync(join(corpus, path), 'utf8'))
  .filter((text) => text.startsWith('{"resourceLogs"'))

/** What parsing gives; undefined where the request, or a record of it, is refused. */
function parsed(text: string): readonly LogRecord[] | undefined {
  const intake = createIntakeBuilder<LogRecord>()
  try {
    if (readEnvelope(JSON.parse(text), jsonLogs, intake) !== undefined) return undefined
  } catch {
    return undefined
  }
  const { accepted, rejected } = intake.takePart()
  return rejected.length === 0 ? accepted : undefined
}

/** As text, so that the order of attributes and `-0` count, too. */
function shown(records: readonly LogRecord[] | undefined): string | undefined {
  return (
    records &&
    JSON.stringify(records, (_, value: unknown) => (Object.is(value, -0) ? '-0' : value), 1)
  )
}

function request(...records: readonly string[]): string {
  const resource = '{"attributes":[{"key":"service.name","value":{"stringValue":"claude-code"}}]}'
  return `{"resourceLogs":[{"resource":${resource},"scopeLogs":[{"scope":{"name":"s"},"logRecords":[${records.join(',')}]}]}]}`
}

const plain = `{"timeUnixNano":"1795229558020000000","body":{"stringValue":"b"},"attributes":[]}`
const withAttributes = (...attributes: readonly string[]): string =>
  plain.replace('"attributes":[]', `"attributes":[${attributes.join(',')}]`)
const attribute = (value: string, key = 'k'): string => `{"key":"${key}","value":${value}}`

describe('log records in compact JSON', () => {
  it('reads every recorded request as parsing does, also the second time', () => {
    expect(bodies.length).toBeGreaterThan(50)
    for (const body of [...bodies, ...bodies]) {
      expect(shown(readCompactLogs(body))).toBe(shown(parsed(body)))
    }
  })

  it.each([
    ['an empty text', attribute('{"stringValue":""}')],
    ['escapes', attribute(String.raw`{"stringValue":"a\"b\\cé\ud83d\ude00 and more\n"}`)],
    ['a short escape at the end', attribute(String.raw`{"stringValue":"a\\"}`)],
    ['other scripts', attribute('{"stringValue":"ünïcödé — 日本語のテキスト 🙂"}')],
    ['a number as text', attribute('{"intValue":"42"}')],
    ['a large number', attribute('{"intValue":9223372036854775807}')],
    ['a large number as text', attribute('{"intValue":"9223372036854775807"}')],
    ['a negative number', attribute('{"intValue":-7}')],
    ['a negative zero', attribute('{"doubleValue":-0}')],
    ['an exponent', attribute('{"doubleValue":1.5e-7}')],
    ['a double that is none', attribute('{"doubleValue":"NaN"}')],
    ['a double that is too large', attribute('{"doubleValue":1e999}')],
    ['booleans', attribute('{"boolValue":true}'), attribute('{"boolValue":false}', 'l')],
    ['a list', attribute('{"arrayValue":{"values":[{"stringValue":"]}"},{"intValue":1}]}}')],
    ['a map', attribute('{"kvlistValue":{"values":[{"key":"a","value":{"boolValue":true}}]}}')],
    ['no value', attribute('{}')],
    ['two kinds at once', attribute('{"stringValue":"a","intValue":1}')],
    ['a key twice', attribute('{"intValue":1}'), attribute('{"intValue":2}')],
    ['the key of a prototype', attribute('{"intValue":1}', '__proto__')],
    ['keys of numbers', attribute('{"intValue":1}', '7'), attribute('{"intValue":2}', '3')],
    ['a key with an escape', attribute('{"intValue":1}', String.raw`a\tb`)],
    ['members in another order', '{"value":{"intValue":1},"key":"k"}'],
  ])('reads %s', (_, ...attributes) => {
    const body = request(withAttributes(...attributes), withAttributes(...attributes))
    expect(shown(readCompactLogs(body))).toBe(shown(parsed(body)))
    expect(readCompactLogs(body)).toHaveLength(2)
  })

  it.each([
    ['a control character', withAttributes(attribute('{"stringValue":"a\tb"}'))],
    ['one in a long text', withAttributes(attribute('{"stringValue":"a longer text\twith it"}'))],
    ['a number that begins with 0', withAttributes(attribute('{"intValue":01}'))],
    ['a number without digits', withAttributes(attribute('{"doubleValue":1.}'))],
    ['an unknown escape', withAttributes(attribute(String.raw`{"stringValue":"\x"}`))],
    ['a comma at the end', withAttributes(`${attribute('{"intValue":1}')},`)],
    ['a record that ends early', plain.slice(0, -1)],
  ])('leaves %s to parsing, which refuses it', (_, record) => {
    expect(parsed(request(record))).toBeUndefined()
    expect(readCompactLogs(request(record))).toBeUndefined()
  })

  it.each([
    ['a time that is no time', plain.replace('1795229558020000000', 'soon')],
    ['a time of other length', plain.replace('1795229558020000000', '17952295580200')],
    ['a time as a number', plain.replace('"1795229558020000000"', '1795229558020000000')],
    ['members in another order', `{"attributes":[],"body":null}`],
    ['a member twice', plain.replace('}', '},"body":{"stringValue":"c"}')],
    [
      'a member that is not known',
      plain.replace('"attributes"', '"more":[{"a":"]"}],"attributes"'),
    ],
    ['an empty record', '{}'],
    ['ids', plain.replace('[]', '[],"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"bad"')],
    ['a body that is a map', plain.replace('{"stringValue":"b"}', '{"kvlistValue":{"values":[]}}')],
  ])('reads %s', (_, record) => {
    expect(shown(readCompactLogs(request(record, plain)))).toBe(
      shown(parsed(request(record, plain))),
    )
    expect(readCompactLogs(request(record, plain))).toHaveLength(2)
  })

  it('notices what changes between records that begin alike', () => {
    const record = (session: string, count: number, ...more: readonly string[]) =>
      withAttributes(
        attribute('{"stringValue":"a user of some name"}', 'user'),
        attribute(`{"stringValue":"${session}"}`, 'session'),
        attribute('{"boolValue":true}', 'flag'),
        attribute(`{"intValue":${count}}`, 'count'),
        ...more,
      )
    const records = [
      ...[1, 2, 3, 4].map((count) => record('first session', count)),
      ...[4, 5, 5, 5, 6].map((count) => record('second session', count)),
      record('second session', 7, attribute('{"intValue":1}', 'new')),
      ...[8, 9].map((count) => record('first session', count)),
      withAttributes(attribute('{"stringValue":"a user of some name"}', 'user')),
      ...[8, 9].map((count) => record('first session', count).replace('true', 'false')),
    ]
    const body = request(...records)
    expect(shown(readCompactLogs(body))).toBe(shown(parsed(body)))
    expect(readCompactLogs(body)).toHaveLength(records.length)
  })

  it('agrees with parsing on whatever a request is changed to', () => {
    const pieces = fc.constantFrom(
      ...['"', '\\', '{', '}', '[', ']', ',', ':', '0', '-', ' ', '\n', '\u0001', 'é', '🙂'],
      ...['null', 'true', '1e5', '"key":', '"attributes":[', '{"stringValue":"', '"}}', '\\u0041'],
    )
    const change = fc.record({
      body: fc.nat(bodies.length - 1),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      cut: fc.nat(12),
      put: fc.oneof(pieces, fc.constant('')),
    })
    const agrees = fc.check(
      fc.property(change, ({ body, at, cut, put }) => {
        const text = bodies[body] as string
        const start = Math.floor(at * text.length)
        const changed = text.slice(0, start) + put + text.slice(start + cut)
        const read = shown(readCompactLogs(changed))
        return read === undefined || read === shown(parsed(changed))
      }),
      { numRuns: 3000 },
    )
    expect(agrees.counterexample).toBeNull()
  })
})
