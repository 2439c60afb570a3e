/** `claude-telemetry.env`, sourced by the shells people use. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createProjectCopy, type ProjectCopy } from './shell/project-copy.ts'

let copy: ProjectCopy
beforeEach(() => {
  copy = createProjectCopy()
})
afterEach(() => copy.remove())

/** Variables after sourcing the file by its path; the shell stops at the first error. */
function exportsOf(
  shell: string,
  cwd: string,
  environment: Record<string, string> = {},
): Record<string, string> {
  const script = 'set -eu; . "$0"; env'
  const finished = spawnSync(shell, ['-c', script, copy.path('claude-telemetry.env')], {
    cwd,
    env: { PATH: copy.environment.PATH, ...environment },
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

const hasZsh = spawnSync('zsh', ['-c', 'exit 0']).status === 0

describe('claude-telemetry.env', () => {
  test.each(['bash', 'sh'])('%s gets the defaults, and no text is recorded', (shell) => {
    expect(exportsOf(shell, '/')).toEqual(defaults)
    expect(exportsOf(shell, copy.folder)).toEqual(defaults)
  })

  test.each(['bash', 'sh'])('%s takes port and key from the environment', (shell) => {
    const given = { OTLP_RECEIVER_PORT: '4400', API_KEY: 'abc' }
    expect(exportsOf(shell, '/', given)).toEqual({
      ...defaults,
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4400',
      OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Bearer abc',
    })
  })

  test.runIf(hasZsh)('zsh finds .env beside the file', () => {
    writeFileSync(copy.path('.env'), 'OTLP_RECEIVER_PORT=4401\n')
    expect(exportsOf('zsh', '/').OTEL_EXPORTER_OTLP_ENDPOINT).toBe('http://127.0.0.1:4401')
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
    expect(exportsOf('bash', '/').OTEL_EXPORTER_OTLP_HEADERS).toBe(expected)
  })

  test('plain sh does not read the .env of a folder that is not the project’s', () => {
    writeFileSync(copy.path('data/.env'), 'API_KEY=someone-elses\n')
    expect(exportsOf('sh', copy.path('data'))).toEqual(defaults)
  })
})
