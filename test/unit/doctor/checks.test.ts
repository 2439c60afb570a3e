/** Checks that a test cannot provoke with a process: other people's machines, whole disks. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { ReceiverConfig } from '../../../src/config/config.ts'
import { bridgeTarget } from '../../../src/doctor/bridge-target.ts'
import { claudeEnvironment } from '../../../src/doctor/claude-environment.ts'
import { clockFinding, roomFinding } from '../../../src/doctor/machine-checks.ts'
import { readLayers } from '../../../src/doctor/settings-layers.ts'
import { bodyFindings } from '../../../src/doctor/telemetry-checks.ts'
import { faultsOf } from '../../../src/doctor/version-faults.ts'

describe('the layers of the environment', () => {
  function layersOf(files: { readonly user?: unknown; readonly managed?: unknown }) {
    const folder = mkdtempSync(join(tmpdir(), 'claude-telemetry-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const write = (name: string, content: unknown): string => {
      const path = join(folder, name)
      mkdirSync(dirname(path), { recursive: true })
      if (content !== undefined) writeFileSync(path, JSON.stringify(content), { mode: 0o600 })
      return path
    }
    const user = write('user.json', files.user)
    const managed = write('managed.json', files.managed)
    const shell = { A: 'shell', B: 'shell', C: 'shell', EMPTY: '' }
    const layers = readLayers(shell, { user, managed, workingDir: folder })
    return { user, managed, workingDir: folder, ...layers }
  }

  test('the settings go before the shell, the managed ones before both', () => {
    const { user, managed, layers } = layersOf({
      user: { env: { B: 'user', C: 'user', EMPTY: 'set' } },
      managed: { env: { C: 'managed' } },
    })
    const environment = claudeEnvironment(layers)
    expect(environment.get('A')).toEqual({ value: 'shell', from: 'the shell', over: [] })
    expect(environment.get('B')).toEqual({ value: 'user', from: user, over: ['the shell'] })
    expect(environment.get('C')).toEqual({
      value: 'managed',
      from: managed,
      over: ['the shell', user],
    })
    expect(environment.get('EMPTY')).toEqual({ value: 'set', from: user, over: [] })
    expect(environment.get('NONE')).toBeUndefined()
  })

  test('a program that gives headers is taken from the person and the organisation only', () => {
    const own = { otelHeadersHelper: '/bin/own' }
    const { managed, headersHelper } = layersOf({
      user: own,
      managed: { otelHeadersHelper: '/bin/managed' },
    })
    expect(headersHelper).toEqual({ command: '/bin/managed', from: managed })
    const { user, workingDir } = layersOf({ user: own })
    mkdirSync(join(workingDir, '.claude'))
    writeFileSync(join(workingDir, '.claude/settings.json'), '{"otelHeadersHelper": "/bin/theirs"}')
    const read = (places: { user: string; managed: string }) =>
      readLayers({}, { ...places, workingDir })
    const none = join(workingDir, 'none.json')
    expect(read({ user, managed: none }).headersHelper).toEqual({ command: '/bin/own', from: user })
    const { headersHelper: theirs, findings } = read({ user: none, managed: none })
    expect(theirs).toBeUndefined()
    expect(findings).toContainEqual(expect.objectContaining({ id: 'telemetry.headers-helper' }))
  })

  test('a project gives resource attributes, and nothing else', () => {
    const { user, workingDir } = layersOf({ user: { env: { OTEL_RESOURCE_ATTRIBUTES: 'a=user' } } })
    mkdirSync(join(workingDir, '.claude'))
    const env = { OTEL_RESOURCE_ATTRIBUTES: 'a=project', OTEL_LOGS_EXPORTER: 'none' }
    writeFileSync(join(workingDir, '.claude/settings.local.json'), JSON.stringify({ env }))
    const { layers } = readLayers({}, { user, managed: join(workingDir, 'none'), workingDir })
    const environment = claudeEnvironment(layers)
    expect(environment.get('OTEL_RESOURCE_ATTRIBUTES')?.value).toBe('a=project')
    expect(environment.get('OTEL_LOGS_EXPORTER')).toBeUndefined()
  })

  test('an organisation that allows its own hooks only', () => {
    const { findings } = layersOf({
      user: { hooks: { Stop: [{ hooks: [{ type: 'http', url: 'http://h/hooks/claude-code' }] }] } },
      managed: { allowManagedHooksOnly: true },
    })
    expect(findings).toContainEqual(
      expect.objectContaining({ id: 'settings.hooks', status: 'warn', todo: expect.any(String) }),
    )
  })
})

test.each([
  ['1', [], []],
  ['file:/bodies', [], ['warn']],
  ['file:/bodies-2', ['/bodies'], ['warn']],
  ['file:/bodies/../other', ['/bodies'], ['warn']],
  ['file:/bodies', ['/bodies'], ['ok']],
  ['file:/bodies/deep', ['/other', '/bodies'], ['ok']],
])('raw API bodies that go to %s, of which the bridge reads %j: %j', (value, folders, statuses) => {
  const variables = { OTEL_LOG_RAW_API_BODIES: value }
  const environment = claudeEnvironment([{ name: 'the shell', variables }])
  expect(bodyFindings(environment, folders).map(({ status }) => status)).toEqual(statuses)
})

test.each([
  [99_000_000, 'fail'],
  [100_000_000, 'warn'],
  [999_000_000, 'warn'],
  [1_000_000_000, 'ok'],
])('%d bytes free: %s', (freeBytes, status) => {
  expect(roomFinding('/data', freeBytes)).toMatchObject({ status })
})

test.each([
  [undefined, []],
  [1_000_000 + 30_000, ['ok']],
  [1_000_000 + 31_000, ['warn']],
  [1_000_000 - 31_000, ['warn']],
])('a clock that says %d', (theirMs, statuses) => {
  const findings = clockFinding('clock.it', 'it', theirMs, 1_000_000)
  expect(findings.map(({ status }) => status)).toEqual(statuses)
})

describe('versions are compared by their numbers', () => {
  const set = claudeEnvironment([
    { name: 'the shell', variables: { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' } },
  ])
  test.each([
    ['1.0.128', set, ['2.1.80']],
    ['2.1.9', set, ['2.1.80']],
    ['2.1.80', set, []],
    ['2.1.329', claudeEnvironment([]), []],
    ['2.1.150', claudeEnvironment([]), ['2.1.151']],
    ['1.0.128', claudeEnvironment([]), ['2.0.0', '2.1.80']],
  ])('%s', (version, environment, fixedIn) => {
    expect(faultsOf(version, environment).map((fault) => fault.fixedIn)).toEqual(fixedIn)
  })
})

describe('the bridge that is meant', () => {
  const receiver: ReceiverConfig = {
    host: '0.0.0.0',
    port: 4318,
    grpcPort: 4317,
    maxRequestBytes: 1,
    maxInFlightBytes: 1,
  }
  const target = (variables: Record<string, string>) =>
    bridgeTarget(claudeEnvironment([{ name: 'x', variables }]), receiver)

  test.each([
    [{}, { base: 'http://127.0.0.1:4318', isLocal: true }],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:5000/some/path' },
      { base: 'http://localhost:5000', isLocal: true },
    ],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://bridge.example/otel/' },
      { base: 'https://bridge.example/otel', isLocal: false },
    ],
    [
      { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://[::1]:4317' },
      { base: 'http://127.0.0.1:4318', isLocal: true, grpc: { host: '::1', port: 4317 } },
    ],
    [
      { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://far:4317' },
      { base: 'http://far:4318', isLocal: false, grpc: { host: 'far', port: 4317 } },
    ],
    [
      { OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Bearer a=b,X-Team = core,broken' },
      { headers: { Authorization: 'Bearer a=b', 'X-Team': 'core' } },
    ],
  ])('%j', (variables, expected) => {
    expect(target(variables)).toMatchObject(expected)
  })
})
