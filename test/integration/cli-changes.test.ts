/** The commands that change what is stored, and those beside a running bridge, as processes. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createHome, type Finished } from './cli/home.ts'
import {
  bridgeEnvironment,
  removeFolder,
  startBridge,
  type TestBridge,
  temporaryFolder,
} from './corpus/bridge.ts'
import { spend } from './budgets/spending.ts'
import { eventually, recording, replay } from './corpus/recording.ts'
import {
  createLangfuseStandIn,
  type LangfuseStandIn,
  STAND_IN_KEYS,
} from './langfuse-stand-in/stand-in.ts'
import { differentFrom } from './store.ts'

const [PLAIN = ''] = Object.keys(recording('plain').truth)
const [TOOLS = ''] = Object.keys(recording('tools').truth)

interface Setting {
  readonly langfuse: LangfuseStandIn
  readonly environment: Record<string, string>
  readonly run: (...args: string[]) => Promise<Finished>
  readonly sessions: () => Promise<readonly string[]>
}

/** Two sessions, delivered; `withKeys` false leaves them waiting. The bridge has stopped. */
async function setUp({ withKeys = true } = {}): Promise<Setting> {
  const langfuse = await createLangfuseStandIn()
  const dataDir = temporaryFolder()
  onTestFinished(async () => {
    await langfuse.close()
    removeFolder(dataDir)
  })
  const environment = bridgeEnvironment(dataDir, withKeys ? langfuse : undefined)
  const bridge = await startBridge(environment)
  for (const name of ['plain', 'tools']) await replay(bridge.url, recording(name))
  await bridge.stop()
  // A port that nobody listens on.
  const commandEnvironment = { ...environment, OTLP_RECEIVER_PORT: '9', TZ: 'UTC' }
  return settingOf(langfuse, commandEnvironment)
}

function settingOf(langfuse: LangfuseStandIn, environment: Record<string, string>): Setting {
  const run = (...args: string[]) => createHome().start(args, environment)
  return {
    langfuse,
    environment,
    run,
    sessions: async () => {
      const { stdout } = await run('sessions', '--json')
      return (JSON.parse(stdout) as { readonly session: string }[]).map(({ session }) => session)
    },
  }
}

/** The same setting with a bridge that runs on its data. */
async function withBridge(
  setting: Setting,
  more: Record<string, string> = {},
): Promise<Setting & { readonly bridge: TestBridge }> {
  const bridge = await startBridge({ ...setting.environment, OTLP_RECEIVER_PORT: '0', ...more })
  onTestFinished(() => bridge.stop())
  const { port } = new URL(bridge.url)
  const environment = { ...setting.environment, OTLP_RECEIVER_PORT: port }
  return { ...settingOf(setting.langfuse, environment), bridge }
}

const spansOf = (langfuse: LangfuseStandIn, sessionId: string) =>
  langfuse.spans().filter(({ attributes }) => attributes['session.id'] === sessionId)

describe('delete', () => {
  test('takes one session and leaves the others', async () => {
    const { run, sessions, langfuse } = await setUp()
    const ran = await run('delete', TOOLS.slice(0, 8), '--yes')
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.stdout).toMatch(/^Data .*\nDeleted session .* with \d+ records\.\n$/)
    expect(await sessions()).toEqual([PLAIN])
    expect((await run('export', PLAIN)).stdout).not.toBe('')
    expect(spansOf(langfuse, TOOLS)).not.toEqual([])
  })

  test('with --langfuse takes its traces and scores there, also when it is gone here', async () => {
    const { run, sessions, langfuse } = await setUp()
    await run('delete', TOOLS, '--yes')
    const ran = await run('delete', TOOLS, '--yes', '--langfuse')
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.stdout).toMatch(/^Langfuse .*\nLangfuse was asked to delete 2 traces and \d scores/)
    expect(spansOf(langfuse, TOOLS)).toEqual([])
    expect(spansOf(langfuse, PLAIN)).not.toEqual([])
    expect(new Set(langfuse.scores().map(({ sessionId }) => sessionId))).not.toContain(TOOLS)
    expect(await sessions()).toEqual([PLAIN])
  })

  test('deletes nothing when Langfuse refuses the keys', async () => {
    const { run, sessions, langfuse } = await setUp()
    langfuse.setKeys({ publicKey: 'pk-lf-other', secretKey: 'sk-lf-other' })
    const ran = await run('delete', TOOLS, '--yes', '--langfuse')
    expect(ran).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^Data .*\nLangfuse .*\n$/),
    })
    expect(ran.stderr).toMatch(/HTTP 401.*\nNothing was deleted\.\n$/)
    expect(await sessions()).toHaveLength(2)
  })
})

