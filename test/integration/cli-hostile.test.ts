/**
 * Text that somebody else wrote, in every place where a command shows one: whatever it holds, a
 * terminal gets our colours and our line editing and nothing else, and lines are ours.
 */
import { spawnSync } from 'node:child_process'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { hasProgram } from './cli/home.ts'
import { actingOn, runOnScreen, type ScreenOptions, type JsonValue } from './cli/screen.ts'
import { post, toolResult, turn } from './cli/telemetry.ts'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from './corpus/bridge.ts'
import { createLangfuseStandIn, type LangfuseStandIn } from './langfuse-stand-in/stand-in.ts'
import { shownPlace } from './store.ts'

/** Each would do something if it were written as it is. */
const attacks: Readonly<Record<string, string>> = {
  clipboard: '\u001b]52;c;cm0gLXJmIH4=\u0007',
  'clipboard, 8 bit': '\u009d52;c;cm0gLXJmIH4=\u009c',
  'unended string': '\u001b]0;title',
  conceal: '\u001b[8mhidden',
  'our own colour': '\u001b[31mred\u001b[39m',
  'our line editing': '\r\u001b[2Kgone',
  'cursor, 8 bit': '\u009b2J\u009b1;1H',
  overwriting: 'abc\rxyz\b\b\b',
  'a line of its own': '\nFAKED a line\r\nFAKED another\u2028FAKED a third\u0085FAKED a fourth',
  bidi: '\u202egnp.exe\u2066\u200f\u061c',
  invisible: 'ad\u200bm\u00adi\ufeffn\u2060\u{e0041}\u{e0042}',
  surrogates: '\ud800x\udfff',
  'bell and delete': '\u0007\u007f\u0000',
  link: '\u001b]8;;http://evil.example/\u001b\\click\u001b]8;;\u001b\\',
  'device control': '\u001bP+q544e\u001b\\\u001b_apc\u001b\\\u001bc\u001b(0',
  accents: `a${'\u0301'.repeat(50)}`,
}
const hostile = Object.values(attacks).join(' ')

/** Begins the ids of the sessions. */
const ID = 'evil'
/** One for each attack, in everything that it says, and one for all of them. */
const sessions = [hostile, ...Object.values(attacks)].map((attack, index) => {
  const id = index === 0 ? `${ID}-all` : `${ID}-${index}-${attack}`
  return { id, attack }
})

let langfuse: LangfuseStandIn
let dataDir: string
let variables: Record<string, string>
beforeAll(async () => {
  langfuse = await createLangfuseStandIn()
  langfuse.refuseSpans(({ name }) => (name.startsWith('conversation') ? hostile : undefined))
  dataDir = temporaryFolder()
  const bridge = await startBridge(bridgeEnvironment(dataDir, langfuse))
  await post(
    bridge.url,
    sessions.map(({ id, attack }) => ({
      id,
      userId: `user ${attack}`,
      resource: { team: attack, project: attack, repository: attack, 'service.version': attack },
      events: [
        ...turn(`prompt ${attack}`, 0.5, `model ${attack}`),
        ...Array.from({ length: 10 }, () =>
          toolResult(`tool ${attack}`, { success: 'false', error: attack }),
        ),
        {
          name: 'api_error',
          values: { 'prompt.id': 'p1', model: attack, error: attack, status_code: attack },
        },
        { name: 'permission_mode_changed', values: { to_mode: attack, from_mode: attack } },
        { name: attack, values: { what: attack } },
      ],
    })),
  )
  await bridge.stop()
  variables = {
    ...bridgeEnvironment(dataDir, langfuse),
    // A port that nobody listens on.
    OTLP_RECEIVER_PORT: '9',
    TZ: 'UTC',
  }
})
afterAll(async () => {
  await langfuse.close()
  removeFolder(dataDir)
})

/** With colours, without, and in a pipe; the last one is returned. */
async function expectHarmless(
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
  options: ScreenOptions = {},
): Promise<JsonValue> {
  const environment = { ...variables, ...more }
  const line = args.join(' ')
  const coloured = await runOnScreen(args, environment, options)
  expect(actingOn(coloured.screen), line).toBeUndefined()
  const plain = await runOnScreen(args, { ...environment, NO_COLOR: '1' }, options)
  expect(plain.screen.replaceAll('\r\u001b[2K', ''), line).not.toContain('\u001b')
  const piped = await runOnScreen(args, environment, { ...options, isTTY: false })
  expect(piped.screen, line).not.toContain('\u001b')
  expect(actingOn(piped.screen), line).toBeUndefined()
  // A cell of CSV may have lines of its own, inside its quotes.
  const isOneLined = !args.includes('csv')
  for (const { screen } of [coloured, plain, piped]) {
    const faked = screen
      .split('\n')
      .filter((each) => isOneLined && /^FAKED (a line|another|a third|a fourth)$/.test(each))
    expect(faked, line).toEqual([])
  }
  return piped
}

