/** Keys and passwords of settings: given without arguments, and never repeated. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createHome, type Home } from './cli/home.ts'

const PASSWORD = 'hunter2-of-the-proxy'
const SETTINGS = '.claude/settings.json'

function withInput(home: Home, args: readonly string[], input: string) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...home.nodeArgs, ...args], {
    cwd: home.folder,
    env: { HOME: home.folder, PATH: `${home.bin}:/usr/bin:/bin`, OTLP_RECEIVER_PORT: '9' },
    input,
    encoding: 'utf8',
  })
  return { code: status, stdout, stderr }
}

describe('a key on standard input', () => {
  test('is what install --api-key - writes', () => {
    const home = createHome()
    const installed = withInput(home, ['install', '--api-key', '-'], 'key-of-the-bridge\n')
    expect(installed).toMatchObject({ code: 0, stderr: '' })
    expect(installed.stdout).not.toContain('key-of-the-bridge')
    expect(home.read(SETTINGS).toString()).toContain('Authorization=Bearer key-of-the-bridge')
    expect(home.mode(SETTINGS)).toBe('600')
  })

  test.each([
    ['nothing', ''],
    ['a line end', '\n'],
    ['two lines', 'one\ntwo\n'],
  ])('is refused where it is %s, and nothing is written', (_, input) => {
    const home = createHome()
    const { code, stderr } = withInput(home, ['install', '--api-key', '-'], input)
    expect(code).toBe(1)
    expect(stderr).toContain('--api-key - reads the key from standard input, but ')
    expect(home.exists(SETTINGS)).toBe(false)
  })
})

describe('a password in a URL is repeated nowhere', () => {
  const url = `http://me:${PASSWORD}@127.0.0.1:9/base`

  function expectUnseen(home: Home, args: string[], variables: Record<string, string>): void {
    const { code, stdout, stderr } = home.run(args, { OTLP_RECEIVER_PORT: '9', ...variables })
    expect(code).toBe(1)
    expect(`${stdout}${stderr}`).not.toContain(PASSWORD)
    expect(`${stdout}${stderr}`).toContain('(hidden)@127.0.0.1:9')
  }

  test.each([
    [['start', '--check-config'], 'LANGFUSE_HOST'],
    [['start'], 'LANGFUSE_BASE_URL'],
    [['doctor', '--no-record'], 'LANGFUSE_HOST'],
    [['doctor', '--no-record', '--json'], 'LANGFUSE_HOST'],
    [['status'], 'LANGFUSE_HOST'],
    [['sessions'], 'LANGFUSE_HOST'],
  ] as const)('%j with it in %s', (args, name) => {
    const home = createHome()
    const keys = { LANGFUSE_PUBLIC_KEY: 'pk-lf-1', LANGFUSE_SECRET_KEY: 'sk-lf-1' }
    expectUnseen(home, [...args], { ...keys, [name]: url })
  })

  test('doctor, of a bridge that Claude Code is told of', () => {
    const home = createHome()
    const env = {
      CLAUDE_CODE_ENABLE_TELEMETRY: '1',
      OTEL_LOGS_EXPORTER: 'otlp',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://me:${PASSWORD}@bridge.invalid:9/base`,
      OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `http://me:${PASSWORD}@127.0.0.1:9/base`,
    }
    home.write(SETTINGS, JSON.stringify({ env }))
    for (const options of [[], ['--json']]) {
      expectUnseen(home, ['doctor', '--no-record', ...options], {
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
      })
    }
  })

  test.each([
    ['install', '--endpoint', `ftp://me:${PASSWORD}@127.0.0.1:9`],
    ['replay', '--host', url],
  ])('%s, of an option that it refuses', (...args) => {
    const home = createHome()
    const { code, stderr } = home.run(args)
    expect(code).toBe(2)
    expect(stderr).not.toContain(PASSWORD)
    expect(stderr).toContain('(hidden)@127.0.0.1:9')
  })

  test('install, of an endpoint that it takes', () => {
    const home = createHome()
    const { code, stdout } = home.run(['install', '--endpoint', url])
    expect(code).toBe(0)
    expect(stdout).not.toContain(PASSWORD)
    expect(home.read(SETTINGS).toString()).toContain(PASSWORD)
  })

  test('the quick start, of a Langfuse of one’s own', () => {
    const script = join(import.meta.dirname, '../../scripts/setting.ts')
    const { stdout } = spawnSync(process.execPath, [script, 'LANGFUSE_HOST'], {
      cwd: createHome().folder,
      env: { LANGFUSE_HOST: url, HOME: '/' },
      encoding: 'utf8',
    })
    expect(stdout).toBe('http://(hidden)@127.0.0.1:9/base\n')
  })
})
