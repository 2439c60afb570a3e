/** `doctor` as a process, in set-ups of which one thing is broken: it has to name that thing. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DOCTOR_SESSION_PREFIX } from '../../src/domain/identity.ts'
import {
  answering,
  createPatient,
  health,
  type Patient,
  runBridge,
  type Running,
  SETTINGS,
} from './cli/patient.ts'
import { removeFolder, temporaryFolder } from './corpus/bridge.ts'
import { createLangfuseStandIn, type LangfuseStandIn } from './langfuse-stand-in/stand-in.ts'
import { textOf } from './langfuse-stand-in/stored-span.ts'
import { isOnPostgres, rowsIn, unusedStoreSettings } from './store.ts'

let langfuse: LangfuseStandIn
let bridge: Running & { stop(): Promise<void> }
/** With a key, and without Langfuse. */
let locked: Running & { stop(): Promise<void> }
const folders: string[] = []
/** What one set-up leaves to be undone. */
const cleanUp: (() => unknown)[] = []

beforeAll(async () => {
  folders.push(temporaryFolder(), temporaryFolder())
  langfuse = await createLangfuseStandIn()
  bridge = await runBridge(folders[0] ?? '', langfuse)
  locked = await runBridge(folders[1] ?? '', undefined, { API_KEY: 'right', OTLP_GRPC_PORT: 'off' })
})