describe('what is stored', () => {
  test.each<[string, RegExp]>([
    ['sessions', /evil/],
    ['sessions --format markdown', /evil/],
    ['sessions --format csv', /evil/],
    ['sessions --json', /evil/],
    ['session --last', /tool/],
    ...sessions.map((_, index): [string, RegExp] => [
      `session evil-${index === 0 ? 'all' : `${index}-`}`,
      /tool/,
    ]),
    ['session --last --json', /tool/],
    ['report', /tool/],
    ['report --group model', /model/],
    ['report --group user', /USER/],
    ['report --group mcp-server', /MCP SERVER/],
    ['report --group skill --format csv', /skill/],
    ['report --group team --format markdown', /TEAM/],
    ['report --group project --format csv', /project/],
    ['report --json', /tool/],
    ['tail --no-follow -n 1000 --all', /tool/],
    ['tail --no-follow --json', /tool/],
    ['export', /tool/],
    ['outbox list', /observation/],
    ['outbox list --json', /observation/],
    ['replay --all --dry-run', /Would deliver/],
    ['status', /Today/],
    ['status --json', /totals/],
  ])('%s', async (line, says) => {
    const { stdout } = await expectHarmless(line.split(' '))
    expect(stdout).toMatch(says)
  })

  test('as JSON it is what was sent', async () => {
    const { stdout } = await runOnScreen(['sessions', '--json'], variables)
    const sent = sessions.map(({ id, attack }) => stored(`${id} of user ${attack}`))
    const told = (JSON.parse(stdout) as { readonly session: string; readonly user: string }[]).map(
      ({ session, user }) => stored(`${session} of ${user}`),
    )
    // Long names are cut at intake.
    const begins = (texts: readonly string[]) => texts.map((text) => text.slice(0, 150)).sort()
    expect(begins(told)).toEqual(begins(sent))
    const exported = await runOnScreen(['export'], variables)
    const keys = exported.stdout
      .trimEnd()
      .split('\n')
      .map((each) => (JSON.parse(each) as { readonly session: string }).session)
    expect([...new Set(keys)].sort()).toEqual(
      sessions.map(({ id }) => stored(`claude-code/${id}`)).sort(),
    )
  })

  test('what Langfuse says when it refuses a replay', async () => {
    const { code, stderr } = await expectHarmless(['replay', '--all'])
    expect([code, stderr]).toEqual([1, expect.stringMatching(/refused/)])
  })

  test('the question before a deletion, which is one line', async () => {
    const { screen, stdout } = await expectHarmless(['delete', 'evil-all'], {}, { answer: 'n' })
    expect(screen.split('\n')[0]).toMatch(/^Data /)
    expect(screen.split('\n')[0]).toContain(` ${shownPlace(dataDir)} in the environment)`)
    expect(screen.split('\n')[1]).toMatch(/^Delete session evil.*\? \[y\/N\] /)
    expect(stdout).toMatch(/^Data .*\nNothing was deleted.\n$/)
  })
})

describe.each(Object.entries(attacks))('%s', (_, attack) => {
  test('in arguments and settings', async () => {
    for (const args of [
      ['session', `x${attack}`],
      ['delete', `x${attack}`, '--yes'],
      ['export', `x${attack}`],
      ['export', 'evil-all', '-o', join(dataDir, `nothing/${attack.replaceAll('\0', '')}`)],
      ['replay', `x${attack}`],
      ['tail', '--no-follow', '--session', `x${attack}`],
      ['sessions', '--since', attack],
      ['sessions', '--user', `x${attack}`],
      [`x${attack}`],
      ['report', '--format', attack],
    ]) {
      expect(actingOn((await runOnScreen(args, variables)).screen), args.join(' ')).toBeUndefined()
    }
    const folder = join(dataDir, `x${attack}`)
    const wrong = { ...variables, SESSION_TIMEOUT: `soon${attack}`, DATA_DIR: folder }
    for (const args of [['start', '--check-config'], ['doctor', '--no-record'], ['status']]) {
      expect(actingOn((await runOnScreen(args, wrong)).screen), args.join(' ')).toBeUndefined()
    }
    const set = { ...variables, LANGFUSE_RELEASE: `x${attack}` }
    expect(actingOn((await runOnScreen(['start', '--check-config'], set)).screen)).toBeUndefined()
  })
})

