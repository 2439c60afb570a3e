/** Misspelt names and left-over placeholders are told; the variables of others are not. */
import { describe, expect, test } from 'vitest'
import { newStackSettings } from '../../../scripts/stack-settings.ts'
import { settingsOf } from '../../../src/config/settings.ts'
import { suspicionsOf } from '../../../src/config/suspicions.ts'

const inEnvironment = (variables: Record<string, string>) => suspicionsOf(settingsOf(variables, []))
const inFile = (variables: Record<string, string>) =>
  suspicionsOf(settingsOf({}, [{ path: '/x/.env', variables }]))

const misspelt: readonly (readonly [string, string])[] = [
  ['LANGFUSE_PUBLICKEY', 'LANGFUSE_PUBLIC_KEY'],
  ['LANGFUSE_SECRETKEY', 'LANGFUSE_SECRET_KEY'],
  ['LANGFUSE_SECERT_KEY', 'LANGFUSE_SECRET_KEY'],
  ['LANGUFSE_HOST', 'LANGFUSE_HOST'],
  ['LANGFUSE_BASEURL', 'LANGFUSE_BASE_URL'],
  ['langfuse_public_key', 'LANGFUSE_PUBLIC_KEY'],
  ['SESION_TIMEOUT', 'SESSION_TIMEOUT'],
  ['SESSION_TIMOUT', 'SESSION_TIMEOUT'],
  ['OTLP_RECIEVER_PORT', 'OTLP_RECEIVER_PORT'],
  ['OTLP_RECEIVERPORT', 'OTLP_RECEIVER_PORT'],
  ['OTLP_GPRC_PORT', 'OTLP_GRPC_PORT'],
  ['RETENTION_DAY', 'RETENTION_DAYS'],
  ['BUDGET_DAYLY_USD', 'BUDGET_DAILY_USD'],
]

describe('a name that is nearly ours', () => {
  test.each(misspelt)('%s is told in the environment and in a file', (name, meant) => {
    const message = (place: string) =>
      `${name} in ${place} is not a setting and has no effect. Did you mean ${meant}?`
    expect(inEnvironment({ [name]: 'x1' })).toEqual([message('the environment')])
    expect(inFile({ [name]: 'x1' })).toEqual([message('/x/.env')])
  })

  test.each([
    ['LANGFUSE_URL', 'LANGFUSE_BASE_URL'],
    ['LANGFUSE_KEY', 'LANGFUSE_PUBLIC_KEY'],
    ['LANGFUSE_PUBLIC_API_KEY', 'LANGFUSE_PUBLIC_KEY'],
    ['SESSION_IDLE_TIMEOUT', 'SESSION_TIMEOUT'],
    ['OTLP_PORT', 'OTLP_GRPC_PORT'],
    ['APIKEY', 'API_KEY'],
    ['LOGLEVEL', 'LOG_LEVEL'],
    ['DATADIR', 'DATA_DIR'],
  ])('%s is told in a file, where it can be meant for nobody else', (name, meant) => {
    expect(inFile({ [name]: 'x1' })).toEqual([expect.stringContaining(`Did you mean ${meant}?`)])
    expect(inEnvironment({ [name]: 'x1' })).toEqual([])
  })

  test('is not told in the environment beside the right one', () => {
    const right = { LANGFUSE_BASE_URL: 'http://a' }
    expect(inEnvironment({ ...right, LANGFUSE_BASEURL: 'http://a' })).toEqual([])
  })
})

