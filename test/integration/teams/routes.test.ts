/** Each team has a Langfuse project of its own: what one sends reaches no other, whatever happens. */
import { afterEach, describe, expect, test } from 'vitest'
import { api } from '../../../src/api/contract/api.ts'
import { removeFolder, temporaryFolder } from '../corpus/bridge.ts'
import { eventually } from '../corpus/recording.ts'
import { createHome } from '../cli/home.ts'
import { post, turn } from '../cli/telemetry.ts'
import {
  createLangfuseStandIn,
  type LangfuseStandIn,
  STAND_IN_KEYS,
} from '../langfuse-stand-in/stand-in.ts'
import { createOtlpReceiver, type OtlpReceiver } from '../otlp-receiver.ts'
import {
  API_KEY,
  markerOf,
  sendAll,
  sessionKeyOf,
  type SharedBridge,
  startSharedBridge,
  type Team,
  TEAMS,
  writeFile,
} from './two-teams.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

interface Stage {
  readonly bridge: SharedBridge
  readonly projects: Readonly<Record<Team | 'rest', LangfuseStandIn>>
  readonly forwards: Readonly<Record<Team, OtlpReceiver>>
  readonly keys: Readonly<Record<Team, string>>
}

async function stage(rules: readonly object[] = []): Promise<Stage> {
  const dataDir = temporaryFolder()
  cleanUp.push(() => removeFolder(dataDir))
  const standIn = async (name: string) => {
    const server = await createLangfuseStandIn({
      keys: { publicKey: `pk-lf-${name}`, secretKey: `sk-lf-${name}` },
    })
    cleanUp.push(() => server.close())
    return server
  }
  const rest = await createLangfuseStandIn()
  cleanUp.push(() => rest.close())
  const projects = { red: await standIn('red'), blue: await standIn('blue'), rest }
  const forwards = { red: await createOtlpReceiver(), blue: await createOtlpReceiver() }
  for (const server of Object.values(forwards)) cleanUp.push(() => server.close())
  const project = (team: Team) => ({
    url: projects[team].url,
    publicKey: `pk-lf-${team}`,
    secretKey: `sk-lf-${team}`,
  })
  const routes = writeFile(dataDir, 'routes.json', {
    destinations: {
      'langfuse:red': project('red'),
      'langfuse:blue': project('blue'),
      'forward:red': { url: forwards.red.url },
      'forward:blue': { url: forwards.blue.url },
    },
    rules: [
      { team: 'red', to: ['langfuse:red', 'forward:red'] },
      { team: 'blue', to: ['langfuse:blue', 'forward:blue'] },
      ...rules,
    ],
    default: ['langfuse'],
  })
  const bridge = await startSharedBridge(dataDir, {
    ROUTES_FILE: routes,
    LANGFUSE_HOST: rest.url,
    LANGFUSE_PUBLIC_KEY: STAND_IN_KEYS.publicKey,
    LANGFUSE_SECRET_KEY: STAND_IN_KEYS.secretKey,
  })
  let stopped: Promise<void> | undefined
  const stop = () => (stopped ??= bridge.stop())
  cleanUp.push(stop)
  const keyOf = (team: Team) => bridge.key(team, { scopes: ['ingest'], team })
  const keys = { red: await keyOf('red'), blue: await keyOf('blue') }
  return { bridge: { ...bridge, stop }, projects, forwards, keys }
}

const told = (server: LangfuseStandIn): string => JSON.stringify([server.spans(), server.scores()])
const forwarded = (server: OtlpReceiver): string =>
  JSON.stringify([server.logs(), server.metrics(), server.spans()])

test('each project gets its team, all of it and nothing else', async () => {
  const { bridge, projects, forwards, keys } = await stage()
  for (const team of TEAMS) await sendAll(bridge, team, keys[team])
  await post(bridge.url, [{ id: 's-rest', events: turn('of nobody', 1) }], API_KEY)
  await bridge.stop()
  for (const team of TEAMS) {
    const other = team === 'red' ? 'blue' : 'red'
    const all = told(projects[team])
    expect(all).toContain(`${markerOf(team)} prompt`)
    expect(all).toContain('session-summary')
    expect(projects[team].scores().length).toBeGreaterThan(0)
    expect(all).not.toContain(markerOf(other))
    expect(all).not.toContain('of nobody')
    expect(forwarded(forwards[team])).toContain(markerOf(team))
    expect(forwarded(forwards[team])).not.toContain(markerOf(other))
    expect(told(projects.rest)).not.toContain(markerOf(team))
  }
  expect(told(projects.rest)).toContain('of nobody')
})

test('a session goes by its attribute or the name of its key, and stays there', async () => {
  const { bridge, projects } = await stage([
    { attributes: { unit: 'payments' }, to: ['langfuse:blue'] },
    { key: 'nightly', to: ['langfuse:red'] },
  ])
  const nightly = await bridge.key('nightly', { scopes: ['ingest'] })
  const session = (id: string, unit?: string) => ({
    id,
    ...(unit !== undefined && { resource: { unit } }),
    events: turn(`prompt of ${id}`, 1),
  })
  await post(bridge.url, [session('by-attribute', 'payments')], API_KEY)
  const later = { ...session('by-attribute', 'other'), atMs: Date.now() + 1000 }
  await post(bridge.url, [{ ...later, events: turn('changed its unit', 1) }], API_KEY)
  await post(bridge.url, [session('by-key')], nightly)
  await bridge.stop()
  expect(told(projects.blue)).toContain('prompt of by-attribute')
  expect(told(projects.red)).toContain('prompt of by-key')
  expect(told(projects.rest)).not.toContain('by-attribute')
  expect(told(projects.rest)).not.toContain('by-key')
  expect(told(projects.red)).not.toContain('by-attribute')
})