test('delete tells of scores that the Langfuse there cannot list, and deletes the rest', async () => {
  const setting = await setUp()
  const asked: string[] = []
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0] ?? ''
    asked.push(`${request.method} ${path}`)
    response.writeHead(path.endsWith('/v3/scores') ? 404 : 200, {
      'content-type': 'application/json',
    })
    response.end(JSON.stringify({ data: [{ id: 'o', traceId: 't' }], meta: {} }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const environment = { ...setting.environment, LANGFUSE_HOST: `http://127.0.0.1:${port}` }
  const { run, sessions } = settingOf(setting.langfuse, environment)
  const one = await run('delete', TOOLS, '--langfuse', '--yes')
  expect(one).toMatchObject({ code: 1, stdout: expect.not.stringContaining('Deleted') })
  expect(one.stderr).toMatch(/cannot list the scores of session .*: they were not deleted/)
  expect(await sessions()).toEqual([PLAIN])
  const all = await run('delete', '--all', '--langfuse', '--yes')
  expect(all.code).toBe(1)
  expect(all.stderr).toMatch(/cannot list the scores of 1 session .*: they were not deleted/)
  expect(await sessions()).toEqual([])
  expect(asked.filter((each) => each === 'DELETE /api/public/traces')).toHaveLength(2)
})

describe('delete of many', () => {
  test('--all takes every session, and with --langfuse what Langfuse has of them', async () => {
    const { run, sessions, langfuse } = await setUp()
    expect(langfuse.spans()).not.toEqual([])
    const ran = await run('delete', '--all', '--langfuse', '--yes')
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.stdout).toMatch(
      /^Data .*\nLangfuse .*\nDeleted 2 sessions with \d+ records\.\nLangfuse was asked to delete \d traces and /,
    )
    expect(await sessions()).toEqual([])
    expect(langfuse.spans()).toEqual([])
    expect(langfuse.scores()).toEqual([])
    expect((await run('delete', '--all', '--yes')).stdout).toBe('Nothing is stored.\n')
  })

  test('--all takes raw API bodies in the folder, also where no session is left; --user does not', async () => {
    const { run, environment } = await setUp()
    const folder = join(environment.DATA_DIR ?? '', 'api-bodies')
    const write = () => writeFileSync(join(folder, 'body.json'), '{"messages":[]}')
    mkdirSync(folder)
    write()
    await run('delete', '--user', 'nobody', '--yes')
    expect(readdirSync(folder)).toEqual(['body.json'])
    const ran = await run('delete', '--all', '--yes')
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.stdout).toMatch(
      /\nDeleted 2 sessions with \d+ records, and 1 file with raw API bodies\.\n$/,
    )
    expect(readdirSync(folder)).toEqual([])
    write()
    expect((await run('delete', '--all', '--yes')).stdout).toContain(
      'Deleted 0 sessions with 0 records, and 1 file with raw API bodies.\n',
    )
    expect(readdirSync(folder)).toEqual([])
    expect((await run('delete', '--all', '--yes')).stdout).toBe('Nothing is stored.\n')
  })

  test('--user takes the sessions of that user, beside a running bridge', async () => {
    const { run, sessions, bridge, langfuse } = await withBridge(await setUp())
    await spend(bridge.url, { sessionId: 'of-ada', turn: 0, costUsd: 1, userId: 'ada' })
    await spend(bridge.url, { sessionId: 'of-adam', turn: 0, costUsd: 1, userId: 'adam' })
    const ran = await run('delete', '--user', 'ada', '--yes')
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.stdout).toMatch(/\nDeleted 1 session of user ada with 2 records\.\n$/)
    expect((await sessions()).toSorted()).toEqual([PLAIN, TOOLS, 'of-adam'].toSorted())
    expect(langfuse.spans().some(({ attributes }) => attributes['session.id'] === PLAIN)).toBe(true)
    const again = await run('delete', '--user', 'ada', '--yes')
    expect(again).toMatchObject({ code: 1, stdout: '' })
    expect(again.stderr).toContain('no session of user "ada" is stored')
  })

  test('deletes nothing when Langfuse refuses the keys, or nobody can be asked', async () => {
    const { run, sessions, langfuse } = await setUp()
    const unasked = await run('delete', '--all')
    expect(unasked.code).toBe(1)
    expect(unasked.stderr).toContain('this needs confirmation, and there is no terminal to ask on')
    langfuse.setKeys({ publicKey: 'pk-lf-other', secretKey: 'sk-lf-other' })
    const refused = await run('delete', '--all', '--langfuse', '--yes')
    expect(refused.code).toBe(1)
    expect(refused.stderr).toMatch(
      /HTTP 401.*\n0 sessions of 2 were deleted\. Run the command again/,
    )
    expect(await sessions()).toHaveLength(2)
  })

  test.each([[[]], [[PLAIN, '--all']], [['--user', 'ada', '--all']], [[PLAIN, '--user', 'ada']]])(
    'takes one of id, user and all: %j',
    async (args) => {
      const { run } = settingOf({} as LangfuseStandIn, { DATA_DIR: '/none' })
      const ran = await run('delete', ...args, '--yes')
      expect(ran).toMatchObject({ code: 2, stdout: '' })
      expect(ran.stderr).toContain('delete takes one of these: a session id, --user, --all')
    },
  )

  test('an empty name names no user', async () => {
    const { run } = settingOf({} as LangfuseStandIn, { DATA_DIR: '/none' })
    const ran = await run('delete', '--user', '', '--yes')
    expect([ran.code, ran.stderr.includes('the user name is empty')]).toEqual([1, true])
  })
})