/** Of a desktop, of shells, of a CI, of other programs: nothing of it is meant for us. */
const ordinary =
  `ANTHROPIC_API_KEY APPDATA APP_KEY APP_LOG_LEVEL AWS_ACCESS_KEY_ID AWS_PROFILE AWS_REGION
AWS_SECRET_ACCESS_KEY API_KEYS API_URL CARGO_HOME CI CLAUDE_CODE_ENABLE_TELEMETRY CLAUDE_CONFIG_DIR
CLICKHOUSE_URL COLORTERM COLUMNS CONDA_PREFIX DATABASE_URL DATA_DIRS DBUS_SESSION_BUS_ADDRESS DEBUG
DESKTOP_SESSION DISPLAY DOCKER_HOST EDITOR GITHUB_TOKEN GOPATH GPG_AGENT_INFO HISTSIZE HOME HOST
HOSTNAME HTTPS_PROXY INVOCATION_ID JAVA_HOME JOURNAL_STREAM KUBECONFIG LANG LANGCHAIN_API_KEY
LANGFUSE_DEBUG LANGFUSE_ENABLED LANGFUSE_FLUSH_AT LANGFUSE_FLUSH_INTERVAL LANGFUSE_INIT_PROJECT_PUBLIC_KEY
LANGFUSE_INIT_PROJECT_SECRET_KEY LANGFUSE_LOG_LEVEL LANGFUSE_MAX_RETRIES LANGFUSE_SAMPLE_RATE
LANGFUSE_THREADS LANGFUSE_TRACING_ENABLED LC_ALL LESS LOGLEVEL LOGNAME LOGIN_TIMEOUT LS_COLORS MAIL MANPATH
MAX_CONNECTIONS MAX_RETRIES NEXTAUTH_SECRET NODE_ENV NODE_OPTIONS NODE_PATH NO_PROXY NVM_DIR OLDPWD
OPENAI_API_KEY OTEL_EXPORTER_OTLP_ENDPOINT OTEL_EXPORTER_OTLP_HEADERS OTEL_EXPORTER_OTLP_PROTOCOL
OTEL_EXPORTER_OTLP_TIMEOUT OTEL_LOG_LEVEL OTEL_RESOURCE_ATTRIBUTES OTEL_SERVICE_NAME OTLP_ENDPOINT PAGER
PATH PGDATA PGPASSWORD PORT PS1 PWD PYTHONPATH QT_QPA_PLATFORM REDIS_URL REQUEST_TIMEOUT SECRET_KEY
SERVER_PORT SESSION_DRIVER SESSION_LIFETIME SESSION_MANAGER SESSION_SECRET SHELL SHLVL SSH_AUTH_SOCK
STARTUP_TIMEOUT SUDO_USER TERM TIMEOUT TMPDIR TZ USER USERNAME VIRTUAL_ENV VSCODE_IPC_HOOK XAUTHORITY
XDG_CONFIG_HOME XDG_DATA_DIRS XDG_DATA_HOME XDG_RUNTIME_DIR XDG_SESSION_ID XDG_SESSION_TYPE
npm_config_cache npm_config_loglevel npm_lifecycle_event`.split(/\s+/)

test('an ordinary environment is not suspicious', () => {
  expect(ordinary.length).toBeGreaterThan(80)
  expect(inEnvironment(Object.fromEntries(ordinary.map((name) => [name, 'x1'])))).toEqual([])
})

test('neither is the file that quickstart.sh writes', () => {
  expect(inFile({ ...newStackSettings('3000'), LANGFUSE_WEB_PORT: '3000' })).toEqual([])
})

test('keys of one file beside the address of another are told', () => {
  const keys = { LANGFUSE_PUBLIC_KEY: 'pk-lf-1', LANGFUSE_SECRET_KEY: 'sk-lf-1' }
  const host = { LANGFUSE_HOST: 'http://lf:3000' }
  const clone = { path: '/clone/.env', variables: keys }
  const user = { path: '/user/.env', variables: { ...keys, ...host } }
  expect(suspicionsOf(settingsOf({}, [clone, user]))).toEqual([
    'The settings of one Langfuse project come from several files: LANGFUSE_PUBLIC_KEY in /clone/.env, LANGFUSE_SECRET_KEY in /clone/.env, LANGFUSE_HOST in /user/.env.',
  ])
  expect(suspicionsOf(settingsOf(host, [clone, user]))).toEqual([])
  expect(suspicionsOf(settingsOf({}, [user, clone]))).toEqual([])
})

