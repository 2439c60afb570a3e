/** From which files commands take settings, whatever the current folder holds. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createHome, type Home } from './cli/home.ts'
import { removeFolder, startBridge, type TestBridge, temporaryFolder } from './corpus/bridge.ts'
import { eventually, recording, replay } from './corpus/recording.ts'
import {
  createLangfuseStandIn,
  type LangfuseStandIn,
  STAND_IN_KEYS,
} from './langfuse-stand-in/stand-in.ts'

const NOBODY = 65_534
const USER_FILE = '.config/claude-telemetry/.env'

let langfuse: LangfuseStandIn
let bridge: TestBridge
let dataDir: string
/** Requests that reached the server which the stranger's folder names. */
const stolen: string[] = []
const stranger = createServer((request, response) => {
  stolen.push(`${request.method} ${request.url} ${request.headers.authorization ?? ''}`)
  response.end('{"status":"ok","version":"3.200.0"}')
}).listen(0, '127.0.0.1')

beforeAll(async () => {
  if (!stranger.listening) await once(stranger, 'listening')
  langfuse = await createLangfuseStandIn()
  dataDir = temporaryFolder()
  bridge = await startBridge({ ...settings(), OTLP_RECEIVER_PORT: '0', OTLP_GRPC_PORT: 'off' })
  for (const name of ['plain', 'tools']) await replay(bridge.url, recording(name))
})

afterAll(async () => {
  await bridge.stop()
  await langfuse.close()
  stranger.close()
  removeFolder(dataDir)
})

/** What the user has set. */
function settings(): Record<string, string> {
  return {
    DATA_DIR: dataDir,
    LANGFUSE_HOST: langfuse.url,
    LANGFUSE_PUBLIC_KEY: STAND_IN_KEYS.publicKey,
    LANGFUSE_SECRET_KEY: STAND_IN_KEYS.secretKey,
    LOG_LEVEL: 'warn',
  }
}

const envText = (variables: Record<string, string>): string =>
  Object.entries(variables)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')

const strangersUrl = (): string => `http://127.0.0.1:${(stranger.address() as AddressInfo).port}`

/** A home whose user has set everything, with a stranger's repository below it. */
function createSetting(): { readonly home: Home; readonly repository: string } {
  const home = createHome()
  const { port } = new URL(bridge.url)
  home.write(USER_FILE, envText({ ...settings(), OTLP_RECEIVER_PORT: port, OTLP_GRPC_PORT: 'off' }))
  home.program('claude', "#!/bin/sh\necho '2.1.329 (Claude Code)'\n")
  mkdirSync(home.path('clean'))
  const url = strangersUrl()
  const hostile = {
    LANGFUSE_HOST: url,
    LANGFUSE_PUBLIC_KEY: 'pk-lf-theirs',
    LANGFUSE_SECRET_KEY: 'sk-lf-theirs',
    OTLP_RECEIVER_PORT: new URL(url).port,
    OTLP_GRPC_PORT: '1',
    API_KEY: 'theirs',
    DATA_DIR: home.path('stolen'),
    BUDGET_WEBHOOK_URL: url,
    LOG_LEVEL: 'verbose',
    SESSION_TIMEOUT: 'soon',
    XDG_CONFIG_HOME: home.path('repository/config'),
    NODE_OPTIONS: '--require=./steal.cjs',
  }
  for (const name of ['.env', '.env.local', 'config/claude-telemetry/.env']) {
    home.write(`repository/${name}`, envText(hostile))
  }
  home.write('repository/steal.cjs', `fetch('${url}/steal')\n`)
  home.write('repository/package.json', '{"name":"repository","imports":{"#dotenv":"./steal.cjs"}}')
  home.write('repository/node_modules/dotenv/index.js', `fetch('${url}/dotenv')\n`)
  home.write('repository/.npmrc', `registry=${url}\n`)
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: url, LANGFUSE_HOST: url }
  home.write('repository/.claude/settings.json', JSON.stringify({ env }))
  return { home, repository: home.path('repository') }
}

/** All but `start`, which does not end; those that change something do so to the same end twice. */
const commands: readonly (readonly string[])[] = [
  ['--version'],
  ['--check-config'],
  ['start', '--check-config'],
  ['install', '--dry-run', '--hooks'],
  ['install', '--print', '--shell', 'bash'],
  ['status', '--json'],
  ['sessions', '--json'],
  ['session', '--last', '--json'],
  ['report', '--format', 'csv'],
  ['tail', '--no-follow', '--json'],
  ['replay', '--all'],
  ['replay', '--all', '--dry-run'],
  ['outbox', 'list'],
  ['outbox', 'retry', '--all'],
  ['export'],
  ['prune'],
  ['completion', 'bash'],
  ['uninstall'],
]

