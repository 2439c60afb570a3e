import { describe, expect, it } from 'vitest'
import type { Rejection } from '../../../src/domain/rejection.ts'
import { partialSuccessJson, partialSuccessProto } from '../../../src/otlp/partial-success.ts'
import { rpcCode, statusJson, statusProto } from '../../../src/otlp/status.ts'
import { fieldsOf, textOf } from './wire-fields.ts'

const refusals = (count: number): Rejection[] =>
  Array.from({ length: count }, (_, i) => ({ reason: 'malformed', message: `bad ${i}` }))

describe('a success', () => {
  it('is empty when nothing was refused', () => {
    expect(partialSuccessJson('logs', [])).toBe('{}')
  })

  it('counts refusals as int64 text and lists them', () => {
    expect(JSON.parse(partialSuccessJson('metrics', refusals(2)))).toEqual({
      partialSuccess: { rejectedDataPoints: '2', errorMessage: 'bad 0; bad 1' },
    })
  })

  it('lists the first five reasons of many', () => {
    expect(JSON.parse(partialSuccessJson('logs', refusals(1000)))).toEqual({
      partialSuccess: {
        rejectedLogRecords: '1000',
        errorMessage: 'bad 0; bad 1; bad 2; bad 3; bad 4; and 995 more',
      },
    })
  })
})

describe('a success in protobuf', () => {
  it('is empty when nothing was refused', () => {
    expect(partialSuccessProto([])).toHaveLength(0)
  })

  it('counts refusals and lists them', () => {
    const partialSuccess = fieldsOf(fieldsOf(partialSuccessProto(refusals(200)))[1])
    expect(Number(partialSuccess[1])).toBe(200)
    expect(textOf(partialSuccess[2])).toBe('bad 0; bad 1; bad 2; bad 3; bad 4; and 195 more')
  })
})

describe('a status', () => {
  const status = { code: rpcCode.unavailable, message: 'a "b" €' } as const
  const retry = { ...status, detail: { kind: 'retry_info', delayS: 3 } } as const
  const bad = { ...status, detail: { kind: 'bad_request', description: 'why' } } as const

  it('is google.rpc.Status in JSON', () => {
    expect(JSON.parse(statusJson(status))).toEqual({ code: 14, message: 'a "b" €' })
    expect(JSON.parse(statusJson(retry))).toMatchObject({
      details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '3s' }],
    })
    expect(JSON.parse(statusJson(bad))).toMatchObject({
      details: [
        {
          '@type': 'type.googleapis.com/google.rpc.BadRequest',
          fieldViolations: [{ description: 'why' }],
        },
      ],
    })
  })

  it('is google.rpc.Status in protobuf', () => {
    const fields = fieldsOf(statusProto(status))
    expect([Number(fields[1]), textOf(fields[2]), fields[3]]).toEqual([14, 'a "b" €', undefined])
  })

  it.each([
    ['RetryInfo', retry, (value: Uint8Array) => Number(fieldsOf(fieldsOf(value)[1])[1]), 3],
    ['BadRequest', bad, (value: Uint8Array) => textOf(fieldsOf(fieldsOf(value)[1])[2]), 'why'],
  ])('carries a %s as Any', (name, with_, read, expected) => {
    const any = fieldsOf(fieldsOf(statusProto(with_))[3])
    expect(textOf(any[1])).toBe(`type.googleapis.com/google.rpc.${name}`)
    expect(read(any[2] as Uint8Array)).toBe(expected)
  })
})
