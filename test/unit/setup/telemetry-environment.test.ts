import { describe, expect, test } from 'vitest'
import { telemetryVariables, type TelemetryWish } from '../../../src/setup/telemetry-environment.ts'

const wish: TelemetryWish = {
  protocol: 'http/json',
  endpoint: 'http://127.0.0.1:4318',
  contents: [],
  traces: false,
}

test('without options nothing of the content is switched on', () => {
  expect(Object.keys(telemetryVariables(wish)).filter((name) => name.includes('_LOG_'))).toEqual([])
})

describe('the key', () => {
  test.each([
    ['plain-key_1.~', 'Authorization=Bearer plain-key_1.~'],
    ['a,b=c', 'Authorization=Bearer a%2Cb%3Dc'],
    ['100%', 'Authorization=Bearer 100%25'],
  ])('%s', (apiKey, header) => {
    expect(telemetryVariables({ ...wish, apiKey }).OTEL_EXPORTER_OTLP_HEADERS).toBe(header)
  })
})

describe('the team among resource attributes that are there', () => {
  test.each([
    ['', 'team=core'],
    ['a=1', 'a=1,team=core'],
    ['team=old,a=1', 'a=1,team=core'],
    ['teams=2', 'teams=2,team=core'],
  ])('%j', (given, attributes) => {
    const variables = telemetryVariables({ ...wish, team: 'core' }, given)
    expect(variables.OTEL_RESOURCE_ATTRIBUTES).toBe(attributes)
  })

  test('none is none: those that are there are left alone', () => {
    expect(telemetryVariables(wish, 'a=1')).not.toHaveProperty('OTEL_RESOURCE_ATTRIBUTES')
  })
})

test.each([
  [undefined, '1'],
  ['/data/api-bodies', 'file:/data/api-bodies'],
])('raw API bodies, with the folder %j, are %s', (bodyFolder, value) => {
  const bodies = { ...wish, contents: ['api-bodies'] as const, ...(bodyFolder && { bodyFolder }) }
  expect(telemetryVariables(bodies).OTEL_LOG_RAW_API_BODIES).toBe(value)
})
