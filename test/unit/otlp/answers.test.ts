import { describe, expect, it } from 'vitest'
import type { Rejection } from '../../../src/domain/rejection.ts'
import { bringsSpans } from '../../../src/otlp/json-traces.ts'
import { partialSuccessJson, warningJson } from '../../../src/otlp/partial-success.ts'
import { rpcCode, statusJson } from '../../../src/otlp/status.ts'

const refusals = (count: number): Rejection[] =>
  Array.from({ length: count }, (_, i) => ({ reason: 'malformed', message: `bad ${i}` }))

describe('a success', () => {
  it('is empty when nothing was refused', () => {
    expect(partialSuccessJson('rejectedLogRecords', [])).toBe('{}')
  })

  it('counts refusals as int64 text and lists them', () => {
    expect(JSON.parse(partialSuccessJson('rejectedDataPoints', refusals(2)))).toEqual({
      partialSuccess: { rejectedDataPoints: '2', errorMessage: 'bad 0; bad 1' },
    })
  })

  it('lists the first five reasons of many', () => {
    expect(JSON.parse(partialSuccessJson('rejectedLogRecords', refusals(1000)))).toEqual({
      partialSuccess: {
        rejectedLogRecords: '1000',
        errorMessage: 'bad 0; bad 1; bad 2; bad 3; bad 4; and 995 more',
      },
    })
  })

  it('can warn without refusing', () => {
    expect(warningJson('careful')).toBe('{"partialSuccess":{"errorMessage":"careful"}}')
  })
})

describe('a status', () => {
  it('is google.rpc.Status in JSON', () => {
    expect(statusJson(rpcCode.invalidArgument, 'a "b"')).toBe('{"code":3,"message":"a \\"b\\""}')
  })
})

describe('a trace request', () => {
  it.each([
    ['empty', {}, { ok: true, value: false }],
    ['with an empty list', { resourceSpans: [] }, { ok: true, value: false }],
    ['with spans', { resourceSpans: [{}] }, { ok: true, value: true }],
    [
      'that is a list',
      [],
      { ok: false, error: { message: 'the request is a list, expected a JSON object' } },
    ],
    [
      'without a list',
      { resourceSpans: 1 },
      { ok: false, error: { message: 'resourceSpans is a number, expected a list' } },
    ],
  ])('%s', (_name, body, expected) => {
    expect(bringsSpans(body)).toEqual(expected)
  })
})
