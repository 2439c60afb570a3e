/**
 * What the doctor says of the set-ups of `test/fixtures/cases`: the fault by its name where there is
 * one, and nothing where what Claude Code sends arrives.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Doctor, doctorsOf, readCase } from './cases/steps.ts'
import { createHome } from './cli/home.ts'
import { type Finding, runBridge, type Running } from './cli/patient.ts'
import { removeFolder, temporaryFolder } from './corpus/bridge.ts'

type Bridge = Running & { stop(): Promise<void> }

let open: Bridge
let locked: Bridge
const folders: string[] = []

beforeAll(async () => {
  folders.push(temporaryFolder(), temporaryFolder())
  open = await runBridge(folders[0] ?? '', undefined)
  locked = await runBridge(folders[1] ?? '', undefined, { API_KEY: 'secret-key-1' })
})

afterAll(async () => {
  await open.stop()
  await locked.stop()
  for (const folder of folders) removeFolder(folder)
})

/** What is wrong with one set-up: `id`s of what failed, and all findings. */
async function examined({ doctor }: Doctor, bridge: Bridge) {
  const home = createHome()
  home.program('claude', "#!/bin/sh\necho '2.1.329 (Claude Code)'\n")
  const filled = (text: string): string =>
    text
      .replaceAll('{PORT}', String(bridge.port))
      .replaceAll('{GRPC}', String(bridge.grpcPort))
      .replaceAll('{HOME}', home.folder.replaceAll(' ', '\\ '))
  for (const [name, content] of Object.entries(doctor.files)) {
    const text = typeof content === 'string' ? content : JSON.stringify(content)
    const escaped = typeof content === 'string' ? text : text.replaceAll('{HOME}', '{HOME_JSON}')
    const json = escaped.replaceAll(
      '{HOME_JSON}',
      JSON.stringify(home.folder.replaceAll(' ', '\\ ')).slice(1, -1),
    )
    home.write(name, filled(json), name.endsWith('.sh') ? 0o700 : 0o600)
  }
  const variables = { ...bridge.variables, ...doctor.shell }
  const { stdout } = await home.start(['doctor', '--json', '--no-record'], variables)
  const { findings, refused } = JSON.parse(stdout) as {
    findings: Finding[]
    refused: Record<string, number>
  }
  const failed = findings.filter(({ status }) => status === 'fail')
  const told = failed.map(({ what, todo }) => `${what}\n${todo ?? ''}`).join('\n')
  const warned = findings.filter(({ status }) => status === 'warn').map(({ id }) => id)
  return { failed: failed.map(({ id }) => id), told, warned, refused }
}

/** By the name of a step; what is not named has nothing wrong with it. */
interface Expected {
  readonly failed: readonly string[]
  readonly says: RegExp
}

const cases: Readonly<Record<string, Readonly<Record<string, Expected>>>> = {
  '08': {
    'otelHeadersHelper and grpc': {
      failed: ['bridge.key'],
      says: /none is sent with logs and metrics.*does not work over gRPC/s,
    },
    'no key': { failed: ['bridge.key'], says: /requires a key, and none is sent/ },
    'header with colon': {
      failed: ['telemetry.headers', 'bridge.key'],
      says: /not written as Name=value/,
    },
    'header in JSON': { failed: ['telemetry.headers', 'bridge.key'], says: /not written as Name/ },
    'header with quotes': { failed: ['bridge.key'], says: /does not accept the key/ },
  },
  '10': {
    'logs endpoint without a path': {
      failed: ['telemetry.logs-endpoint'],
      says: /used as is.*Set it to http:\/\/127\.0\.0\.1:\d+\/v1\/logs/s,
    },
    'logs endpoint with a slash': {
      failed: ['telemetry.logs-endpoint'],
      says: /used as is/,
    },
    'logs endpoint of metrics': {
      failed: ['telemetry.logs-endpoint'],
      says: /logs are posted to \/v1\/metrics/,
    },
    'traces endpoint elsewhere': {
      failed: ['telemetry.traces-endpoint'],
      says: /OTEL_EXPORTER_OTLP_TRACES_ENDPOINT.*no bridge is there/,
    },
  },
  '22': {
    'grpc, http_proxy': {
      failed: ['bridge.proxy'],
      says: /proxy http:\/\/127\.0\.0\.1:9 \(http_proxy in the shell\).*no_proxy/s,
    },
    'grpc, grpc_proxy': { failed: ['bridge.proxy'], says: /grpc_proxy in .*settings\.json/ },
  },
}

describe.each(Object.keys(cases))('case %s', (name) => {
  const bridge = (): Bridge => (readCase(name).env?.API_KEY === undefined ? open : locked)
  test.each(doctorsOf(readCase(name)))('$name', async (step) => {
    const expected = cases[name]?.[step.name ?? '']
    const { failed, told, warned } = await examined(step, bridge())
    expect([failed, told]).toEqual([
      expected?.failed ?? [],
      expect.stringMatching(expected?.says ?? /^$/),
    ])
    const quotes = step.name === 'header with quotes' ? ['telemetry.headers'] : []
    expect(warned).toEqual([...quotes, 'langfuse.configured'])
  })
})

/** The endpoint in place of that of a step. */
function withEndpoint(step: Doctor, from: string, to: string): Doctor {
  return JSON.parse(JSON.stringify(step).replaceAll(from, to)) as Doctor
}

describe('case 24: from a container, or from WSL', () => {
  const steps = doctorsOf(readCase('24'))

  test('a name that is not known here', async () => {
    const [step] = steps
    if (step === undefined) throw new Error('the case has no such step')
    const { failed, told } = await examined(
      withEndpoint(step, 'host.docker.internal', 'host.docker.internal.invalid'),
      open,
    )
    expect(failed).toEqual(['bridge.running'])
    expect(told).toMatch(
      /add-host=host\.docker\.internal.*OTLP_RECEIVER_HOST=0\.0\.0\.0 with an API/s,
    )
  })

  // An address that leads here, and is none of the names that a bridge without a key answers to.
  test('a name that reaches a bridge without a key is no matter of the key', async () => {
    const [, step] = steps
    if (step === undefined) throw new Error('the case has no such step')
    const { failed, told } = await examined(withEndpoint(step, '//vm:', '//0.0.0.0:'), open)
    expect(failed).toEqual(['bridge.host'])
    expect(told).toMatch(/refuses requests for the name "0\.0\.0\.0" \(403\).*API_KEY/s)
  })

  test('one that reaches a bridge with a key is one', async () => {
    const [, step] = steps
    if (step === undefined) throw new Error('the case has no such step')
    const { failed, told } = await examined(withEndpoint(step, '//vm:', '//0.0.0.0:'), locked)
    expect(failed).toEqual(['bridge.key'])
    expect(told).toMatch(/requires a key, and none is sent with logs and metrics \(401\)/)
  })
})

test('what was refused is told as numbers, without what the doctor tries itself', async () => {
  const [step] = doctorsOf(readCase('08')).filter(({ name }) => name === 'no key')
  if (step === undefined) throw new Error('the case has no such step')
  await examined(step, locked)
  const before = await examined(step, locked)
  await fetch(`http://127.0.0.1:${locked.port}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  })
  const after = await examined(step, locked)
  const count = (refused: Record<string, number>) => refused.unauthenticated ?? 0
  expect(count(after.refused) - count(before.refused)).toBe(1)
  expect(after.warned).toContain('bridge.refused')
})
