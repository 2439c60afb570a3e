/** `.env`: made once, completed, never overwritten, for its owner alone. */
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { parse } from 'yaml'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readEnvFile } from '../../scripts/env-file.ts'
import { newStackSettings } from '../../scripts/stack-settings.ts'
import { createProjectCopy, type ProjectCopy, projectRoot } from './shell/project-copy.ts'

let copy: ProjectCopy
beforeEach(() => {
  copy = createProjectCopy()
})
afterEach(() => copy.remove())

const modeOf = (name: string): number => statSync(copy.path(name)).mode & 0o777
const text = (): string => readFileSync(copy.path('.env'), 'utf8')
const makeEnv = (...options: string[]) => copy.run(`node scripts/make-env.ts ${options.join(' ')}`)

describe('make-env', () => {
  test('without the stack writes no key that would lead nowhere', () => {
    expect(makeEnv()).toMatchObject({ status: 0, stderr: '' })
    expect(modeOf('.env')).toBe(0o600)
    expect(readEnvFile(copy.path('.env'))).toEqual({})
  })

  test('with the stack writes every setting of it, and the same ones ever after', () => {
    expect(makeEnv('--stack')).toMatchObject({ status: 0, stderr: '' })
    const first = text()
    expect(modeOf('.env')).toBe(0o600)
    expect(Object.keys(readEnvFile(copy.path('.env')))).toEqual(Object.keys(newStackSettings('1')))
    expect(makeEnv('--stack').stdout).toBe('')
    expect(text()).toBe(first)
  })

  test('keeps what is there, adds what is missing and takes access away from others', () => {
    const before =
      '# mine\nSTACK_SALT=kept\nLOG_LEVEL=debug\nLANGFUSE_WEB_PORT=3100\nSTACK_REDIS_PASSWORD='
    writeFileSync(copy.path('.env'), before)
    chmodSync(copy.path('.env'), 0o644)
    expect(makeEnv('--stack').status).toBe(0)
    expect(text().startsWith(`${before}\n`)).toBe(true)
    expect(modeOf('.env')).toBe(0o600)
    expect(readEnvFile(copy.path('.env'))).toMatchObject({
      STACK_SALT: 'kept',
      LOG_LEVEL: 'debug',
      LANGFUSE_HOST: 'http://localhost:3100',
      STACK_REDIS_PASSWORD: expect.stringMatching(/^[0-9a-f]{32}$/),
    })
  })

  test('knows every variable docker-compose.yml cannot do without', () => {
    const compose = readFileSync(`${projectRoot}/docker-compose.yml`, 'utf8')
    const needed = new Set([...compose.matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name))
    expect(needed).toEqual(new Set(Object.keys(newStackSettings('3000'))))
  })

  test("docker-compose.yml publishes the web page, and of a team's bridges the balancer", () => {
    const compose = parse(readFileSync(`${projectRoot}/docker-compose.yml`, 'utf8'), {
      merge: true,
    }) as { services: Record<string, { ports?: readonly string[]; profiles?: readonly string[] }> }
    const published = Object.entries(compose.services).filter(([, { ports }]) => ports)
    expect(published.map(([name, { profiles }]) => [name, profiles])).toEqual([
      ['langfuse-web', undefined],
      ['telemetry-balancer', ['team']],
    ])
    for (const [, { ports = [] }] of published) {
      for (const port of ports) expect(port).toMatch(/^(127\.0\.0\.1|\$\{\w+:-127\.0\.0\.1\}):/)
    }
  })
})

test('scripts see the settings that the program sees', () => {
  mkdirSync(copy.path('.config/claude-telemetry'), { recursive: true })
  writeFileSync(
    copy.path('.config/claude-telemetry/.env'),
    'LANGFUSE_RELEASE=user\nMAX_SESSIONS=1\nLOG_LEVEL=warn\n',
  )
  writeFileSync(copy.path('.env'), 'MAX_SESSIONS=2\nLOG_LEVEL=error\n')
  const names = ['LANGFUSE_RELEASE', 'MAX_SESSIONS', 'LOG_LEVEL']
  const environment = { LOG_LEVEL: 'fatal' }
  const ofScripts = names.map(
    (name) => `${name}=${copy.run(`node scripts/setting.ts ${name}`, environment).stdout}`,
  )
  expect(ofScripts).toEqual(['LANGFUSE_RELEASE=user\n', 'MAX_SESSIONS=2\n', 'LOG_LEVEL=fatal\n'])
  const { stdout } = copy.run('node dist/main.js start --check-config', environment)
  for (const line of ofScripts) expect(stdout).toContain(line)
})

describe('langfuse-choice', () => {
  const stackFile =
    'STACK_ENCRYPTION_KEY=aa\nLANGFUSE_HOST=http://localhost:3000\nLANGFUSE_PUBLIC_KEY=pk-lf-1\n'
  const cases: readonly [string, string, Record<string, string>, string][] = [
    ['nothing is set', '', {}, 'stack'],
    ['keys were made for the stack', stackFile, {}, 'stack'],
    ['the environment repeats the file', stackFile, { LANGFUSE_PUBLIC_KEY: 'pk-lf-1' }, 'stack'],
    ['the environment has another key', stackFile, { LANGFUSE_PUBLIC_KEY: 'pk-lf-2' }, 'own'],
    ['only the environment has keys', '', { LANGFUSE_SECRET_KEY: 'sk-lf-1' }, 'own'],
    ['an empty variable', '', { LANGFUSE_SECRET_KEY: ' ' }, 'stack'],
    ['the file has keys of one’s own', 'LANGFUSE_PUBLIC_KEY=pk-lf-1\n', {}, 'own'],
    [
      'the stack’s host was replaced',
      `${stackFile}LANGFUSE_HOST=https://cloud.example\n`,
      {},
      'own',
    ],
  ]
  test.each(cases)('%s', (_, file, environment, expected) => {
    writeFileSync(copy.path('.env'), file)
    const answer = copy.run('node scripts/langfuse-choice.ts', environment)
    expect(answer).toMatchObject({ stdout: `${expected}\n`, stderr: '' })
  })
})
