/** What the command line as a whole does: help, versions, defaults, colours, wrong commands. */
import { expect, test } from 'vitest'
import { plainStart } from '../../../src/cli/arguments.ts'
import { runCommandLine } from './run-command.ts'

test.each([[[]], [['start']]])('%j starts the bridge', async (args) => {
  expect(await runCommandLine(args)).toMatchObject({ code: 0, stdout: '', served: true })
})

test.each([[['--check-config']], [['start', '--check-config']]])(
  '%j shows the configuration',
  async (args) => {
    const { code, stdout, served } = await runCommandLine(args, {
      LANGFUSE_PUBLIC_KEY: 'pk-lf-1',
      LANGFUSE_SECRET_KEY: 'sk-lf-1',
      OTLP_RECEIVER_PORT: '5000',
    })
    expect([code, served]).toEqual([0, false])
    const lines = stdout.split('\n')
    expect(lines).toContain('LANGFUSE_PUBLIC_KEY=pk-lf-1')
    expect(lines).toContain('LANGFUSE_SECRET_KEY=(hidden)')
    expect(lines).toContain('OTLP_RECEIVER_PORT=5000')
    expect(lines).toContain('# OTLP_RECEIVER_HOST=127.0.0.1')
    expect(lines).toContain('# DATA_DIR=/home/me/.local/share/claude-telemetry')
  },
)

test.each([
  [[], []],
  [['start'], []],
  [
    ['--env-file', 'a', 'start', '--env-file=b'],
    ['a', 'b'],
  ],
  [['start', '--check-config'], undefined],
  [['start', '--env-file'], undefined],
  [['start', 'start'], undefined],
  [['doctor'], undefined],
  [['--env-file', 'start', 'doctor'], undefined],
])('%j is a start and nothing else, with files: %j', (args, files) => {
  expect(plainStart(args)).toEqual(files)
})

test('a wrong configuration names each wrong variable, and not its secret', async () => {
  const variables = { SESSION_TIMEOUT: 'soon', MAX_SESSIONS: '0', API_KEY: 'not a key' }
  const { code, stderr, served } = await runCommandLine(['--check-config'], variables)
  expect([code, served]).toEqual([1, false])
  expect(stderr.split('\n').filter((line) => line !== '')).toEqual([
    expect.stringMatching(/^claude-telemetry: API_KEY is \(hidden\), expected/),
    expect.stringMatching(/^claude-telemetry: SESSION_TIMEOUT is "soon", expected/),
    expect.stringMatching(/^claude-telemetry: MAX_SESSIONS is "0", expected/),
  ])
})

test.each([
  [['--version'], 0, /^1\.2\.3\n$/],
  [['--help'], 0, /Commands:\n {2}start .*Exit codes: 0 success/s],
  [['help', 'install'], 0, /^Usage: claude-telemetry install/],
  [['outbox', '--help'], 0, /list .*retry .*drop /s],
])('%j is answered on standard output', async (args, code, says) => {
  expect(await runCommandLine(args)).toMatchObject({
    code,
    stdout: expect.stringMatching(says),
    stderr: '',
  })
})

test.each([
  [['doctr'], /^claude-telemetry: unknown command 'doctr'\n\(Did you mean doctor\?\)\nTry "/],
  [['start', 'now'], /^claude-telemetry: too many arguments/],
  [['doctor', '--wait', 'long'], /Expected seconds/],
  [['completion', 'tcsh'], /Allowed choices are bash, zsh, fish/],
  [['session'], /session takes either an id or --last/],
  [['session', 'x', '--last'], /session takes either an id or --last/],
  [['outbox', 'retry'], /outbox retry takes either ids or --all/],
  [['outbox', 'drop', '1', '--all'], /outbox drop takes either ids or --all/],
  [['quarantine', 'retry'], /quarantine retry takes either ids or --all/],
  [['quarantine', 'drop'], /quarantine drop takes either ids or --all/],
  [['replay'], /replay takes either sessions .* or --all/],
  [['replay', 'x', '--all'], /replay takes either sessions .* or --all/],
  [['delete'], /delete takes one of these/],
  [['install', '--agent', 'codex', '--print'], /--print applies to Claude Code only/],
  [['install', '--agent', 'codex', '--protocol', 'grpc'], /other agents .* over HTTP/],
])('%j is a wrong command line: exit code 2, nothing is started', async (args, says) => {
  const ran = await runCommandLine(args)
  expect(ran).toMatchObject({ code: 2, stdout: '', served: false })
  expect(ran.stderr).toMatch(says)
})

test.each([
  ['a terminal', true, {}, true],
  ['a terminal with NO_COLOR', true, { NO_COLOR: '1' }, false],
  ['a terminal with an empty NO_COLOR', true, { NO_COLOR: '' }, true],
  ['a dumb terminal', true, { TERM: 'dumb' }, false],
  ['a pipe', false, {}, false],
])('%s: colours or not', async (_, isTTY, variables, isColoured) => {
  const wrong = { SESSION_TIMEOUT: 'soon', ...variables }
  const { stderr } = await runCommandLine(['start'], wrong, { isTTY })
  expect(stderr.includes('\u001b[')).toBe(isColoured)
})

test.each(['0', '0.0000000004', '1000000001'])('a budget of %s is refused', async (limit) => {
  const { code, stderr } = await runCommandLine(
    ['budget', 'add', 'b', '--window', 'day', '--limit', limit],
    {},
  )
  expect([code, stderr]).toEqual([
    2,
    expect.stringContaining('a number above 0, from 0.000000001 to 1000000000 US dollars'),
  ])
})

const COMMANDS = [
  ...[
    '',
    'dataset',
    'import',
    'mcp',
    'migrate',
    'reconcile',
    'replay',
    'report',
    'scrub',
    'waste',
    'watch',
  ],
]

test.each(COMMANDS)('the help of "%s" fits a terminal of 80 columns', async (command) => {
  const args = command === '' ? ['--help'] : [command, '--help']
  const { stdout } = await runCommandLine(args, {}, { isTTY: true, columns: 80 })
  expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
  const inPipe = await runCommandLine(args)
  const words = (text: string): string => text.replaceAll(/\s+/g, ' ')
  expect(words(stdout)).toBe(words(inPipe.stdout))
})

test('what is indented in a help stays one line, as it is copied', async () => {
  const { stdout } = await runCommandLine(['pr-cost', '--help'], {}, { isTTY: true, columns: 80 })
  expect(stdout).toContain(
    '\n  claude-telemetry pr-cost "$BRANCH" --format markdown | gh pr comment "$BRANCH" --body-file -\n',
  )
})