describe('prune', () => {
  test('counts, then deletes what is older', async () => {
    const { run, sessions } = await setUp()
    expect((await run('prune')).stdout).toMatch(/^There are no closed sessions from before 20/)
    const dry = await run('prune', '--older-than', '0', '--dry-run')
    expect(dry.stdout).toMatch(/^Would delete 2 closed sessions from before 20/)
    expect(await sessions()).toHaveLength(2)
    expect((await run('prune', '--older-than', '0')).stdout).toMatch(
      /^Data .*\nDeleted 2 closed sessions/,
    )
    expect(await sessions()).toEqual([])
  })

  test('leaves what waits for Langfuse', async () => {
    const { run, sessions } = await setUp({ withKeys: false })
    const { stdout } = await run('prune', '--older-than', '0')
    expect(stdout).toMatch(/2 sessions of that age with data queued for Langfuse are kept\.\n$/)
    expect(await sessions()).toHaveLength(2)
  })

  test('where everything is kept it asks for an age', async () => {
    const setting = await setUp()
    const { run } = settingOf(setting.langfuse, { ...setting.environment, RETENTION_DAYS: '0' })
    expect(await run('prune')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/RETENTION_DAYS is 0.*\nPass --older-than DAYS/),
    })
  })
})

describe('beside a running bridge', () => {
  test('status says that it runs', async () => {
    const { run, bridge } = await withBridge(await setUp())
    const { code, stdout } = await run('status')
    expect(code).toBe(0)
    expect(stdout).toContain(`runs at ${bridge.url}`)
    expect(stdout).toMatch(/^Waiting +0 items for Langfuse$/m)
  })

  test('delete goes through it: what comes again afterwards is new', async () => {
    const { run, sessions, bridge } = await withBridge(await setUp())
    await replay(bridge.url, recording('tools'))
    const deleted = await run('delete', TOOLS, '--yes')
    expect(deleted).toMatchObject({ code: 0, stderr: '' })
    expect(await sessions()).toEqual([PLAIN])
    await replay(bridge.url, recording('tools'))
    expect((await sessions()).toSorted()).toEqual([PLAIN, TOOLS].toSorted())
    const [again] = JSON.parse((await run('sessions', '--json', '--search', TOOLS)).stdout) as {
      readonly cost_usd: number
    }[]
    expect(again?.cost_usd).toBeCloseTo(recording('tools').truth[TOOLS]?.cost_usd ?? 0, 6)
  })

  test('prune goes through it', async () => {
    const { run, sessions } = await withBridge(await setUp())
    expect((await run('prune', '--older-than', '0')).stdout).toMatch(
      /^Data .*\nDeleted 2 closed sessions/,
    )
    expect(await sessions()).toEqual([])
  })

  test('one that uses the folder at another address is told', async () => {
    const setting = await setUp()
    await withBridge(setting)
    const ran = await setting.run('delete', TOOLS, '--yes')
    expect(ran).toMatchObject({ code: 1, stdout: expect.stringMatching(/^Data .*\n$/) })
    expect(ran.stderr).toMatch(/a bridge uses .*, and the one at .* does not answer.*\nStop that/s)
    expect(await setting.sessions()).toHaveLength(2)
  })

  test('one of another folder is not taken for the own one', async () => {
    const own = await withBridge(await setUp())
    const other = await withBridge(await setUp())
    const { port } = new URL(other.bridge.url)
    const mixed = settingOf(own.langfuse, { ...own.environment, OTLP_RECEIVER_PORT: port })

    const status = await mixed.run('status')
    expect(status.code).toBe(1)
    expect(status.stdout).toContain(`it ${differentFrom(own.bridge.dataDir)}`)
    expect(status.stdout).not.toContain(other.environment.DATA_DIR)
    const told = JSON.parse((await mixed.run('status', '--json')).stdout) as {
      readonly bridge: { readonly folder: string }
    }
    expect(told.bridge.folder).toBe('other')

    const deleted = await mixed.run('delete', TOOLS, '--yes')
    expect(deleted).toMatchObject({ code: 1, stdout: expect.stringMatching(/^Data .*\n$/) })
    expect(deleted.stderr).toMatch(
      /a bridge uses .*, and the one at .* uses a different (data folder|database)/,
    )
    expect(await own.sessions()).toHaveLength(2)
    expect(await other.sessions()).toHaveLength(2)
  })

  test('status of a bridge with another key says what it may', async () => {
    const { run, bridge } = await withBridge(await setUp(), { API_KEY: 'a-key-of-the-bridge' })
    const { code, stdout } = await run('status')
    expect(code).toBe(0)
    expect(stdout).toContain(`runs at ${bridge.url}`)
    expect(stdout).toContain('only with its API_KEY')
    expect(stdout).toMatch(/^Waiting +0 items/m)
  })

  test('one with a key asks for it', async () => {
    const apiKey = 'a-key-of-the-bridge'
    const { run, environment, langfuse } = await withBridge(await setUp(), { API_KEY: apiKey })
    const refused = await run('delete', TOOLS, '--yes')
    expect(refused).toMatchObject({ code: 1, stdout: expect.stringMatching(/^Data .*\n$/) })
    expect(refused.stderr).toMatch(/has an API_KEY, and this command has none: set API_KEY/)
    const withKey = settingOf(langfuse, { ...environment, API_KEY: apiKey })
    expect(await withKey.run('delete', TOOLS, '--yes')).toMatchObject({ code: 0, stderr: '' })
  })

  test('tail prints what comes, from its stream', async () => {
    const { environment, bridge } = await withBridge(await setUp())
    const child = spawn(process.execPath, [...createHome().nodeArgs, 'tail', '-n', '1', '--json'], {
      cwd: environment.DATA_DIR,
      env: { PATH: process.env.PATH, ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exited = once(child, 'close')
    const lines: string[] = []
    createInterface(child.stdout).on('line', (line) => lines.push(line))
    await eventually('the last event of before', () => lines.length === 1)
    await replay(bridge.url, recording('multi-turn-traces'))
    const [id] = Object.keys(recording('multi-turn-traces').truth)
    await eventually('the four prompts', () => {
      const events = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
      const ofSession = events.filter(({ sessionKey }) => sessionKey === `claude-code/${id}`)
      return ofSession.filter(({ kind }) => kind === 'prompt').length === 4
    })
    child.kill('SIGINT')
    await exited
    const positions = lines.map((line) => (JSON.parse(line) as { position: number }).position)
    expect(new Set(positions).size).toBe(positions.length)
  })
})

describe('outbox', () => {
  /** A bridge with a dead item, which Langfuse would take now. */
  async function withDeadItem() {
    const setting = await setUp({ withKeys: false })
    const { langfuse, environment } = setting
    const keys = {
      LANGFUSE_HOST: langfuse.url,
      LANGFUSE_PUBLIC_KEY: STAND_IN_KEYS.publicKey,
      LANGFUSE_SECRET_KEY: STAND_IN_KEYS.secretKey,
    }
    langfuse.refuseSpans(({ name }) => (name === 'session-summary' ? 'not liked' : undefined))
    const started = await withBridge(settingOf(langfuse, { ...environment, ...keys }))
    const deadItems = async () => (await started.run('outbox', 'list')).stdout.match(/not liked/g)
    await eventually('the refusal', async () => (await deadItems())?.length === 2)
    langfuse.refuseSpans(() => undefined)
    return started
  }
  const summaries = (langfuse: LangfuseStandIn) =>
    langfuse.spans().filter(({ name }) => name === 'session-summary').length

  test('retry goes through the bridge, which sends at once', async () => {
    const { run, langfuse } = await withDeadItem()
    const ran = await run('outbox', 'retry', '--all')
    expect(ran).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Data .*\n2 items put back\n$/),
      stderr: '',
    })
    await eventually('both summaries', () => summaries(langfuse) === 2)
    expect((await run('outbox', 'list')).stdout).toBe('no dead items\n')
  })

  test('drop changes its own folder, whichever bridge listens on the port', async () => {
    const own = await withDeadItem()
    const other = await withDeadItem()
    const { port } = new URL(other.bridge.url)
    const mixed = settingOf(own.langfuse, { ...own.environment, OTLP_RECEIVER_PORT: port })
    const ran = await mixed.run('outbox', 'drop', '--all')
    expect(ran).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Data .*\n2 items dropped\n$/),
      stderr: '',
    })
    expect((await own.run('outbox', 'list')).stdout).toBe('no dead items\n')
    expect((await other.run('outbox', 'list')).stdout).toMatch(/not liked/)
    const health = (await (await fetch(`${own.bridge.url}/health`)).json()) as {
      readonly delivery: { readonly dead: number }
    }
    expect(health.delivery.dead).toBe(0)
  })
})