test('a project that refuses or is away holds up no other, and gets its own again', async () => {
  const { bridge, projects, keys } = await stage()
  projects.red.refuseSpans((span) => (span.name === 'session-summary' ? 'no summaries' : undefined))
  projects.blue.always(() => ({ kind: 'status', status: 503 }))
  for (const team of TEAMS) await sendAll(bridge, team, keys[team])
  const health = async () =>
    (await (await bridge.ask('/health', API_KEY)).json()) as {
      exporters: { name: string; pending: number; dead: number }[]
    }
  const names = (await health()).exporters.map(({ name }) => name)
  expect(names).toEqual([
    'langfuse',
    'langfuse:red',
    'langfuse:blue',
    'forward:red',
    'forward:blue',
  ])
  const blue = await eventually('what waits for blue', async () => {
    const { exporters } = await health()
    return exporters.find(({ name, pending }) => name === 'langfuse:blue' && pending > 0)
  })
  expect(blue.pending).toBeGreaterThan(0)
  const delivery = api.delivery.answer.parse(
    await (await bridge.ask('/api/delivery', API_KEY)).json(),
  )
  expect(delivery.exporters.map(({ name, label }) => [name, label])).toContainEqual([
    'langfuse:blue',
    'Langfuse (blue)',
  ])
  projects.blue.always(undefined)
  await bridge.stop()
  for (const team of TEAMS) {
    const other = team === 'red' ? 'blue' : 'red'
    expect(told(projects[team])).not.toContain(markerOf(other))
  }
  expect(told(projects.blue)).toContain('session-summary')
  expect(told(projects.red)).not.toContain('session-summary')
})

describe('a file that is wrong', () => {
  const refusal = async (text: string): Promise<string> => {
    const dataDir = temporaryFolder()
    cleanUp.push(() => removeFolder(dataDir))
    const routes = writeFile(dataDir, 'routes.json', text)
    return startSharedBridge(dataDir, { ROUTES_FILE: routes }).then(
      async (bridge) => {
        await bridge.stop()
        return 'started'
      },
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    )
  }

  test.each([
    ['{', 'it is not JSON'],
    ['{"rule": []}', 'Unrecognized key'],
    ['{"rules": [{"team": "red", "to": ["langfuse:red"]}]}', 'no destination "langfuse:red"'],
    ['{"rules": [{"to": []}]}', 'at least one of key, team, user and attributes'],
    ['{"destinations": {"kafka:red": {}}}', 'expected a name such as "langfuse:team-a"'],
    ['{"destinations": {"langfuse:red": {"url": "ftp://x"}}}', 'http or https'],
    [
      '{"destinations": {"langfuse:red": {"url": "http://x", "publicKey": "pk-lf-a", "secretKeyFile": "/none/here"}}}',
      'ENOENT',
    ],
    ['{"default": ["nowhere"]}', 'default: there is no destination "nowhere"'],
  ])('%s keeps the bridge from starting, and says why', async (text, expected) => {
    const message = await refusal(text)
    expect(message).toContain('ROUTES_FILE')
    expect(message).toContain(expected)
  })

  test('its keys are not told', async () => {
    const message = await refusal(
      '{"destinations": {"langfuse:red": {"url": 5, "publicKey": "pk-lf-a", "secretKey": "sk-lf-hidden"}}}',
    )
    expect(message).toContain('destinations["langfuse:red"]: url')
    expect(message).not.toContain('hidden')
  })
})

test('commands keep to routes: replay, delete --langfuse, and a doctor who tries each', async () => {
  const { bridge, projects, keys } = await stage()
  for (const team of TEAMS) await sendAll(bridge, team, keys[team])
  await bridge.stop()
  const before = projects.red.spans().length
  const home = createHome()
  const run = (...args: readonly string[]) => home.start(args, bridge.environment)
  const id = sessionKeyOf('red')
  const wrong = await run('replay', id)
  expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('langfuse:red')])
  const other = await run('replay', id, '--to', 'langfuse:blue')
  expect([other.code, other.stderr]).toEqual([1, expect.stringContaining('langfuse:red')])
  const unknown = await run('replay', id, '--to', 'langfuse:none')
  expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('langfuse:red')])
  const right = await run('replay', id, '--to', 'langfuse:red')
  expect([right.code, right.stderr]).toEqual([0, ''])
  expect(projects.red.spans().length).toBeGreaterThan(before)
  expect(told(projects.blue)).not.toContain(markerOf('red'))
  expect(told(projects.rest)).not.toContain(markerOf('red'))
  const kept = await run('delete', id, '--langfuse', '--yes')
  expect([kept.code, kept.stderr]).toEqual([1, expect.stringContaining('langfuse:red')])
  const doctor = await run('doctor', '--json')
  const { findings } = JSON.parse(doctor.stdout) as { findings: { id: string; status: string }[] }
  const statuses = Object.fromEntries(findings.map((finding) => [finding.id, finding.status]))
  expect(statuses).toMatchObject({ 'routes.file': 'ok', 'routes.langfuse:red': 'ok' })
})
