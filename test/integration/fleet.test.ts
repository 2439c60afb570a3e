/** A fleet of a thousand users over the API and in `doctor --fleet`, and settings to roll out. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse as parseToml } from '@decimalturn/toml-patch'
import { createHome } from './cli/home.ts'
import { type MadeSession, post, toolResult, turn } from './cli/telemetry.ts'
import {
  bridgeEnvironment,
  removeFolder,
  startBridge,
  temporaryFolder,
  type TestBridge,
} from './corpus/bridge.ts'
import type { Fleet } from '../../src/api/contract/fleet.ts'
import { storeSettings } from './store.ts'

const USERS = 1000
const DAY_MS = 86_400_000
const SECRET = `ghp_${'a1B2c3D4e5F6g7H8i9J0'.repeat(2).slice(0, 36)}`
let bridge: TestBridge
let dataDir: string

/** Every tenth fell silent five days ago; every hundredth has a secret in it. */
function sessionOf(n: number): MadeSession {
  const silentMs = n % 10 === 0 ? 5 * DAY_MS : 0
  return {
    id: `session-${n}`,
    userId: `user-${n}`,
    atMs: Date.now() - silentMs - 1000,
    resource: { team: `team-${n % 7}`, 'os.type': 'linux' },
    events: [...turn(n % 100 === 1 ? `token ${SECRET}` : 'hello', 0.1), toolResult('Bash')],
  }
}

beforeAll(async () => {
  dataDir = temporaryFolder()
  bridge = await startBridge(bridgeEnvironment(dataDir))
  for (let from = 0; from < USERS; from += 100) {
    await post(
      bridge.url,
      Array.from({ length: 100 }, (_, n) => sessionOf(from + n)),
    )
  }
  // The same user again, with a newer version and without the text of prompts.
  await post(bridge.url, [
    {
      id: 'newest',
      userId: 'user-3',
      resource: { 'service.version': '2.2.0', team: 'moved' },
      events: [
        {
          name: 'user_prompt',
          values: { 'prompt.id': 'p', prompt: '<REDACTED>', prompt_length: 5 },
        },
      ],
    },
  ])
})
afterAll(async () => {
  await bridge.stop()
  removeFolder(dataDir)
})

describe('/api/fleet', () => {
  const ask = async (query = '') => {
    const answer = await fetch(`${bridge.url}/api/fleet${query}`)
    return { status: answer.status, fleet: (await answer.json()) as Fleet }
  }

  test('has everybody, with what the newest session tells', async () => {
    const { fleet } = await ask()
    expect(fleet.users).toHaveLength(USERS)
    expect(fleet.isCut).toBe(false)
    const of = (user: string) => fleet.users.find((each) => each.user === user)
    expect(of('user-5')).toMatchObject({
      agent: 'claude-code',
      team: 'team-5',
      version: '2.1.329',
      os: 'linux',
      sessions: 1,
      isSilent: false,
      signals: ['logs'],
      content: 'on',
      temporality: null,
      masked: 0,
    })
    expect(of('user-3')).toMatchObject({
      team: 'moved',
      version: '2.2.0',
      os: null,
      sessions: 2,
      content: 'off',
    })
    expect(of('user-101')).toMatchObject({ masked: 1 })
    expect(fleet.users.filter(({ isSilent }) => isSilent)).toHaveLength(USERS / 10)
    expect(fleet.versions).toMatchObject([
      { version: '2.2.0', users: 1, silentUsers: 0, isNewest: true },
      { version: '2.1.329', users: USERS - 1, silentUsers: USERS / 10, isNewest: false },
    ])
    expect(JSON.stringify(fleet)).not.toContain('hello')
  })

  test('looks as far back as it is asked to', async () => {
    const recent = await ask('?days=2&silentDays=1')
    expect(recent.fleet.users).toHaveLength((USERS / 10) * 9)
    const patient = await ask('?silentDays=30')
    expect(patient.fleet.users.filter(({ isSilent }) => isSilent)).toEqual([])
    expect((await ask('?days=0')).status).toBe(400)
    expect((await ask('?day=3')).status).toBe(400)
  })
})