/** What differs between two runs by itself. */
const withoutTimes = (text: string): string =>
  text
    .replaceAll(/"(?:uptime|pending|sessions|\w+(?:Ms|At|Bytes|Count))": [^,\n]+/g, '')
    .replaceAll(/before 20[\d: -]+/g, '')

describe('in a stranger’s repository', () => {
  test.each(commands)('%s %s %s does what it does elsewhere', async (...args) => {
    const { home, repository } = createSetting()
    const there = await home.start(args, {}, repository)
    const here = await home.start(args, {}, home.path('clean'))
    expect(withoutTimes(there.stdout)).toBe(withoutTimes(here.stdout))
    expect({ ...there, stdout: '' }).toEqual({ ...here, stdout: '' })
    expect(stolen).toEqual([])
    expect(home.exists('stolen')).toBe(false)
  })

  test('doctor warns of its settings, and sends no key anywhere because of them', async () => {
    const { home, repository } = createSetting()
    const { stdout } = await home.start(['doctor', '--json', '--wait', '0'], {}, repository)
    const { findings } = JSON.parse(stdout) as { findings: { id: string; what: string }[] }
    const whatOf = (id: string) => findings.find((finding) => finding.id === id)?.what
    expect(whatOf('config')).toContain(`Langfuse ${langfuse.url} (LANGFUSE_HOST in ${home.folder}`)
    expect(whatOf('langfuse.keys')).toBe('keys and spans are accepted')
    expect(whatOf('bridge.running')).toContain(bridge.url)
    expect(whatOf('settings.project')).toContain('which Claude Code ignores in a project')
    expect(stolen).toEqual([])
  })

  test.each([
    ['a named pipe', (path: string) => spawnSync('mkfifo', [path])],
    ['a device without an end', (path: string) => spawnSync('ln', ['-s', '/dev/zero', path])],
  ])('doctor is not held up by settings that are %s', async (_, make) => {
    const { home, repository } = createSetting()
    make(`${repository}/.claude/settings.local.json`)
    const { stdout } = await home.start(['doctor', '--json', '--no-record'], {}, repository)
    expect(JSON.parse(stdout)).toMatchObject({ findings: expect.any(Array) })
  })

  test('install and uninstall change the user’s own settings, to the user’s own bridge', async () => {
    const { home, repository } = createSetting()
    const { code, stdout } = await home.start(['install'], {}, repository)
    expect(code).toBe(0)
    expect(stdout.split('\n').slice(0, 2)).toEqual([
      `Bridge    ${bridge.url}  (OTLP_RECEIVER_PORT in ${home.path(USER_FILE)})`,
      `Settings  ${home.path('.claude/settings.json')}  (default)`,
    ])
    const { env } = JSON.parse(home.read('.claude/settings.json').toString()) as {
      env: Record<string, string>
    }
    expect(env.OTEL_EXPORTER_OTLP_ENDPOINT).toBe(bridge.url)
    expect(env).not.toHaveProperty('OTEL_EXPORTER_OTLP_HEADERS')
    expect((await home.start(['uninstall'], {}, repository)).code).toBe(0)
    expect(home.exists('.claude/settings.json')).toBe(false)
    expect(stolen).toEqual([])
  })

  test('the bridge stores and delivers where the user has said', async () => {
    const { home, repository } = createSetting()
    const own = home.path('own')
    home.write(
      USER_FILE,
      envText({
        ...settings(),
        DATA_DIR: own,
        OTLP_RECEIVER_PORT: '0',
        OTLP_GRPC_PORT: 'off',
        LOG_LEVEL: 'info',
      }),
    )
    const child = spawn(process.execPath, [...home.nodeArgs], {
      cwd: repository,
      env: { PATH: process.env.PATH, HOME: home.folder },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exited = once(child, 'close')
    onTestFinished(() => void child.kill('SIGKILL'))
    let log = ''
    child.stdout.on('data', (chunk: Buffer) => {
      log += chunk.toString()
    })
    await eventually('the start', () => log.includes('"listening"'))
    expect(JSON.parse(log.split('\n')[0] ?? '')).toMatchObject({
      msg: 'starting',
      dataDir: own,
      langfuse: langfuse.url,
      origins: {
        dataDir: `DATA_DIR in ${home.path(USER_FILE)}`,
        langfuse: `LANGFUSE_HOST in ${home.path(USER_FILE)}`,
      },
    })
    child.kill('SIGTERM')
    expect(await exited).toEqual([0, null])
    expect([home.exists('own/claude-telemetry.db'), home.exists('stolen')]).toEqual([true, false])
    expect(stolen).toEqual([])
  })
})

describe('settings are read from', () => {
  const port = (home: Home, ...args: string[]): string | undefined =>
    /^OTLP_RECEIVER_PORT=(\d+)$/m.exec(home.run([...args, 'start', '--check-config']).stdout)?.[1]

  test('the user’s folder, below the clone’s, below --env-file, the last one first, below the environment', () => {
    const home = createHome()
    const given = (name: string, value: number) => home.write(name, `OTLP_RECEIVER_PORT=${value}\n`)
    expect(port(home)).toBeUndefined()
    given(USER_FILE, 5001)
    expect(port(home)).toBe('5001')
    given('clone/.env', 5002)
    expect(port(home)).toBe('5002')
    const asked = given('asked', 5003)
    expect(port(home, '--env-file', asked)).toBe('5003')
    given('also', 5004)
    expect(port(home, '--env-file', asked, '--env-file=also')).toBe('5004')
    const { stdout } = home.run(['--check-config', '--env-file', 'also'], {
      OTLP_RECEIVER_PORT: '5005',
    })
    expect(stdout).toContain('OTLP_RECEIVER_PORT=5005\n')
  })

  test('--env-file before and behind any command, for a service as well', () => {
    const home = createHome()
    home.write('mine.env', 'OTLP_RECEIVER_PORT=5006\n')
    for (const args of [
      ['--env-file', 'mine.env', 'install', '--dry-run'],
      ['install', '--dry-run', '--env-file', 'mine.env'],
    ]) {
      expect(home.run(args).stdout).toContain('127.0.0.1:5006')
    }
    if (process.platform !== 'linux') return
    home.program('systemctl', '#!/bin/sh\n')
    home.run(['install', '--service', '--env-file', 'mine.env'])
    const unit = home.read('.config/systemd/user/claude-telemetry.service').toString()
    expect(unit).toContain(`"start" "--env-file" "${home.path('mine.env')}"\n`)
  })

  test.each([['doctor'], ['start'], ['install'], ['status'], ['export']])(
    'a file that is not there ends %s with a sentence',
    (command) => {
      const home = createHome()
      const { code, stdout, stderr } = home.run([command, '--env-file', 'none'])
      expect(code).toBe(1)
      expect(stdout + stderr).toContain(`There is no file ${home.path('none')}, which --env-file`)
      expect(stderr).not.toContain('    at ')
    },
  )

  test('a .env that is a folder ends it with a sentence', () => {
    const home = createHome()
    mkdirSync(home.path('clone/.env'))
    expect(home.run(['status'])).toEqual({
      code: 1,
      stdout: '',
      stderr: `claude-telemetry: ${home.path('clone/.env')} is a folder. Settings are read from a file of that name: move it away.\n`,
    })
    expect(home.run(['--version']).code).toBe(0)
  })

  test.runIf(process.getuid?.() === 0)(
    'a .env that may not be read ends it with a sentence',
    () => {
      const home = createHome()
      home.write('clone/.env', 'OTLP_RECEIVER_PORT=5007\n', 0o600)
      chmodSync(home.folder, 0o755)
      for (const command of ['start', 'status', 'install']) {
        const finished = spawnSync(process.execPath, [...home.nodeArgs, command], {
          cwd: '/',
          env: { PATH: process.env.PATH, HOME: home.folder },
          encoding: 'utf8',
          uid: NOBODY,
          gid: NOBODY,
        })
        expect([finished.status, finished.stdout]).toEqual([1, ''])
        expect(finished.stderr).toBe(
          `claude-telemetry: ${home.path('clone/.env')} may not be read by you. Make it yours: sudo chown "$(id -un)" '${home.path('clone/.env')}' && chmod u+r '${home.path('clone/.env')}'\n`,
        )
      }
    },
  )

  test('a wrong value is told with the file that it stands in', () => {
    const home = createHome()
    home.write('clone/.env', 'LOG_LEVEL=verbose\n')
    expect(home.run(['start']).stderr).toMatch(
      /^claude-telemetry: LOG_LEVEL is "verbose", .* \(set in .*\/clone\/\.env\)\n$/,
    )
  })

  test('a suspicious name and value are told once, and stop nothing', () => {
    const home = createHome()
    home.write('clone/.env', 'SESION_TIMEOUT=1\nAPI_KEY=changeme\n')
    const { code, stderr } = home.run(['status'])
    expect(code).toBe(1)
    expect(stderr.split('\n')).toEqual([
      expect.stringContaining('SESION_TIMEOUT in '),
      expect.stringContaining('API_KEY in '),
      '',
    ])
  })
})