afterAll(async () => {
  await bridge.stop()
  await locked.stop()
  await langfuse.close()
  for (const folder of folders) removeFolder(folder)
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

const endpoint = (port: number) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` })

/** Has Claude Code and the command know of another program in the bridge's place. */
async function instead(patient: Patient, answer: unknown, options = {}): Promise<void> {
  const port = await answering(answer, options)
  patient.variables.OTLP_RECEIVER_PORT = String(port)
  patient.set(endpoint(port))
}

interface Broken {
  readonly name: string
  readonly breaks: (patient: Patient) => void | Promise<void>
  readonly finding: string
  readonly says: RegExp
  readonly isWarning?: true
  readonly locked?: true
  /** A test record is sent. */
  readonly sends?: true
}

const setUps: readonly Broken[] = [
  {
    name: 'no Claude Code on the PATH',
    breaks: ({ home }) => home.program('claude', '#!/bin/sh\necho "no such thing" >&2; exit 127\n'),
    finding: 'claude.found',
    says: /no such thing/,
  },
  {
    name: 'a version that sends nothing without a protocol',
    breaks: (patient) => {
      patient.claude('2.1.150')
      patient.set({ OTEL_EXPORTER_OTLP_PROTOCOL: undefined })
    },
    finding: 'claude.version',
    says: /2\.1\.150 sends nothing/,
  },
  {
    name: 'a version that ends without a protocol',
    breaks: (patient) => {
      patient.claude('1.0.128')
      patient.set({ OTEL_EXPORTER_OTLP_PROTOCOL: undefined })
    },
    finding: 'claude.version',
    says: /1\.0\.128 exits with an error/,
  },
  {
    name: 'a version whose events name no prompt',
    breaks: (patient) => patient.claude('2.1.79'),
    finding: 'claude.version',
    says: /does not say which prompt/,
    isWarning: true,
  },
  {
    name: 'settings with a comment, which Claude Code does not read',
    breaks: ({ home, variables }) => {
      home.write(SETTINGS, `// mine\n${home.read(SETTINGS).toString()}`)
      // The shell has it switched on, so that this is the only fault.
      Object.assign(variables, {
        CLAUDE_CODE_ENABLE_TELEMETRY: '1',
        OTEL_LOGS_EXPORTER: 'otlp',
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
        ...endpoint(bridge.port),
      })
    },
    finding: 'settings.user',
    says: /is not JSON \(line 1.*does not read it/,
  },
  {
    name: 'telemetry not switched on',
    breaks: (patient) => patient.set({ CLAUDE_CODE_ENABLE_TELEMETRY: undefined }),
    finding: 'telemetry.enabled',
    says: /is not set to send telemetry/,
  },
  {
    name: 'telemetry switched off',
    breaks: (patient) => patient.set({ CLAUDE_CODE_ENABLE_TELEMETRY: '0' }),
    finding: 'telemetry.enabled',
    says: /"0" in .*settings\.json/,
  },
  {
    name: 'events sent to the console',
    breaks: (patient) => patient.set({ OTEL_LOGS_EXPORTER: 'console' }),
    finding: 'telemetry.logs',
    says: /OTEL_LOGS_EXPORTER is "console"/,
  },
  {
    name: 'metrics not sent',
    breaks: (patient) => patient.set({ OTEL_METRICS_EXPORTER: undefined }),
    finding: 'telemetry.metrics',
    says: /OTEL_METRICS_EXPORTER is not set/,
    isWarning: true,
  },
  {
    name: 'a protocol that there is not',
    breaks: (patient) => patient.set({ OTEL_EXPORTER_OTLP_PROTOCOL: 'http' }),
    finding: 'telemetry.protocol',
    says: /"http".*is not a protocol: nothing is sent/,
  },
  {
    name: 'an endpoint without a scheme',
    breaks: (patient) => patient.set({ OTEL_EXPORTER_OTLP_ENDPOINT: `127.0.0.1:${bridge.port}` }),
    finding: 'telemetry.endpoint',
    says: /is not a URL/,
  },
  {
    name: 'another endpoint for logs alone, in the shell',
    breaks: ({ variables }) => {
      variables.OTEL_EXPORTER_OTLP_LOGS_ENDPOINT = 'http://127.0.0.1:9/v1/logs'
    },
    finding: 'telemetry.logs-endpoint',
    says: /OTEL_EXPORTER_OTLP_LOGS_ENDPOINT is .* in the shell/,
  },
  {
    name: 'headers as HTTP writes them',
    breaks: (patient) => patient.set({ OTEL_EXPORTER_OTLP_HEADERS: 'Authorization: Bearer k' }),
    finding: 'telemetry.headers',
    says: /not written as Name=value/,
  },
  {
    name: 'the shell says otherwise than the settings',
    breaks: ({ variables }) => {
      variables.OTEL_EXPORTER_OTLP_ENDPOINT = 'http://collector:4318'
    },
    finding: 'telemetry.overridden',
    says: /overrides the shell/,
    isWarning: true,
  },
  {
    name: 'records without a session',
    breaks: (patient) => patient.set({ OTEL_METRICS_INCLUDE_SESSION_ID: 'false' }),
    finding: 'telemetry.session-id',
    says: /name no session/,
    isWarning: true,
  },
  {
    name: 'telemetry set in a project',
    breaks: ({ home }) =>
      void home.write('.claude/settings.local.json', '{"env": {"OTEL_LOGS_EXPORTER": "otlp"}}'),
    finding: 'settings.project',
    says: /ignores in a project/,
    isWarning: true,
  },
  {
    name: 'a key that every user of the machine can read',
    breaks: (patient) => {
      patient.set({ OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Bearer k' })
      patient.home.write(SETTINGS, patient.home.read(SETTINGS), 0o644)
    },
    finding: 'settings.mode',
    says: /others on this machine can read it/,
    isWarning: true,
  },
  {
    name: 'hooks that a setting switches off',
    breaks: ({ home, variables }) => {
      expect(home.run(['install', '--hooks'], variables).code).toBe(0)
      const settings = JSON.parse(home.read(SETTINGS).toString()) as object
      home.write(SETTINGS, JSON.stringify({ ...settings, disableAllHooks: true }))
    },
    finding: 'settings.hooks',
    says: /disableAllHooks/,
    isWarning: true,
  },
  {
    name: 'no bridge',
    breaks: async (patient) => {
      const port = await freePort()
      patient.variables.OTLP_RECEIVER_PORT = String(port)
      patient.set(endpoint(port))
    },
    finding: 'bridge.running',
    says: /nothing answers at .*ECONNREFUSED/,
  },
  {
    name: 'Claude Code sends elsewhere than the bridge listens',
    breaks: async (patient) => patient.set(endpoint(await freePort())),
    finding: 'bridge.running',
    says: /The bridge runs at http:\/\/127\.0\.0\.1:\d+: claude-telemetry install/,
  },
  {
    name: "another program on the bridge's port",
    breaks: (patient) => instead(patient, { hello: 'world' }),
    finding: 'bridge.running',
    says: /another program answers/,
  },
  {
    name: 'HTTP sent to the port of gRPC',
    breaks: (patient) => patient.set(endpoint(bridge.grpcPort)),
    finding: 'bridge.port',
    says: /HTTP is sent to port \d+, which is the bridge's gRPC port/,
  },
  {
    name: 'gRPC sent to the port of HTTP',
    breaks: (patient) => patient.set({ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }),
    finding: 'bridge.port',
    says: /gRPC is sent to port \d+, which is the bridge's HTTP port/,
  },
  {
    name: 'gRPC to a bridge that has it switched off',
    breaks: async (patient) => {
      patient.variables.OTLP_GRPC_PORT = 'off'
      patient.set({ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', ...endpoint(await freePort()) })
    },
    finding: 'bridge.grpc',
    says: /nothing accepts gRPC.*OTLP_GRPC_PORT=off/s,
  },
  {
    name: 'a key that is not sent',
    breaks: (patient) => patient.set({ OTEL_EXPORTER_OTLP_HEADERS: undefined }),
    finding: 'bridge.key',
    says: /requires a key, and none is sent/,
    locked: true,
  },
  {
    name: 'a wrong key',
    breaks: (patient) => patient.set({ OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Bearer wrong' }),
    finding: 'bridge.key',
    says: /does not accept the key/,
    locked: true,
  },
  {
    name: 'a bridge that cannot store',
    breaks: (patient) => instead(patient, health({ status: 'unavailable' })),
    finding: 'bridge.store',
    says: /cannot store records/,
  },
  {
    name: 'a bridge of another version',
    breaks: (patient) => instead(patient, health({ version: '0.0.1' })),
    finding: 'bridge.version',
    says: /the bridge is version 0\.0\.1/,
    isWarning: true,
  },
  {
    name: 'a bridge whose clock is off',
    breaks: (patient) => {
      const date = new Date(Date.now() - 3_600_000).toUTCString()
      return instead(patient, health({}), { headers: { date } })
    },
    finding: 'clock.bridge',
    says: /3[56]\d\d s behind/,
    isWarning: true,
  },
  {
    name: 'items that were put aside',
    breaks: (patient) => instead(patient, health({}, { dead: 3 })),
    finding: 'outbox.dead',
    says: /3 items are dead/,
    isWarning: true,
  },
  {
    name: 'items that wait for long',
    breaks: (patient) => instead(patient, health({}, { pending: 7, oldestPendingMs: 3_600_000 })),
    finding: 'outbox.pending',
    says: /7 items wait for Langfuse, the oldest for 60 minutes/,
    isWarning: true,
  },
  {
    name: 'a data folder that is a file',
    breaks: ({ home, variables }) => {
      variables.DATA_DIR = `${home.write('a-file', '')}/data`
    },
    finding: 'data.folder',
    says: /is not a writable folder/,
  },
  {
    name: 'a wrong setting of the bridge',
    breaks: ({ variables }) => {
      variables.SESSION_TIMEOUT = 'soon'
    },
    finding: 'config',
    says: /SESSION_TIMEOUT is "soon"/,
  },
  {
    name: 'no keys of Langfuse',
    breaks: () => {},
    finding: 'langfuse.configured',
    says: /everything is stored here only/,
    isWarning: true,
    locked: true,
  },
  {
    name: 'a Langfuse that is not there',
    breaks: async ({ variables }) => {
      variables.LANGFUSE_HOST = `http://127.0.0.1:${await freePort()}`
    },
    finding: 'langfuse.reachable',
    says: /ECONNREFUSED/,
  },
  {
    name: 'wrong keys of Langfuse',
    breaks: ({ variables }) => {
      variables.LANGFUSE_SECRET_KEY = 'sk-lf-wrong'
    },
    finding: 'langfuse.keys',
    says: /rejects the keys \(HTTP 401/,
  },
  {
    name: 'a file of budgets that is not there',
    breaks: ({ home, variables }) => {
      variables.BUDGETS_FILE = home.path('budgets.json')
    },
    finding: 'budgets.file',
    says: /BUDGETS_FILE .*budgets\.json cannot be read: ENOENT/,
  },
  {
    name: 'a file of budgets with a window that there is none of',
    breaks: ({ home, variables }) => {
      const budgets = [{ name: 'a', window: 'year', limitUsd: 1 }]
      home.write('budgets.json', JSON.stringify({ budgets }))
      variables.BUDGETS_FILE = home.path('budgets.json')
    },
    finding: 'budgets.file',
    says: /line 1: budgets\[0\]\.window: expected .*\n.*does not start with it/,
  },
  {
    name: 'a budget for a name that nobody has',
    breaks: ({ home, variables }) => {
      const budgets = [
        { name: 'all', window: 'month', limitUsd: 1 },
        { name: 'typo', for: 'user:adda@example.com', window: 'month', limitUsd: 1 },
      ]
      home.write('budgets.json', JSON.stringify({ budgets }))
      variables.BUDGETS_FILE = home.path('budgets.json')
    },
    finding: 'budgets.names',
    says: /no session is stored .*: typo \(user:adda@example\.com\)\n/,
    isWarning: true,
  },
  {
    name: 'a webhook that is not there',
    breaks: async ({ variables }) => {
      variables.BUDGET_WEBHOOK_URL = `http://127.0.0.1:${await freePort()}/hooks/sEcReT`
    },
    finding: 'alerts.webhook',
    says: /^budget webhook: 127\.0\.0\.1:\d+: .*ECONNREFUSED.*\nCheck BUDGET_WEBHOOK_URL/,
  },
  {
    name: 'a mail server that is not there',
    breaks: async ({ variables }) => {
      variables.SMTP_URL = `smtp://127.0.0.1:${await freePort()}`
      variables.SMTP_FROM = 'bridge@example.com'
      variables.ALERT_MAIL_TO = 'ada@example.com'
    },
    finding: 'alerts.mail',
    says: /^mail server of alerts: 127\.0\.0\.1:\d+: .*ECONNREFUSED/,
  },
  {
    name: 'a template of alerts with a field that there is none of',
    breaks: ({ home, variables }) => {
      home.write('alert.json', '{"title": "{{txt}}"}')
      variables.ALERT_JSON_URL = 'http://127.0.0.1:9/'
      variables.ALERT_JSON_TEMPLATE = home.path('alert.json')
    },
    finding: 'alerts.settings',
    says: /\{\{txt\}\} is no field/,
  },
  {
    name: 'a Langfuse that is too old',
    breaks: async ({ variables }) => {
      const old = await createLangfuseStandIn({ version: '3.21.9' })
      variables.LANGFUSE_HOST = old.url
      cleanUp.push(() => old.close())
    },
    finding: 'langfuse.version',
    says: /Langfuse 3\.21\.9 has no OTLP endpoint/,
  },
  {
    name: 'a bridge that was started without the keys of Langfuse',
    breaks: ({ variables }) => {
      Object.assign(variables, {
        LANGFUSE_HOST: langfuse.url,
        LANGFUSE_PUBLIC_KEY: bridge.variables.LANGFUSE_PUBLIC_KEY,
        LANGFUSE_SECRET_KEY: bridge.variables.LANGFUSE_SECRET_KEY,
      })
    },
    finding: 'langfuse.bridge',
    says: /the bridge reports it as unconfigured/,
    locked: true,
  },
  {
    name: 'another data folder than that of the bridge',
    breaks: ({ home, variables }) => {
      Object.assign(variables, unusedStoreSettings(home.path('elsewhere')))
    },
    finding: 'record.stored',
    says: isOnPostgres
      ? /was accepted, but .*holds no data of claude-telemetry yet/
      : /was accepted, but there is no database/,
    sends: true,
  },
  {
    name: 'a Langfuse that loses what it takes',
    breaks: () => {
      langfuse.always((request) =>
        request.kind === 'spans' ? { kind: 'status', status: 200, body: '{}' } : undefined,
      )
      cleanUp.push(() => langfuse.always(undefined))
    },
    finding: 'record.shown',
    says: /is not in Langfuse after 1 s/,
    sends: true,
  },
]

describe('names what is broken, and what to do about it', () => {
  test.each(setUps)('$name', async ({ breaks, finding, says, ...rest }) => {
    const patient = createPatient(rest.locked === true ? locked : bridge)
    try {
      await breaks(patient)
      const options = rest.sends === true ? ['--wait', '1'] : ['--no-record']
      const { code, findings } = await patient.diagnose(...options)
      const named = findings.find(({ id, status }) => id === finding && status !== 'ok')
      expect(`${named?.what}\n${named?.todo}`).toMatch(says)
      expect(named?.todo).toBeTruthy()
      expect(named?.status).toBe(rest.isWarning === true ? 'warn' : 'fail')
      // Nothing else is called broken.
      const faults = findings.filter(({ status }) => status === 'fail').map(({ id }) => id)
      expect([code, faults]).toEqual(rest.isWarning === true ? [0, []] : [1, [finding]])
    } finally {
      for (const clean of cleanUp.splice(0)) await clean()
    }
  })
})

test('says why no test record is sent where Claude Code sends nothing', async () => {
  const patient = createPatient(bridge)
  patient.set({ CLAUDE_CODE_ENABLE_TELEMETRY: undefined, OTEL_LOGS_EXPORTER: undefined })
  const { findings } = await patient.diagnose('--wait', '1')
  expect(findings.find(({ id }) => id === 'record')).toMatchObject({
    status: 'skip',
    what: 'no test record: Claude Code is not set up to send its logs to the bridge',
  })
})

test('finds nothing where nothing is broken; the record travels to Langfuse and costs nothing', async () => {
  const patient = createPatient(bridge)
  const { code, findings } = await patient.diagnose('--wait', '90')
  expect([code, findings.filter(({ status }) => status !== 'ok')]).toEqual([0, []])
  expect(findings.map(({ id }) => id)).toEqual(
    expect.arrayContaining(['record.accepted', 'record.stored', 'record.shown']),
  )
  const shown = langfuse
    .spans()
    .filter((span) => textOf(span.attributes['session.id']).startsWith(DOCTOR_SESSION_PREFIX))
  expect(shown.map(({ name, cost, usage }) => ({ name, cost, usage }))).toContainEqual({
    name: 'skill claude-telemetry doctor',
    cost: {},
    usage: {},
  })
  expect(sessionsIn(folders[0] ?? '')).toEqual([])
})

test('of a server asks the bridge as its own settings say, and nothing of an agent', async () => {
  const patient = createPatient(bridge)
  patient.set({
    CLAUDE_CODE_ENABLE_TELEMETRY: undefined,
    OTEL_LOGS_EXPORTER: undefined,
    OTEL_EXPORTER_OTLP_ENDPOINT: undefined,
  })
  patient.claude('none')
  const alone = await patient.diagnose('--no-record')
  expect(alone.findings.filter(({ status }) => status === 'fail').map(({ id }) => id)).toContain(
    'claude.found',
  )
  const { code, findings } = await patient.diagnose('--server', '--wait', '90')
  expect([code, findings.filter(({ status }) => status === 'fail')]).toEqual([0, []])
  const ids = findings.map(({ id }) => id)
  expect(ids).toEqual(expect.arrayContaining(['record.accepted', 'record.stored', 'record.shown']))
  expect(ids.filter((id) => /^(claude|settings|telemetry|agents?)\./.test(id))).toEqual([])
})

/** What a store has left of the doctor's sessions. */
function sessionsIn(dataDir: string): unknown[] {
  const pattern = `${DOCTOR_SESSION_PREFIX}%`
  return rowsIn(dataDir, `select session_id from sessions where session_id like '${pattern}'`)
}

test('finds the record under the key of a team, whose session it is then', async () => {
  const base = `http://127.0.0.1:${locked.port}`
  const answer = await fetch(`${base}/api/keys`, {
    method: 'POST',
    headers: { authorization: 'Bearer right', 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'red', scopes: ['ingest', 'admin'], team: 'red' }),
  })
  const { secret } = (await answer.json()) as { readonly secret: string }
  const patient = createPatient(locked)
  patient.set({ OTEL_EXPORTER_OTLP_HEADERS: `Authorization=Bearer ${secret}` })
  const { findings } = await patient.diagnose('--wait', '1')
  const found = findings.filter(({ id }) => id.startsWith('record.'))
  expect(found).toMatchObject(
    expect.arrayContaining(
      [
        { id: 'record.accepted', status: 'ok' },
        { id: 'record.stored', status: 'ok' },
      ].map((finding) => expect.objectContaining(finding) as unknown),
    ),
  )
  expect(sessionsIn(folders[1] ?? '')).toEqual([])
})

test('is read by people as well', async () => {
  const patient = createPatient(locked)
  patient.set({ OTEL_EXPORTER_OTLP_PROTOCOL: 'http' })
  const { code, stdout } = await patient.home.start(['doctor', '--no-record'], patient.variables)
  expect(code).toBe(1)
  expect(stdout).toMatch(/^ok {4}claude\.version +Claude Code 2\.1\.329$/m)
  expect(stdout).toMatch(/^FAIL {2}telemetry\.protocol .*\n {6}→ Set it to one of http\/json, /m)
  expect(stdout).toMatch(/\n1 error, 1 warning\.\n$/)
})
