/** What `start` says: a few lines to a person, JSON to everybody else. */
import { expect, test } from 'vitest'
import { logLine } from '../../../src/cli/log-line.ts'
import { printed } from './printed.ts'
import { runCommandLine } from './run-command.ts'

test('on a terminal: where the page is, where agents send, where data lies, how to stop', async () => {
  const { code, stdout, served } = await runCommandLine(
    ['start'],
    { PAGE_ACCESS: 'open', DATA_DIR: '/data', NO_COLOR: '1' },
    { isTTY: true },
  )
  expect([code, served]).toEqual([0, true])
  expect(stdout.split('\n')).toEqual([
    'claude-telemetry 1.2.3 is running.',
    '',
    'Page      http://127.0.0.1:4318/',
    'Agents    http://127.0.0.1:4318',
    'Data      /data',
    'Langfuse  not set up  (sessions are kept here)',
    '',
    'To set up, step by step: claude-telemetry setup. To see what agents do: claude-telemetry top.',
    'Ctrl-C stops it.',
    '',
    '',
  ])
})

test('keys are not in it', async () => {
  const { stdout } = await runCommandLine(
    ['start'],
    {
      API_KEY: 'a-key-that-nobody-may-see',
      LANGFUSE_PUBLIC_KEY: 'pk-lf-1',
      LANGFUSE_SECRET_KEY: 'sk-lf-1',
      LANGFUSE_HOST: 'https://langfuse.example.com',
    },
    { isTTY: true },
  )
  expect(stdout).toContain('asks for the API_KEY')
  expect(stdout).toContain('langfuse.example.com')
  expect(stdout).not.toMatch(/a-key-that|sk-lf/)
})

test.each([
  [{}, false, false],
  [{ LOG_FORMAT: 'json' }, true, false],
  [{ LOG_FORMAT: 'text' }, false, true],
])('with %j, on a terminal: %j, it speaks to a person: %j', async (variables, isTTY, speaks) => {
  const { stdout } = await runCommandLine(['start'], variables, { isTTY })
  expect(stdout.includes('is running')).toBe(speaks)
})

test('a line of the log: when, how bad, what, and the facts', () => {
  const line = (record: object) =>
    printed([logLine(`${JSON.stringify({ time: '2026-11-21T09:30:05.678Z', ...record })}\n`)])
  expect(line({ level: 'info', pending: 0, msg: 'stopped' })).toMatch(
    /^\d\d:\d\d:05 {2}stopped {2}pending 0$/,
  )
  const err = { type: 'Error', message: 'no route', stack: 'Error: no route\n  at x' }
  expect(line({ level: 'warn', err, facts: { a: 1 }, msg: 'it failed' })).toMatch(
    /^\d\d:\d\d:05 {2}warn: it failed {2}no route, facts \{"a":1\}$/,
  )
  expect(printed([logLine('not JSON\n')])).toBe('not JSON')
})

test('--json shows the configuration to a program, without its secrets', async () => {
  const { code, stdout, served } = await runCommandLine(['start', '--check-config', '--json'], {
    API_KEY: 'a-key-that-nobody-may-see',
    MAX_SESSIONS: '7',
  })
  expect([code, served]).toEqual([0, false])
  const listed = JSON.parse(stdout) as { readonly name: string; readonly value: string }[]
  expect(listed).toContainEqual({ name: 'MAX_SESSIONS', value: '7', isSet: true })
  expect(stdout).not.toContain('a-key-that')
})

test.each([
  [['report', '--nonsense'], 'claude-telemetry report'],
  [['outbox', 'list', '--nonsense'], 'claude-telemetry outbox list'],
  [['sessions', '--limit', 'x'], 'claude-telemetry sessions'],
  [['start', '--json'], 'claude-telemetry start'],
  [['replay'], 'claude-telemetry replay'],
  [['nonsense'], 'claude-telemetry'],
])('%j leads to the help of %s', async (args, path) => {
  const { code, stderr } = await runCommandLine(args)
  expect(code).toBe(2)
  expect(stderr.trimEnd().split('\n').at(-1)).toBe(`Try "${path} --help".`)
})