describe('what others answer', () => {
  /** A server whose every answer is hostile. Gives its port. */
  async function answering(status: number, body: unknown): Promise<string> {
    const server = createServer((_, response) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(typeof body === 'string' ? body : JSON.stringify(body))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const address = server.address()
    return String(typeof address === 'object' && address !== null ? address.port : 0)
  }

  test('a Langfuse', async () => {
    for (const status of [200, 400, 401, 404, 500]) {
      const said = { message: hostile, error: hostile, version: `4.0.0${hostile}`, status: 'OK' }
      const port = await answering(status, said)
      const target = { LANGFUSE_HOST: `http://127.0.0.1:${port}` }
      await expectHarmless(['doctor', '--no-record'], target)
      await expectHarmless(['delete', 'evil-all', '--langfuse'], target, { answer: 'n' })
      if (status === 401) await expectHarmless(['replay', 'evil-all'], target)
    }
  })

  test.each([
    [200, { status: 'ok', version: hostile, langfuse: hostile, delivery: { pending: 3, dead: 1 } }],
    [503, { status: hostile, version: hostile, langfuse: hostile, delivery: {} }],
    [500, hostile],
  ])('something in place of the bridge, HTTP %d', async (status, body) => {
    const OTLP_RECEIVER_PORT = await answering(status, body)
    for (const args of [['status'], ['status', '--json'], ['doctor', '--no-record']]) {
      await expectHarmless(args, { OTLP_RECEIVER_PORT })
    }
  })

  test('a bridge that follows hostile sessions', async () => {
    const events = [{ ...liveEvent, text: hostile, name: hostile, subject: hostile }]
    const OTLP_RECEIVER_PORT = await answering(200, { events, position: 1 })
    const { stdout } = await expectHarmless(['tail', '--no-follow'], { OTLP_RECEIVER_PORT })
    expect(stdout.split('\n')).toHaveLength(2)
  })
})

/** Text is stored as UTF-8, which has no half of a surrogate pair; ids, and PostgreSQL, have no NUL. */
function stored(text: string): string {
  return text.toWellFormed().replaceAll('\0', '␀')
}

const liveEvent = {
  position: 1,
  sessionKey: `claude-code/${hostile}`,
  sessionTitle: hostile,
  promptId: null,
  timeMs: 0,
  receivedMs: 0,
  kind: 'note',
  level: 'warning',
  costUsd: null,
  durationMs: null,
  tokens: null,
}

describe('files of a person', () => {
  test('the differences that install and uninstall would make', async () => {
    const homeDir = temporaryFolder()
    onTestFinished(() => removeFolder(homeDir))
    mkdirSync(join(homeDir, '.claude'))
    const settings = join(homeDir, '.claude/settings.json')
    const env = { OTEL_METRICS_EXPORTER: hostile, OTEL_LOGS_EXPORTER: hostile }
    writeFileSync(
      settings,
      `{"theme": ${JSON.stringify(hostile)}, "env": ${JSON.stringify(env)}}\n`,
    )
    writeFileSync(join(homeDir, '.bashrc'), `PS1='${hostile}'\nPATH=$PATH\n`)
    const options = { homeDir }
    const shown = await expectHarmless(['install', '--dry-run'], {}, options)
    expect(shown.stdout).toContain('theme')
    await expectHarmless(['install', '--dry-run', '--shell', 'bash'], {}, options)
    await expectHarmless(['doctor', '--no-record'], {}, options)
    await expectHarmless(['install', '--shell', 'bash'], {}, options)
    await expectHarmless(['install'], {}, options)
    await expectHarmless(['uninstall', '--dry-run'], {}, options)
    await expectHarmless(['uninstall'], {}, options)
    writeFileSync(settings, `{"theme": ${hostile}`)
    const broken = await expectHarmless(['install'], {}, options)
    expect(broken.code).toBe(1)
  })
})

test.skipIf(process.platform !== 'linux' || !hasProgram('script'))(
  'the process itself on a terminal of the system',
  () => {
    const main = join(import.meta.dirname, '../../dist/main.js')
    const onTerminal = (line: string, input = '') =>
      spawnSync('script', ['-qec', `'${process.execPath}' '${main}' ${line}`, '/dev/null'], {
        env: { PATH: process.env.PATH, ...variables },
        cwd: dataDir,
        input,
        encoding: 'utf8',
      }).stdout.replaceAll('\r\n', '\n')
    const listed = onTerminal('sessions')
    expect(listed).toContain('evil-1')
    expect(listed).toContain('\u001b[1m')
    expect(actingOn(listed)).toBeUndefined()
    expect(actingOn(onTerminal(`session ${ID}-9`))).toBeUndefined()
    expect(actingOn(onTerminal('session "$(printf \'x\\033]52;c;eA==\\007\')"'))).toBeUndefined()
  },
)