describe('a setting that does nothing by itself', () => {
  test.each([
    ['WATCH_CONTENT', 'export', 'WATCH_TRANSCRIPTS is not on', { WATCH_TRANSCRIPTS: 'On' }],
    [
      'EXPORT_OTLP_HEADERS',
      'a=b',
      'EXPORT_OTLP_ENDPOINT is not set',
      { EXPORT_OTLP_ENDPOINT: 'http://x' },
    ],
    [
      'FORWARD_UNREDACTED',
      '1',
      'FORWARD_OTLP_ENDPOINT is not set',
      { ROUTES_FILE: '/x/routes.json' },
    ],
    [
      'DATABASE_READ_URL',
      'postgres://x/y',
      'DATABASE_URL is not set',
      { DATABASE_URL: 'postgres://x/z' },
    ],
  ])('%s is told', (name, value, why, remedy) => {
    expect(inFile({ [name]: value })).toEqual([`${name} in /x/.env has no effect: ${why}.`])
    expect(inFile({ [name]: value, ...remedy })).toEqual([])
    expect(inFile({ [name]: '' })).toEqual([])
  })
})

describe('a value that an example has left', () => {
  test.each([
    ['LANGFUSE_PUBLIC_KEY', 'pk-lf-...'],
    ['LANGFUSE_PUBLIC_KEY', 'pk-lf-…'],
    ['LANGFUSE_PUBLIC_KEY', 'pk-lf-xxxxxxxx'],
    ['LANGFUSE_PUBLIC_KEY', 'pk-lf-your-key'],
    ['LANGFUSE_PUBLIC_KEY', '<your public key>'],
    ['LANGFUSE_PUBLIC_KEY', '$' + '{LANGFUSE_KEY}'],
    ['LANGFUSE_PUBLIC_KEY', 'CHANGEME'],
    ['LANGFUSE_PUBLIC_KEY', 'change-me'],
    ['LANGFUSE_PUBLIC_KEY', 'replace_me'],
    ['LANGFUSE_PUBLIC_KEY', 'your-key-here'],
    ['LANGFUSE_PUBLIC_KEY', 'your_public_key'],
    ['LANGFUSE_PUBLIC_KEY', 'TODO'],
    ['LANGFUSE_PUBLIC_KEY', 'undefined'],
    ['LANGFUSE_HOST', 'https://your-langfuse.example.com'],
  ])('%s=%s is told', (name, value) => {
    expect(inFile({ [name]: value })).toEqual([
      `${name} in /x/.env is ${JSON.stringify(value)}, which looks like a placeholder.`,
    ])
  })

  test.each([
    ['LANGFUSE_SECRET_KEY', 'sk-lf-...'],
    ['API_KEY', 'changeme'],
    ['BUDGET_WEBHOOK_URL', 'https://hooks.slack.com/services/...'],
  ])('%s=%s is told without the value, which may be one after all', (name, value) => {
    expect(inEnvironment({ [name]: value })).toEqual([
      `${name} in the environment is (hidden), which looks like a placeholder.`,
    ])
  })

  test.each([
    ['LANGFUSE_PUBLIC_KEY', 'pk-lf-1f2e3d4c-0000-4000-8000-000000000000'],
    ['LANGFUSE_HOST', 'https://cloud.langfuse.com'],
    ['LANGFUSE_HOST', 'https://langfuse.example'],
    ['API_KEY', 'my-team-key'],
    ['API_KEY', 'yours-truly'],
    ['DATA_DIR', '~/.local/share/claude-telemetry'],
    ['TAG_ATTRIBUTES', 'team,project'],
  ])('%s=%s is not', (name, value) => expect(inFile({ [name]: value })).toEqual([]))
})
