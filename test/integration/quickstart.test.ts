/** `./quickstart.sh` in a copy of the project, with a docker that only writes down what it is told. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readEnvFile } from '../../scripts/env-file.ts'
import { eventually } from './corpus/recording.ts'
import { createProjectCopy, type ProjectCopy } from './shell/project-copy.ts'

const DOCKER_RUNS = 'echo "$@" >>"$HOME/docker.log"'
const DOCKER_IS_DOWN = 'echo "Cannot connect to the Docker daemon" >&2; exit 1'

let copy: ProjectCopy
let port: string
let foreground: ChildProcess | undefined

beforeEach(async () => {
  copy = createProjectCopy()
  port = String(await freePort())
})
afterEach(async () => {
  if (foreground?.exitCode === null) {
    foreground.kill('SIGTERM')
    await once(foreground, 'exit')
  }
  foreground = undefined
  quickstart('--stop')
  copy.remove()
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return address.port
}

function quickstart(option = '', environment: Record<string, string> = {}, userId?: number) {
  return copy.run(`./quickstart.sh ${option}`, { OTLP_RECEIVER_PORT: port, ...environment }, userId)
}

/** Starts it as a person in a terminal does, and waits until the bridge answers. */
async function inForeground(environment: Record<string, string> = {}): Promise<() => string> {
  const child = spawn('./quickstart.sh', [], {
    cwd: copy.folder,
    env: { ...copy.environment, OTLP_RECEIVER_PORT: port, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  foreground = child
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
  }
  await eventually('the bridge', async () => {
    if (child.exitCode !== null) throw new Error(`quickstart.sh has ended: ${output}`)
    return answers()
  })
  return () => output
}

const answers = (): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/health`).then(
    (answer) => answer.ok,
    () => false,
  )
const pid = (): string => readFileSync(copy.path('.run/bridge.pid'), 'utf8').trim()
const dockerLog = (): string => readFileSync(copy.path('docker.log'), 'utf8')
const settings = () => readEnvFile(copy.path('.env'))

describe('with Docker', () => {
  beforeEach(() => copy.program('docker', DOCKER_RUNS))

  test('starts Langfuse, then the bridge, and says how to go on', async () => {
    const { status, stdout, stderr } = quickstart()
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(await answers()).toBe(true)
    expect(dockerLog()).toContain('compose up --detach --wait')
    const { LANGFUSE_ADMIN_EMAIL, LANGFUSE_ADMIN_PASSWORD, LANGFUSE_PUBLIC_KEY } = settings()
    expect(LANGFUSE_PUBLIC_KEY).toMatch(/^pk-lf-/)
    expect(stdout).toContain('http://localhost:3000')
    expect(stdout).toContain(LANGFUSE_ADMIN_EMAIL)
    expect(stdout).toContain(LANGFUSE_ADMIN_PASSWORD)
    expect(stdout).toMatch(/source claude-telemetry\.env\n +claude\n/)
    expect(stdout).toMatch(/^ +\.\/claude-telemetry open$/m)
    expect(stdout).toMatch(/^ +\.\/claude-telemetry install$/m)
    expect(stdout).toMatch(/^ +\.\/claude-telemetry doctor$/m)
    expect(statSync(copy.path('.env')).mode & 0o777).toBe(0o600)
  })

  test('run again, restarts the bridge and keeps the settings; --stop ends it', async () => {
    quickstart()
    const [firstPid, firstSettings] = [pid(), settings()]
    expect(quickstart()).toMatchObject({ status: 0, stderr: '' })
    expect(pid()).not.toBe(firstPid)
    expect(settings()).toEqual(firstSettings)
    expect(await answers()).toBe(true)
    expect(quickstart('--stop').status).toBe(0)
    expect(await answers()).toBe(false)
    expect(quickstart('--stop').stdout).toContain('No bridge of this folder runs')
  })

  test('a Langfuse that does not come up is not followed by a bridge', async () => {
    copy.program('docker', `${DOCKER_RUNS}; case "$*" in *up*) exit 1 ;; esac`)
    const { status, stderr } = quickstart()
    expect(status).toBe(1)
    expect(stderr).toContain('scripts/langfuse logs')
    expect(await answers()).toBe(false)
  })

  test('a bridge that dies is reported with its log', () => {
    writeFileSync(copy.path('dist/main.js'), "console.error('no room'); process.exit(1)")
    expect(quickstart()).toMatchObject({ status: 1, stderr: expect.stringContaining('no room') })
  })
})

describe('without Docker', () => {
  beforeEach(() => copy.program('docker', DOCKER_IS_DOWN))

  test('says so in one line and runs in the foreground, without keys', async () => {
    const output = await inForeground()
    const lines = output().split('\n')
    expect(lines.filter((line) => line.includes('No Docker engine answers'))).toHaveLength(1)
    expect(output()).toMatch(/source claude-telemetry\.env\n +claude\n/)
    expect(settings()).toEqual({})
    expect(String(foreground?.pid)).toBe(pid())
    foreground?.kill('SIGTERM')
    await eventually('its end', async () => !(await answers()))
  })

  test('run again beside it, says that it runs and leaves it alone', async () => {
    await inForeground()
    const { status, stdout } = quickstart()
    expect(status).toBe(0)
    expect(stdout).toContain(`process ${pid()}`)
    expect(await answers()).toBe(true)
  })

  test('a port that is taken is named, and nothing starts', async () => {
    const other = createServer().listen(Number(port), '127.0.0.1')
    await once(other, 'listening')
    const { status, stderr } = quickstart()
    other.close()
    expect(status).toBe(1)
    expect(stderr).toContain(`http://127.0.0.1:${port} is in use by another program`)
    expect(existsSync(copy.path('.run/bridge.pid'))).toBe(false)
  })

  test('a process that was given the number of a former bridge is left alone', async () => {
    const bystander = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
    await once(bystander, 'spawn')
    copy.run('mkdir -p .run')
    writeFileSync(copy.path('.run/bridge.pid'), String(bystander.pid))
    expect(quickstart('--stop').stdout).toContain('No bridge of this folder runs')
    expect(bystander.kill(0)).toBe(true)
    bystander.kill()
    await once(bystander, 'exit')
  })
})