describe('doctor --fleet', () => {
  test('as JSON: findings, and the fleet itself', async () => {
    const home = createHome()
    const { code, stdout, stderr } = await home.start(['doctor', '--fleet', '--json'], {
      ...storeSettings(dataDir),
    })
    expect([code, stderr]).toEqual([0, ''])
    const { ok, findings, fleet } = JSON.parse(stdout) as {
      ok: boolean
      findings: { id: string; status: string; what: string; todo?: string }[]
      fleet: Fleet
    }
    expect(ok).toBe(true)
    expect(fleet.users).toHaveLength(USERS)
    const found = (id: string) => findings.find((finding) => finding.id === id)
    expect(found('fleet.users')).toMatchObject({ status: 'ok' })
    expect(found('fleet.silent')).toMatchObject({
      status: 'warn',
      what: expect.stringMatching(/and 95 more have been silent for 3 days$/) as string,
      todo: expect.stringContaining('install --managed') as string,
    })
    expect(found('fleet.versions')).toMatchObject({
      status: 'warn',
      what: expect.stringContaining('claude-code 2.2.0') as string,
    })
    expect(found('fleet.masked')).toMatchObject({ status: 'warn' })
    expect(found('fleet.events')).toMatchObject({ status: 'ok' })
    expect(found('fleet.content')?.what).toContain('from 999, without from 1')
  })

  test('for a person: the silent ones first, and a bound on rows', async () => {
    const home = createHome()
    const { code, stdout } = await home.start(['doctor', '--fleet', '--silent-days', '4'], {
      ...storeSettings(dataDir),
    })
    expect(code).toBe(0)
    const [titles = '', first = ''] = stdout.split('\n')
    expect(titles).toMatch(/^USER +TEAM +AGENT +VERSION/)
    expect(first).toMatch(/^user-\d*0 /)
    expect(stdout).toContain('950 more; --json has all of them')
    expect(stdout).toContain('fleet.silent')
  })

  test('without anybody it says so', async () => {
    const folder = temporaryFolder()
    const empty = await startBridge(bridgeEnvironment(folder))
    const home = createHome()
    const { code, stdout } = await home.start(['doctor', '--fleet'], storeSettings(folder))
    await empty.stop()
    removeFolder(folder)
    expect([code, stdout]).toEqual([
      0,
      expect.stringContaining('nobody reported in the last 30 days'),
    ])
  })
})

describe('install --managed', () => {
  const endpoint = 'https://telemetry.example.com'
  const key = 'ingest-key-of-the-fleet'
  const managed = (...args: string[]) =>
    createHome().run(
      ['install', '--managed', '--endpoint', endpoint, '--api-key', key, ...args],
      {},
    )

  test('prints settings of Claude Code, and where they belong', () => {
    const { code, stdout, stderr } = managed('--team', 'blue', '--hooks', '--content', 'prompts')
    expect(code).toBe(0)
    expect(stderr).toContain('/etc/claude-code/managed-settings.json')
    const settings = JSON.parse(stdout) as { env: object; hooks: Record<string, unknown[]> }
    expect(settings.env).toEqual({
      CLAUDE_CODE_ENABLE_TELEMETRY: '1',
      OTEL_LOGS_EXPORTER: 'otlp',
      OTEL_METRICS_EXPORTER: 'otlp',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_EXPORTER_OTLP_HEADERS: `Authorization=Bearer ${key}`,
      OTEL_LOG_USER_PROMPTS: '1',
      OTEL_RESOURCE_ATTRIBUTES: 'team=blue',
    })
    expect(settings.hooks.Stop).toEqual([
      {
        hooks: [
          {
            type: 'http',
            url: `${endpoint}/hooks/claude-code`,
            timeout: 1,
            headers: { Authorization: `Bearer ${key}` },
          },
        ],
      },
    ])
  })

  test('prints those of other agents, in their own format', () => {
    const codex = managed('--agent', 'codex')
    expect([codex.code, codex.stderr]).toEqual([0, expect.stringContaining('managed_config.toml')])
    expect(parseToml(codex.stdout)).toMatchObject({
      otel: { exporter: { 'otlp-http': { endpoint: `${endpoint}/v1/logs`, protocol: 'json' } } },
    })
    const gemini = managed('--agent', 'gemini')
    expect(gemini.stderr).toContain('/etc/gemini-cli/settings.json')
    expect(JSON.parse(gemini.stdout)).toMatchObject({
      telemetry: { enabled: true, otlpEndpoint: endpoint, logPrompts: false },
    })
  })

  test('writes nothing, and warns of an address that only this machine has', () => {
    const home = createHome()
    const before = home.snapshot()
    const { code, stderr } = home.run(['install', '--managed'], {})
    expect(code).toBe(0)
    expect(stderr).toContain('For a bridge on another machine, pass --endpoint')
    expect(home.snapshot()).toEqual(before)
  })

  test('is refused where an agent has no such settings, and with options that write', () => {
    expect(managed('--agent', 'copilot')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('copilot reads no settings of an administrator') as string,
    })
    expect(managed('--service').code).toBe(2)
  })
})
