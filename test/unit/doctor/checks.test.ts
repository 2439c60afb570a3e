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
  function layersOf(files: {
    readonly user?: unknown
    readonly globalConfig?: unknown
    readonly managed?: unknown
  }) {
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
    const globalConfig = write('.claude.json', files.globalConfig)
    const layers = readLayers(shell, { user, globalConfig, managed, workingDir: folder })
    return { user, globalConfig, managed, workingDir: folder, ...layers }
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
      readLayers({}, { ...places, globalConfig: join(workingDir, 'none.json'), workingDir })
    const none = join(workingDir, 'none.json')
    expect(read({ user, managed: none }).headersHelper).toEqual({ command: '/bin/own', from: user })
    const { headersHelper: theirs, findings } = read({ user: none, managed: none })
    expect(theirs).toBeUndefined()
    expect(findings).toContainEqual(expect.objectContaining({ id: 'telemetry.headers-helper' }))
  })

  // As Claude Code 2.1.329 does.
  test.each([
    ['OTEL_RESOURCE_ATTRIBUTES', 'a=project', true],
    ['OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE', 'cumulative', true],
    ['grpc_proxy', 'http://proxy:3128', true],
    ['OTEL_LOGS_EXPORTER', 'none', true],
    ['OTEL_LOGS_EXPORTER', 'console', false],
    ['CLAUDE_CODE_ENABLE_TELEMETRY', '0', false],
    ['ENABLE_ENHANCED_TELEMETRY_BETA', '1', false],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://there:4318', false],
    ['OTEL_EXPORTER_OTLP_LOGS_ENDPOINT', 'http://there:4318/v1/logs', false],
    ['OTEL_EXPORTER_OTLP_METRICS_PROTOCOL', 'grpc', false],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'a=b', false],
    ['OTEL_LOG_USER_PROMPTS', '1', false],
  ])('a project that sets %s=%s: %j', (name, value, counts) => {
    const { user, globalConfig, workingDir } = layersOf({
      user: { env: { [name]: 'by the user' } },
    })
    mkdirSync(join(workingDir, '.claude'))
    const local = join(workingDir, '.claude/settings.local.json')
    writeFileSync(local, JSON.stringify({ env: { [name]: value } }))
    const places = { user, globalConfig, managed: join(workingDir, 'none'), workingDir }
    const { layers, findings } = readLayers({}, places)
    expect(claudeEnvironment(layers).get(name)?.value).toBe(counts ? value : 'by the user')
    const warned = findings.filter(({ id }) => id === 'settings.project')
    expect(warned).toHaveLength(counts ? 0 : 1)
  })

  // As Claude Code 2.1.329 does.
  test('.claude.json lies between the shell and the settings', () => {
    const { user, globalConfig, layers } = layersOf({
      user: { env: { C: 'user' } },
      globalConfig: { env: { B: 'global', C: 'global' }, numStartups: 3 },
    })
    const environment = claudeEnvironment(layers)
    expect(environment.get('B')).toMatchObject({ value: 'global', from: globalConfig })
    expect(environment.get('C')).toMatchObject({ value: 'user', from: user })
  })

  test('an older place of it goes before it', () => {
    const { user, globalConfig, managed, workingDir } = layersOf({
      globalConfig: { env: { A: 'global' } },
    })
    writeFileSync(join(workingDir, '.config.json'), '{"env": {"A": "older"}}')
    const { layers } = readLayers({}, { user, globalConfig, managed, workingDir })
    expect(claudeEnvironment(layers).get('A')).toMatchObject({ value: 'older' })
  })

  test('files beside the managed settings go over them, in order', () => {
    const { managed, user, globalConfig, workingDir } = layersOf({ managed: { env: { A: 'm' } } })
    const folder = managed.replace('.json', '.d')
    mkdirSync(folder)
    for (const [name, A] of Object.entries({ '20-b.json': 'b', '10-a.json': 'a', x: 'x' })) {
      writeFileSync(join(folder, name), JSON.stringify({ env: { A } }))
    }
    const { layers } = readLayers({ A: 'shell' }, { user, globalConfig, managed, workingDir })
    expect(claudeEnvironment(layers).get('A')).toMatchObject({ value: 'b' })
  })

  test('what is set to nothing is not set, whatever is below', () => {
    const { layers } = layersOf({ user: { env: { A: '', B: ' ' } } })
    const environment = claudeEnvironment(layers)
    expect([environment.get('A'), environment.get('B')]).toEqual([undefined, undefined])
  })

  // 2.1.329 says "These settings files did not load".
  test.each([{ model: 5 }, { permissions: 'x' }, { model: null }, { verbose: 'x' }])(
    'settings that Claude Code does not load for %j',
    (wrong) => {
      const { layers, findings } = layersOf({ user: { env: { A: 'user' }, ...wrong } })
      expect(claudeEnvironment(layers).get('A')?.value).toBe('shell')
      expect(findings).toMatchObject([{ id: 'settings.user', status: 'fail' }])
    },
  )

  test.each([{ theme: 5 }, { whatever: {} }, { hooks: 'x' }])(
    'settings that it loads in spite of %j',
    (odd) => {
      const { layers, findings } = layersOf({ user: { env: { A: 'user' }, ...odd } })
      expect(claudeEnvironment(layers).get('A')?.value).toBe('user')
      expect(findings).toMatchObject([{ id: 'settings.user', status: 'ok' }])
    },
  )

  test('settings with a byte order mark, or blank ones', () => {
    const { user, globalConfig, managed, workingDir } = layersOf({})
    for (const [text, value] of [
      ['\ufeff{"env": {"A": "user"}}', 'user'],
      [' \n', 'shell'],
    ] as const) {
      writeFileSync(user, text)
      const read = readLayers({ A: 'shell' }, { user, globalConfig, managed, workingDir })
      expect(claudeEnvironment(read.layers).get('A')?.value).toBe(value)
      expect(read.findings).toMatchObject([{ status: 'ok' }])
    }
  })

  test('budgets that refuse, without the hooks that they need', () => {
    const { user, globalConfig, managed, workingDir } = layersOf({})
    const places = { user, globalConfig, managed, workingDir }
    const hookFindings = (needsHooks: boolean) =>
      readLayers({}, places, needsHooks).findings.filter(({ id }) => id === 'settings.hooks')
    expect(hookFindings(false)).toEqual([])
    expect(hookFindings(true)).toMatchObject([
      { status: 'warn', todo: expect.stringContaining('install --hooks') },
    ])
    const hooks = { Stop: [{ hooks: [{ type: 'http', url: 'http://h/hooks/claude-code' }] }] }
    writeFileSync(user, JSON.stringify({ hooks }))
    expect(hookFindings(true)).toMatchObject([{ status: 'ok' }])
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
      { headers: { authorization: 'Bearer a=b', 'x-team': 'core' } },
    ],
  ])('%j', (variables, expected) => {
    expect(target(variables)).toMatchObject(expected)
  })
})