describe('says in a sentence what is wrong, before anything starts', () => {
  beforeEach(() => copy.program('docker', DOCKER_IS_DOWN))

  const wrong: readonly (readonly [string, string, RegExp])[] = [
    ['a port that is none', 'OTLP_RECEIVER_PORT=abc\n', /OTLP_RECEIVER_PORT is "abc", expected/],
    ['a port nobody would know', 'OTLP_RECEIVER_PORT=0\n', /^OTLP_RECEIVER_PORT is 0/],
    [
      'half a pair of keys',
      'LANGFUSE_PUBLIC_KEY=pk-lf-1\n',
      /LANGFUSE_SECRET_KEY is not set, .* \(LANGFUSE_PUBLIC_KEY is set in .*\.env\)/,
    ],
    [
      'another wrong setting',
      'LOG_LEVEL=verbose\n',
      /LOG_LEVEL is "verbose", .* \(set in .*\.env\)/,
    ],
    [
      'a port of Langfuse that is none',
      'LANGFUSE_WEB_PORT=abc\n',
      /^LANGFUSE_WEB_PORT is "abc", expected the number of a port\.\n$/,
    ],
  ]
  test.each(wrong)('%s', (_, text, says) => {
    writeFileSync(copy.path('.env'), text)
    // Variables go before the file, so the one that the other tests set must not be there.
    const { status, stdout, stderr } = copy.run('./quickstart.sh')
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(says)
    expect(stderr).not.toMatch(/^ +at /m)
    expect(existsSync(copy.path('.run/bridge.pid'))).toBe(false)
  })

  test('a .env that is a folder', () => {
    copy.run('mkdir .env')
    const { status, stdout, stderr } = quickstart()
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(/\.env is a folder\. /)
    expect(stderr).not.toMatch(/^ +at /m)
  })

  test('a port of gRPC that is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const grpcPort = String((other.address() as AddressInfo).port)
    const { status, stdout, stderr } = quickstart('', { OTLP_GRPC_PORT: grpcPort })
    other.close()
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toBe(
      `127.0.0.1:${grpcPort}, the port of gRPC, is in use by another program. Stop it, or set OTLP_GRPC_PORT in .env to another port or to off.\n`,
    )
  })

  test('a timeout that is no number does not keep a bridge from being ended', async () => {
    await inForeground()
    expect(quickstart('--stop', { SHUTDOWN_TIMEOUT: 'soon' })).toMatchObject({
      status: 0,
      stdout: 'The bridge has ended.\n',
    })
  })
})

