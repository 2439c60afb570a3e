/** `install` and `uninstall` as a person runs them, in a home of its own. */
import { spawnSync } from 'node:child_process'
import { chmodSync, lstatSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { createHome, type Home, hasProgram } from './cli/home.ts'

const SETTINGS = '.claude/settings.json'
const ENV_FILE = '.config/claude-telemetry/.env'
const ENDPOINT = 'OTEL_EXPORTER_OTLP_ENDPOINT'

interface Settings {
  readonly env?: Readonly<Record<string, string>>
  readonly hooks?: Readonly<Record<string, readonly { hooks: readonly { url?: string }[] }[]>>
  readonly [name: string]: unknown
}

function settingsOf(home: Home): Settings {
  return JSON.parse(
    home
      .read(SETTINGS)
      .toString()
      .replace(/^\u{feff}/u, ''),
  ) as Settings
}

function done(home: Home, ...args: string[]): string {
  const { code, stdout, stderr } = home.run(args)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout
}

const settingsFiles: readonly (readonly [string, string | Buffer])[] = [
  ['a file with content', '{\n  "model": "opus",\n  "env": { "FOO": "bar" }\n}\n'],
  ['an empty object', '{}'],
  ['an empty file', ''],
  ['one line', '{"model":"opus","env":{"FOO":"1"}}'],
  ['tabs', '{\n\t"model": "opus"\n}\n'],
  [
    'Windows line ends',
    '{\r\n    "model": "opus",\r\n    "env": {\r\n        "FOO": "1"\r\n    }\r\n}\r\n',
  ],
  ['a byte order mark', '\u{feff}{"model": "öpüs 🙂"}\n'],
  ['no line end at its end', '{\n    "permissions": { "allow": ["Bash(ls:*)"] }\n}'],
  ['values of ours that differ', `{\n  "env": { "${ENDPOINT}": "http://else:1", "A": "1" }\n}\n`],
  [
    'hooks of its own',
    '{"hooks":{"Stop":[{"matcher":"x","hooks":[{"type":"command","command":"true"}]}]}}',
  ],
]

test.each([
  ['MASK_PATTERNS_FILE', /^claude-telemetry: MASK_PATTERNS_FILE \/nope cannot be read/],
  ['PRICES_FILE', /^claude-telemetry: PRICES_FILE cannot be read: .*\/nope/],
])(
  'start and --check-config refuse a %s that is not there, and say where it is set',
  (name, says) => {
    const home = createHome()
    const file = home.write('.config/claude-telemetry/.env', `${name}=/nope\n`)
    for (const args of [['start', '--check-config'], ['start']]) {
      const { code, stdout, stderr } = home.run(args)
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toMatch(says)
      expect(stderr).toContain(`(set in ${file})`)
    }
  },
)

describe('raw API bodies', () => {
  const ENV_FILE = '.config/claude-telemetry/.env'
  const bodiesIn = (home: Home) => settingsOf(home).env?.OTEL_LOG_RAW_API_BODIES
  const checked = (home: Home) => done(home, 'start', '--check-config')

  test('go to a folder that the bridge reads, and all of it is taken out again', () => {
    const home = createHome()
    home.write(ENV_FILE, 'LOG_LEVEL=warn\n')
    const before = home.snapshot()
    const folder = home.path('.local/share/claude-telemetry/api-bodies')

    expect(done(home, 'install', '--content', 'api-bodies')).toContain(folder)
    expect(bodiesIn(home)).toBe(`file:${folder}`)
    expect(checked(home)).toContain(`\nBODY_FOLDERS=${folder}\n`)
    expect(checked(home)).toContain('\nLOG_LEVEL=warn\n')
    expect(home.mode('.local/share/claude-telemetry/api-bodies')).toBe('700')

    const installed = home.snapshot()
    done(home, 'install', '--content', 'api-bodies')
    expect(home.snapshot()).toEqual(installed)
    done(home, 'uninstall')
    expect(home.snapshot()).toEqual(before)
  })

  test('go where the bridge reads them already', () => {
    const home = createHome()
    home.write(ENV_FILE, `BODY_FOLDERS=${home.path('mine')}\n`)
    const before = home.read(ENV_FILE)
    done(home, 'install', '--content', 'api-bodies')
    expect(bodiesIn(home)).toBe(`file:${home.path('mine')}`)
    expect(home.read(ENV_FILE)).toEqual(before)
  })

  test.each([
    ['a bridge elsewhere', ['--endpoint', 'http://bridge.example:4318'], {}],
    [
      'a bridge for others too',
      [],
      { OTLP_RECEIVER_HOST: '0.0.0.0', API_KEY: 'a-key-that-many-share' },
    ],
  ])('come in the records for %s', (_name, args, variables) => {
    const home = createHome()
    const { code } = home.run(['install', '--content', 'api-bodies', ...args], variables)
    expect([code, bodiesIn(home), home.exists(ENV_FILE)]).toEqual([0, '1', false])
  })

  test('are printed as lines that need nothing else', () => {
    const home = createHome()
    const lines = done(home, 'install', '--print', '--content', 'api-bodies')
    expect(lines).toContain("export OTEL_LOG_RAW_API_BODIES='1'")
    expect(home.exists(ENV_FILE)).toBe(false)
  })
})

describe('the settings of the user', () => {
  test.each(settingsFiles)('%s: add, again, take out', (_, content) => {
    const home = createHome()
    home.write(SETTINGS, content, 0o640)
    const before = home.snapshot()
    const original = String(content).trim() === '' ? {} : settingsOf(home)
    const args = ['install', '--hooks', '--traces', '--content', 'prompts,tools', '--team', 'a b']

    expect(done(home, ...args)).toContain(`Wrote ${home.path(SETTINGS)}`)
    expect(home.mode(SETTINGS)).toBe('640')
    const { env, hooks, ...rest } = settingsOf(home)
    const { env: envBefore, hooks: _hooksBefore, ...restBefore } = original
    expect(rest).toEqual(restBefore)
    expect(env).toEqual({
      ...envBefore,
      CLAUDE_CODE_ENABLE_TELEMETRY: '1',
      OTEL_LOGS_EXPORTER: 'otlp',
      OTEL_METRICS_EXPORTER: 'otlp',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      [ENDPOINT]: 'http://127.0.0.1:4318',
      CLAUDE_CODE_ENHANCED_TELEMETRY_BETA: '1',
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_LOG_USER_PROMPTS: '1',
      OTEL_LOG_TOOL_DETAILS: '1',
      OTEL_LOG_TOOL_CONTENT: '1',
      OTEL_RESOURCE_ATTRIBUTES: 'team=a%20b',
    })
    expect(hooks?.Stop?.at(-1)?.hooks[0]?.url).toBe('http://127.0.0.1:4318/hooks/claude-code')
    const isWindows = String(content).includes('\r\n')
    expect(/[^\r]\n/.test(home.read(SETTINGS).toString())).toBe(!isWindows)

    const installed = home.snapshot()
    expect(done(home, ...args)).toContain('is up to date')
    expect(home.snapshot()).toEqual(installed)

    done(home, 'uninstall')
    expect(home.snapshot()).toEqual(before)
    expect(home.mode(SETTINGS)).toBe('640')
    expect(done(home, 'uninstall')).toBe('Nothing is installed.\n')
  })

  test('that are not there are made, for their owner alone, and go again', () => {
    const home = createHome()
    done(home, 'install')
    expect(home.mode(SETTINGS)).toBe('600')
    done(home, 'uninstall')
    expect(home.snapshot()).toEqual({})
    expect(home.exists('.claude')).toBe(false)
  })

  test('are found where CLAUDE_CONFIG_DIR says', () => {
    const home = createHome()
    const { code } = home.run(['install'], { CLAUDE_CONFIG_DIR: home.path('elsewhere') })
    expect([code, home.exists('elsewhere/settings.json'), home.exists(SETTINGS)]).toEqual([
      0,
      true,
      false,
    ])
  })

  test.each([
    ['a link to a file', true],
    ['a link to nothing', false],
  ])('%s stays a link', (_, exists) => {
    const home = createHome()
    mkdirSync(home.path('.claude'))
    mkdirSync(home.path('dotfiles'))
    if (exists) home.write('dotfiles/claude.json', '{"model": "opus"}\n', 0o644)
    symlinkSync('../dotfiles/claude.json', home.path(SETTINGS))
    const before = exists ? home.snapshot() : {}
    done(home, 'install')
    expect(lstatSync(home.path(SETTINGS)).isSymbolicLink()).toBe(true)
    expect(home.read('dotfiles/claude.json').toString()).toContain('4318')
    done(home, 'uninstall')
    expect(lstatSync(home.path(SETTINGS)).isSymbolicLink()).toBe(true)
    expect(home.snapshot()).toEqual(before)
  })

  const refused: readonly (readonly [string, string | Buffer, RegExp])[] = [
    ['broken JSON', '{"env": {', /is not JSON \(line 1/],
    [
      'comments, which Claude Code does not read',
      '{\n  // mine\n  "a": 1\n}',
      /is not JSON \(line 2/,
    ],
    ['a comma too many', '{\n  "a": 1,\n}', /is not JSON \(line/],
    ['a list', '[]', /is JSON, but not an object/],
    ['an "env" that is a list', '{"env": []}', /has an "env" that is not an object/],
    ['"hooks" that are text', '{"hooks": "none"}', /has "hooks" that are not an object/],
    ['a hook that is no list', '{"hooks": {"Stop": {}}}', /whose Stop is not a list/],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), /is not UTF-8/],
  ]
  test.each(refused)('%s: refused, untouched', (_, content, says) => {
    const home = createHome()
    home.write(SETTINGS, content, 0o644)
    const before = home.snapshot()
    const { code, stderr } = home.run(['install', '--hooks', '--shell', 'bash'])
    expect(code).toBe(1)
    expect(stderr).toMatch(says)
    expect(stderr).toMatch(/\nNothing was changed\. /)
    expect(home.snapshot()).toEqual(before)
  })

  test('a folder that may not be written to is named', () => {
    const home = createHome()
    writeFileSync(home.path('.claude'), 'a file where the folder should be')
    const { code, stderr } = home.run(['install'])
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/settings\.json cannot be (read|written)/),
    ])
  })

  test('edited since: only what is ours is taken out, what it stood in for comes back', () => {
    const home = createHome()
    home.write(SETTINGS, `{\n  "env": { "${ENDPOINT}": "http://else:1" }\n}\n`)
    done(home, 'install', '--hooks')
    const edited = settingsOf(home)
    const own = { hooks: [{ type: 'command', command: 'true' }] }
    const changed = {
      ...edited,
      model: 'opus',
      env: { ...edited.env, MINE: '1', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
      hooks: { ...edited.hooks, Stop: [own, ...(edited.hooks?.Stop ?? [])] },
    }
    home.write(SETTINGS, JSON.stringify(changed))
    done(home, 'uninstall')
    expect(settingsOf(home)).toEqual({
      model: 'opus',
      // The protocol is the person's own by now.
      env: { [ENDPOINT]: 'http://else:1', MINE: '1', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
      hooks: { Stop: [own] },
    })
  })

  test('edited since into something broken: refused, untouched', () => {
    const home = createHome()
    done(home, 'install')
    home.write(SETTINGS, '{ "env": ')
    const before = home.snapshot()
    const { code, stderr } = home.run(['uninstall'])
    expect([code, stderr]).toEqual([1, expect.stringContaining('is not JSON')])
    expect(home.snapshot()).toEqual(before)
  })

  test('a record that cannot be read: refused, untouched', () => {
    const home = createHome()
    done(home, 'install')
    home.write('.config/claude-telemetry/installed.json', '{"files": [{}]}')
    const before = home.snapshot()
    for (const command of ['install', 'uninstall']) {
      const { code, stderr } = home.run([command])
      expect([code, stderr]).toEqual([1, expect.stringContaining('installed.json is not as')])
    }
    expect(home.snapshot()).toEqual(before)
  })

  test('other options the second time replace those of the first, and all goes', () => {
    const home = createHome()
    home.write(SETTINGS, '{}\n')
    const before = home.snapshot()
    done(home, 'install', '--content', 'prompts', '--api-key', 'k1')
    done(home, 'install', '--protocol', 'grpc', '--api-key', 'k=2')
    expect(settingsOf(home).env).toEqual({
      CLAUDE_CODE_ENABLE_TELEMETRY: '1',
      OTEL_LOGS_EXPORTER: 'otlp',
      OTEL_METRICS_EXPORTER: 'otlp',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      [ENDPOINT]: 'http://127.0.0.1:4317',
      OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Bearer k%3D2',
    })
    done(home, 'uninstall')
    expect(home.snapshot()).toEqual(before)
  })

  test('address and key are those the bridge is configured with', () => {
    const home = createHome()
    home.write(ENV_FILE, 'OTLP_RECEIVER_PORT=5000\nAPI_KEY=from-env-file\n')
    done(home, 'install')
    expect(settingsOf(home).env).toMatchObject({
      [ENDPOINT]: 'http://127.0.0.1:5000',
      OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Bearer from-env-file',
    })
  })

  test('a key in a file that others can read is spoken of', () => {
    const home = createHome()
    home.write(SETTINGS, '{}', 0o644)
    expect(done(home, 'install', '--api-key', 'k')).toContain(`chmod 600 ${home.path(SETTINGS)}`)
    chmodSync(home.path(SETTINGS), 0o600)
    expect(done(home, 'install', '--api-key', 'k2')).not.toContain('chmod')
  })

  test('--dry-run shows a diff without the key, and changes nothing', () => {
    const home = createHome()
    home.write(SETTINGS, '{\n  "model": "opus"\n}\n')
    const before = home.snapshot()
    const shown = done(home, 'install', '--api-key', 'secret-1', '--dry-run')
    expect(shown).toContain(`+++ ${home.path(SETTINGS)}`)
    expect(shown).toContain('+    "CLAUDE_CODE_ENABLE_TELEMETRY": "1"')
    expect(shown).not.toContain('secret-1')
    expect(home.snapshot()).toEqual(before)
    done(home, 'install')
    const installed = home.snapshot()
    expect(done(home, 'uninstall', '--dry-run')).toContain(
      '-    "CLAUDE_CODE_ENABLE_TELEMETRY": "1"',
    )
    expect(home.snapshot()).toEqual(installed)
  })
})

const rcFiles = { bash: '.bashrc', zsh: '.zshrc', fish: '.config/fish/config.fish' } as const
const shells = Object.keys(rcFiles) as (keyof typeof rcFiles)[]

/** What the shell has in a variable once it has read its own start-up file. */
function inShell(home: Home, shell: (typeof shells)[number], variable: string): string {
  const args = { bash: ['-ic'], zsh: ['-ic'], fish: ['-c'] }[shell]
  const { stdout } = spawnSync(shell, [...args, `printf '<%s>' "$${variable}"`], {
    env: { HOME: home.folder, PATH: process.env.PATH, TERM: 'dumb' },
    encoding: 'utf8',
  })
  return /<(.*)>/s.exec(stdout)?.[1] ?? 'no answer'
}

describe.each(shells)('the start-up file of %s', (shell) => {
  const rc = rcFiles[shell]
  const contents: readonly (readonly [string, string | Buffer | undefined])[] = [
    ['that is not there', undefined],
    ['with content', '# mine\nset_by_me=1 # no command follows\n'.replace('set_by_me=1', ':')],
    ['without a line end at its end', ': 1'],
    ['that is empty', ''],
    ['with bytes of another encoding', Buffer.from('# caf\xe9\n', 'latin1')],
    ['with Windows line ends', '# one\r\n# two\r\n'],
  ]

  test.skipIf(!hasProgram(shell)).each(contents)('%s: add, again, take out', (_, content) => {
    const home = createHome()
    if (content !== undefined) home.write(rc, content, 0o644)
    const before = home.snapshot()
    const args = ['install', '--shell', shell, '--api-key', "it's $HOME\\"]
    done(home, ...args)
    expect(inShell(home, shell, ENDPOINT)).toBe('http://127.0.0.1:4318')
    expect(inShell(home, shell, 'OTEL_EXPORTER_OTLP_HEADERS')).toBe(
      "Authorization=Bearer it's%20%24HOME%5C",
    )
    expect(home.mode(rc)).toBe(content === undefined ? '600' : '644')
    const installed = home.snapshot()
    expect(done(home, ...args)).toContain('is up to date')
    expect(home.snapshot()).toEqual(installed)
    done(home, 'uninstall')
    expect(home.snapshot()).toEqual(before)
  })

  test('edited since: only the block goes', () => {
    const home = createHome()
    home.write(rc, '# before\n')
    done(home, 'install', '--shell', shell)
    home.write(rc, `# first\n${home.read(rc).toString()}# after\n`)
    done(home, 'uninstall')
    expect(home.read(rc).toString()).toBe('# first\n# before\n# after\n')
  })
})

test('--shell all writes to each of them, and to the settings only for hooks', () => {
  const home = createHome()
  done(home, 'install', '--shell', 'all')
  expect(Object.values(rcFiles).every((rc) => home.exists(rc))).toBe(true)
  expect(home.exists(SETTINGS)).toBe(false)
  done(home, 'install', '--shell', 'all', '--hooks')
  expect(Object.keys(settingsOf(home))).toEqual(['hooks'])
  done(home, 'uninstall')
  expect(home.snapshot()).toEqual({})
})

test.each(shells.filter(hasProgram))('--print gives lines that %s can evaluate', (shell) => {
  const home = createHome()
  const lines = done(home, 'install', '--print', '--shell', shell, '--team', "o'hara")
  const { stdout } = spawnSync(shell, ['-c', `${lines}\nprintf %s "$OTEL_RESOURCE_ATTRIBUTES"`], {
    env: { HOME: home.folder, PATH: process.env.PATH },
    encoding: 'utf8',
  })
  expect(stdout).toBe("team=o'hara")
  expect(home.snapshot()).toEqual({})
})

describe('the service', () => {
  const unit = '.config/systemd/user/claude-telemetry.service'

  test.skipIf(process.platform !== 'linux')('is written, enabled, ended and removed', () => {
    const home = createHome()
    home.program('systemctl', `#!/bin/sh\necho "$@" >>"$HOME/bin/calls"\n`)
    home.write(ENV_FILE, 'OTLP_RECEIVER_PORT=5001\n')
    const before = home.snapshot()
    expect(done(home, 'install', '--service')).toContain('at each login')
    expect(home.read(unit).toString()).toMatch(/^ExecStart="\/.*node" .*"\/.*main\.js" "start"$/m)
    done(home, 'uninstall')
    expect(home.snapshot()).toEqual(before)
    expect(home.read('bin/calls').toString().trim().split('\n')).toEqual([
      '--user daemon-reload',
      '--user enable claude-telemetry.service',
      '--user restart claude-telemetry.service',
      '--user disable --now claude-telemetry.service',
    ])
  })

  test.skipIf(process.platform !== 'linux')('is told apart from what only this shell has', () => {
    const home = createHome()
    home.program('systemctl', '#!/bin/sh\n')
    home.write(ENV_FILE, 'LOG_LEVEL=warn\n')
    const { stdout } = home.run(['install', '--service'], { OTLP_RECEIVER_PORT: '5002' })
    expect(stdout).toContain(
      `The service does not see variables that are set only in this shell: OTLP_RECEIVER_PORT. Put them into ${home.path(ENV_FILE)}.`,
    )
  })

  test.skipIf(process.platform !== 'linux')(
    'says what to do where systemctl does not answer',
    () => {
      const home = createHome()
      home.program('systemctl', '#!/bin/sh\necho "Failed to connect to bus" >&2\nexit 1\n')
      const { code, stdout } = home.run(['install', '--service'])
      expect(code).toBe(1)
      expect(stdout).toContain('Failed to connect to bus')
      expect(stdout).toContain('systemctl --user enable --now')
      expect(home.exists(unit)).toBe(true)
    },
  )
})

test.each([
  [['install', '--protocol', 'http'], /Allowed choices are http\/json/],
  [['install', '--content', 'all'], /Expected one or more of prompts/],
  [['install', '--endpoint', 'localhost:4318'], /Expected an http or https URL/],
  [['instal'], /Did you mean install\?/],
  [['install', '--hook'], /Did you mean --hooks\?/],
  [['outbox', 'retry', 'x'], /Expected the number of an item/],
])('%j is a wrong command line: exit code 2', (args, says) => {
  const home = createHome()
  const { code, stdout, stderr } = home.run(args)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toMatch(/^claude-telemetry: /)
  expect(stderr).toMatch(says)
})

describe('other agents', () => {
  const files: Readonly<Record<string, readonly [string, string]>> = {
    codex: ['.codex/config.toml', '# mine\nmodel = "gpt-5.5" # the best\n'],
    copilot: ['.config/Code/User/settings.json', '{\n    // mine\n    "editor.tabSize": 2,\n}\n'],
    gemini: ['.gemini/settings.json', '{"theme":"x"}'],
    opencode: ['.config/opencode/opencode.json', '{\r\n  "model": "x"\r\n}\r\n'],
    qwen: ['.qwen/settings.json', '\u{feff}{"theme": "öpüs 🙂"}\n'],
  }

  test.each(Object.entries(files))('%s: add, again, take out', (agent, [path, content]) => {
    const home = createHome()
    home.write(path, content, 0o640)
    const before = home.snapshot()
    done(home, 'install', '--agent', agent, '--content', 'prompts')
    const installed = home.snapshot()
    expect(home.read(path).toString()).not.toBe(content)
    expect(home.exists(SETTINGS)).toBe(false)
    done(home, 'install', '--agent', agent, '--content', 'prompts')
    expect(home.snapshot()).toEqual(installed)
    done(home, 'uninstall')
    expect(home.snapshot()).toEqual(before)
  })

  test('opencode without content: nothing is written, and nothing has to be restarted for that', () => {
    const home = createHome()
    const before = home.snapshot()
    const shown = done(home, 'install', '--agent', 'opencode')
    expect(shown).toContain('set OTEL_EXPORTER_OTLP_ENDPOINT=')
    expect(shown).toMatch(/\nNothing was written\. Set opencode up as described above, then run: /)
    expect(shown).not.toContain('Restart')
    expect(home.snapshot()).toEqual(before)
    expect(done(home, 'install', '--agent', 'opencode', '--content', 'prompts')).toContain(
      'Restart opencode, then run: ',
    )
  })

  test('that have no settings yet get some, and lose them again', () => {
    const home = createHome()
    const before = home.snapshot()
    for (const agent of Object.keys(files)) {
      done(home, 'install', '--agent', agent, '--content', 'prompts')
    }
    done(home, 'install')
    done(home, 'uninstall')
    expect(home.snapshot()).toEqual(before)
  })

  test('--dry-run shows what would change, without the key', () => {
    const home = createHome()
    const args = ['install', '--agent', 'codex', '--api-key', 'a-key-of-some-length', '--dry-run']
    const shown = done(home, ...args)
    expect(shown).toContain('/v1/logs')
    expect(shown).not.toContain('a-key-of-some-length')
    expect(home.exists('.codex/config.toml')).toBe(false)
  })

  test('take none of the options of Claude Code', () => {
    const { code, stderr } = createHome().run(['install', '--agent', 'codex', '--hooks'])
    expect(code).toBe(2)
    expect(stderr).toContain('--hooks applies to Claude Code')
  })

  test('a file that cannot be read is left alone', () => {
    const home = createHome()
    home.write('.codex/config.toml', 'a = = 1\n')
    const before = home.snapshot()
    const { code, stderr } = home.run(['install', '--agent', 'codex'])
    expect(code).toBe(1)
    expect(stderr).toContain('is not TOML')
    expect(home.snapshot()).toEqual(before)
  })
})

describe('the MCP server', () => {
  const CONFIG = '.claude.json'
  const config = '{\n  "numStartups": 5,\n  "mcpServers": { "other": { "command": "x" } }\n}\n'
  const command = (home: Home) => [home.path('clone/dist/main.js'), 'mcp']
  const serversOf = (home: Home) =>
    (JSON.parse(home.read(CONFIG).toString()) as { mcpServers: Record<string, unknown> }).mcpServers

  test('is registered for the user of Claude Code, once, and taken out again', () => {
    const home = createHome()
    home.write(CONFIG, config)
    const before = home.snapshot()
    expect(done(home, 'install', '--mcp', '--dry-run')).toContain('+    "claude-telemetry": {')
    expect(home.snapshot()).toEqual(before)
    done(home, 'install', '--mcp')
    expect(serversOf(home)).toEqual({
      other: { command: 'x' },
      'claude-telemetry': { type: 'stdio', command: process.execPath, args: command(home) },
    })
    const installed = home.snapshot()
    expect(done(home, 'install', '--mcp')).toContain(`${home.path(CONFIG)} is up to date.`)
    expect(home.snapshot()).toEqual(installed)
    done(home, 'uninstall')
    expect(home.snapshot()).toEqual(before)
  })

  test('what Claude Code has written since stays', () => {
    const home = createHome()
    home.write(CONFIG, config)
    done(home, 'install', '--mcp')
    const text = home.read(CONFIG).toString()
    home.write(CONFIG, text.replace('"numStartups": 5', '"numStartups": 6'))
    done(home, 'uninstall')
    expect(JSON.parse(home.read(CONFIG).toString())).toEqual({
      numStartups: 6,
      mcpServers: { other: { command: 'x' } },
    })
  })

  test('of a bridge on another machine is its address, with the key', () => {
    const home = createHome()
    const key = 'a-key-of-some-length'
    const args = ['--mcp', '--endpoint', 'https://telemetry.example.com', '--api-key', key]
    expect(done(home, 'install', ...args, '--dry-run')).not.toContain(key)
    expect(done(home, 'install', ...args)).toContain(
      'a key that may read, such as one with read:own',
    )
    expect(serversOf(home)).toEqual({
      'claude-telemetry': {
        type: 'http',
        url: 'https://telemetry.example.com/mcp',
        headers: { Authorization: `Bearer ${key}` },
      },
    })
  })

  test.each([
    ['codex', '.codex/config.toml', 'model = "gpt-5.5"\n'],
    ['gemini', '.gemini/settings.json', '{"mcpServers":{"other":{"command":"x"}}}'],
    ['qwen', '.qwen/settings.json', '{"theme":"x"}'],
    ['opencode', '.config/opencode/opencode.json', '{"model":"x"}'],
    ['copilot', '.config/Code/User/mcp.json', '{"servers":{}}'],
  ])('%s: in its own file, once, and out again', (agent, path, content) => {
    const home = createHome()
    home.write(path, content)
    const before = home.snapshot()
    done(home, 'install', '--agent', agent, '--mcp')
    const written = home.read(path).toString()
    expect(written).toContain('claude-telemetry')
    expect(written).toContain(home.path('clone/dist/main.js'))
    const installed = home.snapshot()
    done(home, 'install', '--agent', agent, '--mcp')
    expect(home.snapshot()).toEqual(installed)
    done(home, 'uninstall')
    expect(home.snapshot()).toEqual(before)
  })

  test('is nothing that is printed, or rolled out by an administrator', () => {
    for (const other of ['--print', '--managed']) {
      const { code, stderr } = createHome().run(['install', '--mcp', other])
      expect([code, stderr]).toEqual([2, expect.stringContaining('cannot be used with')])
    }
  })
})
