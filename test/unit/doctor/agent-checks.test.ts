import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadConfig } from '../../../src/config/load-config.ts'
import { agentFindings } from '../../../src/doctor/agent-checks.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'claude-telemetry-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

function findings(files: Readonly<Record<string, string>>) {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(home, path)), { recursive: true })
    writeFileSync(join(home, path), text)
  }
  const platform = { os: 'linux', homeDir: home, workingDir: home } as const
  const config = loadConfig({ DATA_DIR: home }, platform)
  if (!config.ok) throw new Error(JSON.stringify(config.error))
  return agentFindings({}, platform, config.value).map(({ id, status }) => [id, status])
}

test('says nothing of agents that are not here', () => {
  expect(findings({})).toEqual([])
})

test('tells whether an agent reports here', () => {
  const codex = (endpoint: string) =>
    `[otel]\nexporter = { otlp-http = { endpoint = "${endpoint}", protocol = "json" } }\n`
  expect(findings({ '.codex/config.toml': codex('http://localhost:4318/v1/logs') })).toEqual([
    ['agent.codex', 'ok'],
  ])
  expect(findings({ '.codex/config.toml': codex('http://else:1/v1/logs') })).toEqual([
    ['agent.codex', 'warn'],
  ])
  expect(findings({ '.codex/config.toml': 'model = "x"\n' })).toEqual([['agent.codex', 'skip']])
  expect(findings({ '.codex/config.toml': '= =' })).toEqual([['agent.codex', 'warn']])
})

test('a switch that is off is no report', () => {
  const telemetry = { enabled: false, otlpEndpoint: 'http://127.0.0.1:4318' }
  const files = { '.gemini/settings.json': JSON.stringify({ telemetry }) }
  expect(findings(files)).toEqual([['agent.gemini', 'skip']])
})
