/** The agents that the rig runs: how each is set up, asked, and what it does not tell. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Agent } from '../../src/setup/agent-settings.ts'
import type { ToolCall } from './script.ts'

export interface Place {
  readonly home: string
  readonly workDir: string
  /** Of the scripted API. */
  readonly apiUrl: string
}

export interface RealAgent {
  /** As `install --agent` calls it. */
  readonly name: Agent
  /** As sessions, tags and filters call it. */
  readonly agent: string
  readonly package: string
  /** Below `node_modules`. */
  readonly program: string
  /** Run by Node. */
  readonly isScript: boolean
  readonly provider: string
  /** What a person would have written there before: the API, and no telemetry. */
  readonly settings: (place: Place) => Readonly<Record<string, string>>
  /** Without the telemetry, of which `telemetry` are the variables that `install` asks the person to set. */
  readonly environment: (place: Place) => Readonly<Record<string, string>>
  readonly telemetry: Readonly<Record<string, string>>
  /** A server that the prompts go to, which outlives them. */
  readonly server?: readonly string[]
  readonly first: (prompt: string) => readonly string[]
  readonly next: (prompt: string) => readonly string[]
  readonly tools: (place: Place) => readonly [ToolCall, ToolCall, ToolCall]
  /** It sends nothing of a try that failed and was repeated. */
  readonly hidesRetries: boolean
}

const KEY = 'no-real-key'
const MODEL = 'gpt-5.5'
const SERVER_PORT = '4096'
const SERVER = `http://127.0.0.1:${SERVER_PORT}`

const codex: RealAgent = {
  name: 'codex',
  agent: 'codex',
  package: '@openai/codex',
  program: '@openai/codex/bin/codex.js',
  isScript: true,
  provider: 'openai',
  settings: ({ apiUrl }) => ({
    '.codex/config.toml': `# Scripted model.
model = "${MODEL}"
model_provider = "scripted"

[model_providers.scripted]
name = "Scripted"
base_url = "${apiUrl}/v1"
env_key = "SCRIPTED_KEY"
wire_api = "responses"
`,
  }),
  environment: () => ({ SCRIPTED_KEY: KEY }),
  telemetry: {},
  first: (prompt) => ['exec', ...CODEX_OPTIONS, prompt],
  next: (prompt) => ['exec', 'resume', '--last', ...CODEX_OPTIONS, prompt],
  tools: () => [
    { name: 'exec_command', input: { cmd: 'echo hello', yield_time_ms: 1000 } },
    {
      name: 'apply_patch',
      input: '*** Begin Patch\n*** Add File: hello.txt\n+line one\n*** End Patch',
    },
    {
      name: 'apply_patch',
      input: '*** Begin Patch\n*** Update File: missing.txt\n@@\n-old\n+new\n*** End Patch',
    },
  ],
  hidesRetries: false,
}

const CODEX_OPTIONS = [
  '--json',
  '--skip-git-repo-check',
  '--dangerously-bypass-approvals-and-sandbox',
]

/** Qwen Code is a fork of Gemini CLI. */
const geminiTools: RealAgent['tools'] = ({ workDir }) => [
  { name: 'run_shell_command', input: { command: 'echo hello', is_background: false } },
  { name: 'write_file', input: { file_path: join(workDir, 'hello.txt'), content: 'line one\n' } },
  { name: 'read_file', input: { file_path: join(workDir, 'missing.txt') } },
]

const gemini: RealAgent = {
  name: 'gemini',
  agent: 'gemini-cli',
  package: '@google/gemini-cli',
  program: '@google/gemini-cli/bundle/gemini.js',
  isScript: true,
  provider: 'google',
  settings: () => ({
    '.gemini/settings.json':
      '{\n  "security": { "auth": { "selectedType": "gemini-api-key" } }\n}\n',
  }),
  environment: ({ apiUrl }) => ({ GEMINI_API_KEY: KEY, GOOGLE_GEMINI_BASE_URL: apiUrl }),
  telemetry: {},
  first: (prompt) => [...GEMINI_OPTIONS, '--prompt', prompt],
  next: (prompt) => [...GEMINI_OPTIONS, '--resume', 'latest', '--prompt', prompt],
  tools: geminiTools,
  hidesRetries: false,
}

const GEMINI_OPTIONS = [
  '--yolo',
  '--skip-trust',
  '--output-format',
  'json',
  '--model',
  'gemini-2.5-flash',
]

const qwen: RealAgent = {
  name: 'qwen',
  agent: 'qwen-code',
  package: '@qwen-code/qwen-code',
  program: '@qwen-code/qwen-code/cli.js',
  isScript: true,
  provider: 'openai',
  settings: () => ({
    '.qwen/settings.json': '{\n  "security": { "auth": { "selectedType": "openai" } }\n}\n',
  }),
  environment: ({ apiUrl }) => ({
    OPENAI_API_KEY: KEY,
    OPENAI_BASE_URL: `${apiUrl}/v1`,
    OPENAI_MODEL: MODEL,
  }),
  telemetry: {},
  first: (prompt) => ['--yolo', '--output-format', 'json', prompt],
  next: (prompt) => ['--yolo', '--output-format', 'json', '--continue', prompt],
  tools: geminiTools,
  // The OpenAI SDK repeats the request.
  hidesRetries: true,
}

const opencode: RealAgent = {
  name: 'opencode',
  agent: 'opencode',
  package: 'opencode-ai',
  program: `opencode-${process.platform}-${process.arch}/bin/opencode`,
  isScript: false,
  provider: 'openai',
  settings: ({ apiUrl }) => ({
    '.config/opencode/opencode.json': `${JSON.stringify(
      {
        model: `scripted/${MODEL}`,
        small_model: 'scripted/gpt-5-mini',
        permission: 'allow',
        provider: {
          scripted: {
            npm: '@ai-sdk/openai-compatible',
            name: 'Scripted',
            options: { baseURL: `${apiUrl}/v1`, apiKey: KEY },
            models: { [MODEL]: { name: MODEL }, 'gpt-5-mini': { name: 'gpt-5-mini' } },
          },
        },
      },
      undefined,
      2,
    )}\n`,
  }),
  environment: () => ({ OPENCODE_DISABLE_AUTOUPDATE: '1' }),
  telemetry: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' },
  // A lone `run` ends before its last spans are out.
  server: ['serve', '--port', SERVER_PORT],
  first: (prompt) => ['run', '--attach', SERVER, prompt],
  next: (prompt) => ['run', '--attach', SERVER, '--continue', prompt],
  tools: ({ workDir }) => [
    { name: 'bash', input: { command: 'echo hello', description: 'Greets' } },
    { name: 'write', input: { filePath: join(workDir, 'hello.txt'), content: 'line one\n' } },
    { name: 'read', input: { filePath: join(workDir, 'missing.txt') } },
  ],
  hidesRetries: false,
}

export const realAgents: readonly RealAgent[] = [codex, gemini, qwen, opencode]

export function writeSettings({ settings }: RealAgent, place: Place): void {
  for (const [name, text] of Object.entries(settings(place))) {
    const path = join(place.home, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
}