describe('with Docker, a suspicious setting', () => {
  test('is told where it can be read, and stops nothing', () => {
    copy.program('docker', DOCKER_RUNS)
    writeFileSync(copy.path('.env'), 'SESION_TIMEOUT=1\n')
    const { status, stderr } = quickstart()
    expect(status).toBe(0)
    expect(stderr).toMatch(
      /^claude-telemetry: SESION_TIMEOUT in .* Did you mean SESSION_TIMEOUT\?\n$/,
    )
  })
})

describe.runIf(process.getuid?.() === 0)('after a run as root, as a user', () => {
  const NOBODY = 65_534
  beforeEach(() => {
    copy.program('docker', DOCKER_IS_DOWN)
    copy.giveTo(NOBODY)
  })

  const left: readonly (readonly [string, string, readonly string[]])[] = [
    ['a closed .run', 'mkdir -m 700 .run', ['.run']],
    ['a .env', 'umask 077; echo "# mine" >.env', ['.env']],
    [
      'all that is made here',
      'chown -R root dist node_modules; mkdir -m 700 .run .node',
      ['.run', '.node', 'node_modules', 'dist'],
    ],
    ['files of a build', 'mkdir -p dist/page/assets; chmod 755 dist/page', ['dist']],
    ['the folder itself', 'chown root . && chmod 755 .', ['.']],
  ]
  test.each(left)('%s: says at once which command gives it back', (_, prepare, names) => {
    copy.run(prepare)
    for (const option of ['', '--stop']) {
      const { status, stdout, stderr } = quickstart(option, {}, NOBODY)
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
      for (const name of names) expect(stderr).toContain(`${copy.path(name)} belongs to root`)
      const quoted = names.map((name) => copy.path(name).replaceAll(' ', '\\ ')).join(' ')
      expect(stderr).toContain(`\n  sudo chown -R nobody ${quoted}\n`)
    }
  })

  test('the command that it names helps', () => {
    copy.run('mkdir -m 700 .run')
    const { stderr } = quickstart('--stop', {}, NOBODY)
    copy.run(/sudo (chown .*)/.exec(stderr)?.[1] ?? 'false')
    expect(quickstart('--stop', {}, NOBODY)).toMatchObject({ status: 0, stderr: '' })
  })

  test('a .env that its owner has closed', () => {
    writeFileSync(copy.path('.env'), '')
    copy.giveTo(NOBODY)
    chmodSync(copy.path('.env'), 0)
    const { status, stderr } = quickstart('', {}, NOBODY)
    expect(status).toBe(1)
    expect(stderr).toMatch(/\.env is closed to you .*\n.*\n {2}chmod -R u\+rwX .*\.env\n$/)
  })

  test('sudo is warned of before it has done harm', () => {
    const { stderr } = quickstart('', { SUDO_UID: '1000', OTLP_RECEIVER_PORT: 'abc' })
    expect(stderr).toMatch(/^This runs through sudo: .*\n/)
  })
})

test('with a Langfuse of one’s own, starts none and makes no keys', async () => {
  copy.program('docker', DOCKER_RUNS)
  const output = await inForeground({
    LANGFUSE_PUBLIC_KEY: 'pk-lf-mine',
    LANGFUSE_SECRET_KEY: 'sk-lf-mine',
    LANGFUSE_HOST: 'https://langfuse.example',
  })
  expect(output()).toContain('Your own Langfuse is used, https://langfuse.example')
  expect(dockerLog()).not.toContain('up')
  expect(settings()).toEqual({})
})
