import { parse as parseToml } from '@decimalturn/toml-patch'
import { describe, expect, test } from 'vitest'
import {
  AGENTS,
  agentSettings,
  replacedValues,
  settingsObject,
  withAgentValues,
  withoutAgentValues,
} from '../../../src/setup/agent-settings.ts'

const linux = { os: 'linux', homeDir: '/home/ada', workingDir: '/tmp' } as const
const wish = { endpoint: 'http://127.0.0.1:4318', contents: ['prompts'] } as const

const added = (agent: (typeof AGENTS)[number], text: string): string => {
  const { format, values } = agentSettings(agent, wish, {}, linux)
  const edited = withAgentValues(text, format, values)
  if (!edited.ok) throw new Error(edited.error)
  return edited.value
}
const removed = (agent: (typeof AGENTS)[number], text: string, before?: string) => {
  const { format, values } = agentSettings(agent, wish, {}, linux)
  return withoutAgentValues(text, format, values, before)
}

describe('paths', () => {
  test('are those of each agent', () => {
    const paths = AGENTS.map((agent) => agentSettings(agent, wish, {}, linux).path)
    expect(paths).toEqual([
      '/home/ada/.codex/config.toml',
      '/home/ada/.config/Code/User/settings.json',
      '/home/ada/.gemini/settings.json',
      '/home/ada/.config/opencode/opencode.json',
      '/home/ada/.qwen/settings.json',
    ])
  })

  test('follow the agent’s own variable', () => {
    const { path } = agentSettings('codex', wish, { CODEX_HOME: '/etc/codex' }, linux)
    expect(path).toBe('/etc/codex/config.toml')
  })
})

const CODEX = `# mine
model = "gpt-5.5"   # the best

[profiles.x]
model = 'o3'

[otel]
# ours to keep
environment = "prod"
`

describe('TOML', () => {
  test('keeps comments and layout', () => {
    const text = added('codex', CODEX)
    for (const line of CODEX.split('\n')) expect(text).toContain(line)
    expect(parseToml(text)).toMatchObject({
      otel: {
        environment: 'prod',
        log_user_prompt: true,
        exporter: { 'otlp-http': { endpoint: 'http://127.0.0.1:4318/v1/logs', protocol: 'json' } },
      },
    })
  })

  test('is as it was when the values are taken out, also where somebody edited since', () => {
    expect(removed('codex', added('codex', CODEX), CODEX)).toEqual({ ok: true, value: CODEX })
    const edited = added('codex', CODEX).replace('model = "gpt-5.5"', 'model = "gpt-6"')
    expect(removed('codex', edited, CODEX)).toEqual({
      ok: true,
      value: CODEX.replace('gpt-5.5', 'gpt-6'),
    })
  })

  test('a value of the person’s own comes back', () => {
    const own = '[otel]\nexporter = "none"\n'
    const text = added('codex', own)
    expect(text).not.toContain('"none"')
    const { format, values } = agentSettings('codex', wish, {}, linux)
    expect(replacedValues(own, format, values)).toEqual({ 'otel.exporter': '"none"' })
    const back = removed('codex', `${text}# more\n`, own)
    expect(back.ok && parseToml(back.value)).toEqual({ otel: { exporter: 'none' } })
  })

  test('that cannot be read is refused', () => {
    expect(settingsObject('a = = 1', 'toml')).toMatchObject({ ok: false })
    const { format, values } = agentSettings('codex', wish, {}, linux)
    expect(withAgentValues('otel = 1\n', format, values)).toEqual({
      ok: false,
      error: 'has a "otel" that is not a table',
    })
  })

  test('a key goes into the headers', () => {
    const { values } = agentSettings('codex', { ...wish, apiKey: 'k' }, {}, linux)
    expect(JSON.stringify(values)).toContain('"Authorization":"Bearer k"')
  })
})

describe('JSON', () => {
  const vscode = `{
    // the theme
    "workbench.colorTheme": "Dark",
    "editor.tabSize": 2,
}
`

  test('keeps the comments of VS Code', () => {
    const text = added('copilot', vscode)
    expect(text).toContain('// the theme')
    expect(settingsObject(text, 'json')).toMatchObject({
      value: {
        'github.copilot.chat.otel.enabled': true,
        'github.copilot.chat.otel.otlpEndpoint': 'http://127.0.0.1:4318',
        'workbench.colorTheme': 'Dark',
      },
    })
  })

  test.each(['gemini', 'qwen', 'opencode'] as const)('of %s is as it was without it', (agent) => {
    const before = '{\n  "theme": "x"\n}\n'
    const text = added(agent, before)
    expect(text).not.toBe(before)
    const edited = text.replace('"x"', '"y"')
    expect(removed(agent, edited, before)).toEqual({ ok: true, value: before.replace('x', 'y') })
  })

  test('adding twice changes nothing', () => {
    for (const agent of AGENTS) expect(added(agent, added(agent, ''))).toBe(added(agent, ''))
  })
})
