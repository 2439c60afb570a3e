/** `claude-telemetry.env`, read by the shells people use. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createProjectCopy, type ProjectCopy } from './shell/project-copy.ts'
import { hasShell, shells } from './shell/shells.ts'

let copy: ProjectCopy
beforeEach(() => {
  copy = createProjectCopy()
})
afterEach(() => copy.remove())

const SOURCING = 'set -eu; . "$0"; env'

interface Reading {
  readonly cwd: string
  /** How the file is named; its absolute path unless told otherwise. */
  readonly file?: string
  readonly environment?: Readonly<Record<string, string>>
}

/** What the shell has exported once it has read the file; it stops at the first error. */
function exportsOf(
  [program, ...args]: readonly string[],
  { cwd, file = copy.path('claude-telemetry.env'), environment = {} }: Reading,
): Record<string, string> {
  const script = program === 'fish' ? `source "${file}"; or exit 1; env` : SOURCING
  const finished = spawnSync(program ?? '', [...args, '-c', script, file], {
    cwd,
    env: { PATH: copy.environment.PATH, HOME: copy.folder, ...environment },
    encoding: 'utf8',
    // On a socket bash takes itself for a remote shell and reads the user's start-up file.
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  expect(finished.stderr).toBe('')
  expect(finished.status).toBe(0)
  const found: Record<string, string> = {}
  for (const [, name = '', value = ''] of finished.stdout.matchAll(/^(\w+)=(.*)$/gm)) {
    if (/^(OTEL|CLAUDE)_|telemetry/.test(name)) found[name] = value
  }
  return found
}

const defaults = {
  CLAUDE_CODE_ENABLE_TELEMETRY: '1',
  OTEL_LOGS_EXPORTER: 'otlp',
  OTEL_METRICS_EXPORTER: 'otlp',
  OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
  OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318',
}
const endpoint = (port: number) => ({
  ...defaults,
  OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
})
const USER_FILE = '.config/claude-telemetry/.env'

const fish = { name: 'fish', command: ['fish'] as const, isHere: hasShell(['fish']) }

describe.each([...shells, fish])('$name', ({ name, command, isHere }) => {
  test.skipIf(!isHere)('gets the defaults, and no text is recorded', () => {
    expect(exportsOf(command, { cwd: '/' })).toEqual(defaults)
    expect(exportsOf(command, { cwd: copy.folder })).toEqual(defaults)
    const file = './claude-telemetry.env'
    expect(exportsOf(command, { cwd: copy.folder, file })).toEqual(defaults)
  })

  test.skipIf(!isHere)('takes port and key from the environment', () => {
    const environment = { OTLP_RECEIVER_PORT: '4400', API_KEY: `a'b\\c"$d` }
    expect(exportsOf(command, { cwd: '/', environment })).toEqual({
      ...endpoint(4400),
      OTEL_EXPORTER_OTLP_HEADERS: `Authorization=Bearer a'b\\c"$d`,
    })
  })

  test.skipIf(!isHere)('takes them from the user’s file, and before it from .env beside it', () => {
    mkdirSync(copy.path('.config/claude-telemetry'), { recursive: true })
    writeFileSync(copy.path(USER_FILE), 'OTLP_RECEIVER_PORT=4401\n')
    expect(exportsOf(command, { cwd: '/' })).toEqual(endpoint(4401))
    writeFileSync(copy.path('.env'), 'OTLP_RECEIVER_PORT=4402\n')
    const file = './claude-telemetry.env'
    expect(exportsOf(command, { cwd: copy.folder, file })).toEqual(endpoint(4402))
  })

  // Some shells cannot say where the file lies: there it takes a system that shows open files.
  const canTell = process.platform === 'linux' || !/dash|mksh|busybox|^sh/.test(name)
  test.skipIf(!isHere || !canTell)('reads no .env of the current folder', () => {
    mkdirSync(copy.path('stranger'))
    cpSync(copy.path('claude-telemetry.env'), copy.path('stranger/claude-telemetry.env'))
    writeFileSync(copy.path('stranger/.env'), 'API_KEY=theirs\nOTLP_RECEIVER_PORT=6666\n')
    writeFileSync(copy.path('.env'), 'OTLP_RECEIVER_PORT=4403\n')
    expect(exportsOf(command, { cwd: copy.path('stranger') })).toEqual(endpoint(4403))
  })
})

const files: readonly [string, string, string | undefined][] = [
  ['bare', 'API_KEY=abc\n', 'abc'],
  ['double quotes', 'API_KEY="a#b" # note\n', 'a#b'],
  ['single quotes', "export API_KEY = 'abc'\n", 'abc'],
  ['a comment after it', 'API_KEY=abc # note\n', 'abc'],
  ['the last of two', 'API_KEY=old\nAPI_KEY=new\n', 'new'],
  ['no end of line', 'API_KEY=abc', 'abc'],
  ['commented out', '# API_KEY=abc\n', undefined],
  ['another name', 'MY_API_KEY=abc\nAPI_KEY_2=abc\n', undefined],
]
test.each(files)('reads .env beside it: %s', (_, text, key) => {
  writeFileSync(copy.path('.env'), text)
  const expected = key === undefined ? undefined : `Authorization=Bearer ${key}`
  expect(exportsOf(['bash'], { cwd: '/' }).OTEL_EXPORTER_OTLP_HEADERS).toBe(expected)
})

test.each([
  ['in the environment', '', { API_KEY_FILE: 'keys/bridge' }],
  ['in .env, from its folder', 'API_KEY_FILE=keys/bridge\n', {}],
  ['in .env, below the home', 'API_KEY_FILE="~/keys/bridge"\n', {}],
])('reads the key from a file that is named %s', (_, text, environment) => {
  mkdirSync(copy.path('keys'))
  writeFileSync(copy.path('keys/bridge'), 'key of a file'.replaceAll(' ', '-'))
  writeFileSync(copy.path('.env'), text)
  const read = exportsOf(['bash'], { cwd: text === '' ? copy.folder : '/', environment })
  expect(read.OTEL_EXPORTER_OTLP_HEADERS).toBe('Authorization=Bearer key-of-a-file')
})

test('a file of a key that cannot be read is told', () => {
  writeFileSync(copy.path('.env'), 'API_KEY_FILE=/none\n')
  const { stderr } = copy.run('. ./claude-telemetry.env; env')
  expect(stderr).toBe('claude-telemetry.env: API_KEY_FILE names /none, which cannot be read.\n')
})

test('a port that is none is told, and no address is made of it', () => {
  writeFileSync(copy.path('.env'), "OTLP_RECEIVER_PORT='1;exit'\n")
  const { stdout, stderr } = copy.run('. ./claude-telemetry.env; env')
  expect(stderr).toBe(
    'claude-telemetry.env: OTLP_RECEIVER_PORT is "1;exit", expected the number of a port.\n',
  )
  expect(stdout).not.toContain('OTEL_EXPORTER_OTLP_ENDPOINT')
})
