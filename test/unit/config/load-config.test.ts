import { describe, expect, it } from 'vitest'
import { describeProblem } from '../../../src/config/config-problem.ts'
import { loadConfig } from '../../../src/config/load-config.ts'

type Variables = Readonly<Record<string, string | undefined>>

const linux = { os: 'linux', homeDir: '/home/ada', workingDir: '/srv' }

function configOf(variables: Variables) {
  const loaded = loadConfig(variables, linux)
  if (!loaded.ok) throw new Error(loaded.error.map(describeProblem).join('\n'))
  return loaded.value
}

function problemsOf(variables: Variables): string[] {
  const loaded = loadConfig(variables, linux)
  return loaded.ok ? [] : loaded.error.map(describeProblem)
}

describe('the configuration', () => {
  it.each(['99999', '0', 'abc', '-1'])('refuses a database on port %s', (port) => {
    expect(problemsOf({ DATABASE_URL: `postgres://me@host/db?port=${port}` })).toEqual([
      expect.stringMatching(/^DATABASE_URL/),
    ])
  })

  it('is complete without a single variable', () => {
    expect(configOf({})).toEqual({
      tracing: {},
      receiver: {
        host: '127.0.0.1',
        port: 4318,
        maxRequestBytes: 67_108_864,
        grpcPort: 4317,
        maxInFlightBytes: 134_217_728,
      },
      session: {
        idleTimeoutMs: 3_600_000,
        maxAgeMs: 86_400_000,
        quietTimeoutMs: 20_000,
        joinTimeoutMs: 7_000,
        maxSessions: 1_000,
        maxContentLength: 100_000,
        tagLabels: [
          'team',
          'project',
          'repository',
          'branch',
          'folder',
          'vcs.repository.name',
          'vcs.ref.head.name',
        ],
        sessionEndGraceMs: 5000,
        hookContent: 'auto',
      },
      ticketPattern: '[A-Z][A-Z0-9]+-[0-9]+',
      drainDelayMs: 0,
      shutdownTimeoutMs: 10_000,
      readWorkspace: true,
      privacy: { mask: 'on', maskedAttributes: [], dropped: [] },
      bodyFolders: [],
      dataDir: '/home/ada/.local/share/claude-telemetry',
      retentionMs: 180 * 86_400_000,
      maxStoreBytes: 5 * 1024 ** 3,
      outbox: { maxAgeMs: 30 * 86_400_000, maxBytes: 2 * 1024 ** 3 },
      budgets: { action: 'tell', limits: {}, spikes: true },
      alerts: { isOnDesktop: false },
      pageAccess: 'token',
      logLevel: 'info',
    })
  })

  it('takes every variable', () => {
    expect(
      configOf({
        LANGFUSE_PUBLIC_KEY: 'pk-lf-1',
        LANGFUSE_SECRET_KEY: 'sk-lf-1',
        LANGFUSE_HOST: 'http://localhost:3000/base/',
        LANGFUSE_TIMEOUT: '2000',
        LANGFUSE_ENVIRONMENT: 'ci',
        LANGFUSE_RELEASE: 'v1.2',
        OTLP_RECEIVER_HOST: '0.0.0.0',
        OTLP_RECEIVER_PORT: '0',
        API_KEY: 'open-sesame-open',
        PAGE_ACCESS: 'Open',
        MASK: 'strict',
        MASK_PATTERNS_FILE: '~/patterns',
        MASK_ATTRIBUTES: 'a.b, c',
        CONTENT_PROMPTS: 'drop',
        CONTENT_RESPONSES: 'drop',
        CONTENT_TOOL_INPUT: 'drop',
        CONTENT_TOOL_OUTPUT: 'drop',
        CONTENT_BODIES: 'drop',
        MAX_REQUEST_SIZE: '4096',
        MAX_IN_FLIGHT_SIZE: '10000',
        OTLP_GRPC_PORT: '5317',
        SESSION_TIMEOUT: '1',
        SESSION_MAX_AGE: '2',
        TURN_QUIET_TIMEOUT: '3',
        JOIN_TIMEOUT: '0',
        MAX_SESSIONS: '5',
        MAX_CONTENT_LENGTH: '6',
        TAG_ATTRIBUTES: ' a, b.c,, a ',
        TICKET_PATTERN: '#([0-9]+)',
        SESSION_END_GRACE: '8',
        HOOK_CONTENT: 'on',
        READ_WORKSPACE: 'off',
        BODY_FOLDERS: '/bodies, ~/more/ ,/bodies',
        METRICS_PORT: '9464',
        TLS_CERT_FILE: '/tls/cert.pem',
        TLS_KEY_FILE: '~/key.pem',
        TLS_CLIENT_CA_FILE: '/tls/clients.pem',
        DRAIN_DELAY: '5000',
        SHUTDOWN_TIMEOUT: '0',
        RETENTION_DAYS: '0',
        OUTBOX_MAX_AGE_DAYS: '7',
        MAX_STORE_SIZE: '8',
        OUTBOX_MAX_SIZE: '9',
        BUDGET_SESSION_USD: '5',
        BUDGET_DAILY_USD: '100.50',
        BUDGET_DAILY_USER_USD: '0.25',
        BUDGET_DAILY_TEAM_USD: '50',
        BUDGETS_FILE: '/etc/budgets.json',
        BUDGET_SPIKES: 'off',
        ALERT_SLACK_URL: 'https://hooks.slack.com/services/T0',
        ALERT_MAIL_TO: 'ada@example.com, b@example.com',
        ALERT_DESKTOP: 'on',
        ALERT_JSON_URL: 'https://events.example/v2',
        ALERT_JSON_TEMPLATE: '/etc/template.json',
        ALERT_JSON_HEADERS: 'Authorization=Token%20x',
        SMTP_URL: 'smtps://a:b@mail.example.com',
        SMTP_FROM: 'bridge@example.com',
        BUDGET_ACTION: 'Stop-Now',
        BUDGET_CONTACT: 'the platform team',
        BUDGET_TIME_ZONE: 'Europe/Vienna',
        BUDGET_WEBHOOK_URL: 'https://hooks.example/services/T0/B0/key?a=b',
        DATA_DIR: '/data',
        LOG_LEVEL: 'DEBUG',
      }),
    ).toEqual({
      langfuse: {
        publicKey: 'pk-lf-1',
        secretKey: 'sk-lf-1',
        baseUrl: 'http://localhost:3000/base',
        timeoutMs: 2000,
      },
      tracing: { environment: 'ci', release: 'v1.2' },
      receiver: {
        host: '0.0.0.0',
        port: 0,
        maxRequestBytes: 4096,
        apiKey: 'open-sesame-open',
        grpcPort: 5317,
        metricsPort: 9464,
        tls: {
          certFile: '/tls/cert.pem',
          keyFile: '/home/ada/key.pem',
          clientCaFile: '/tls/clients.pem',
        },
        maxInFlightBytes: 10_000,
      },
      session: {
        idleTimeoutMs: 1,
        maxAgeMs: 2,
        quietTimeoutMs: 3,
        joinTimeoutMs: 0,
        maxSessions: 5,
        maxContentLength: 6,
        tagLabels: ['a', 'b.c'],
        sessionEndGraceMs: 8,
        hookContent: 'on',
      },
      ticketPattern: '#([0-9]+)',
      drainDelayMs: 5000,
      shutdownTimeoutMs: 0,
      readWorkspace: false,
      privacy: {
        mask: 'strict',
        patternsFile: '/home/ada/patterns',
        maskedAttributes: ['a.b', 'c'],
        dropped: ['prompts', 'responses', 'toolInput', 'toolOutput', 'bodies'],
      },
      bodyFolders: ['/bodies', '/home/ada/more'],
      dataDir: '/data',
      retentionMs: 0,
      maxStoreBytes: 8,
      outbox: { maxAgeMs: 604_800_000, maxBytes: 9 },
      budgets: {
        limits: { session: 5, day: 100.5, user: 0.25, team: 50 },
        file: '/etc/budgets.json',
        action: 'stop-now',
        spikes: false,
        contact: 'the platform team',
        timeZone: 'Europe/Vienna',
        webhookUrl: 'https://hooks.example/services/T0/B0/key?a=b',
      },
      alerts: {
        slackUrl: 'https://hooks.slack.com/services/T0',
        mailTo: ['ada@example.com', 'b@example.com'],
        isOnDesktop: true,
        json: {
          url: 'https://events.example/v2',
          headers: { authorization: 'Token x' },
          templateFile: '/etc/template.json',
        },
      },
      smtp: { url: 'smtps://a:b@mail.example.com', from: 'bridge@example.com' },
      pageAccess: 'open',
      logLevel: 'debug',
    })
  })

  it.each(['off', 'OFF'])('has no gRPC with %s', (value) => {
    expect(configOf({ OTLP_GRPC_PORT: value }).receiver).not.toHaveProperty('grpcPort')
  })

  it('has room for the largest request twice unless told otherwise', () => {
    const { receiver } = configOf({ MAX_REQUEST_SIZE: '100000' })
    expect(receiver.maxInFlightBytes).toBe(200_000)
  })

  it('takes two ports of 0, which are never the same', () => {
    const { receiver } = configOf({ OTLP_RECEIVER_PORT: '0', OTLP_GRPC_PORT: '0' })
    expect([receiver.port, receiver.grpcPort]).toEqual([0, 0])
  })

  it('takes empty text as not set, and leaves other variables alone', () => {
    const variables = { API_KEY: '', OTLP_RECEIVER_PORT: '  ', PATH: '/bin', __proto__: 'x' }
    expect(configOf(variables)).toEqual(configOf({}))
  })

  it('drops the blanks around values', () => {
    expect(configOf({ OTLP_RECEIVER_PORT: ' 9000 ' }).receiver.port).toBe(9000)
  })

  it('delivers to the cloud unless told otherwise', () => {
    const keys = { LANGFUSE_PUBLIC_KEY: 'pk', LANGFUSE_SECRET_KEY: 'sk' }
    expect(configOf(keys).langfuse?.baseUrl).toBe('https://cloud.langfuse.com')
  })

  it.each([
    ['LANGFUSE_BASE_URL alone', { LANGFUSE_BASE_URL: 'http://lf:3000' }, 'http://lf:3000'],
    [
      'both names with one address',
      { LANGFUSE_HOST: 'http://lf:3000/', LANGFUSE_BASE_URL: 'http://lf:3000' },
      'http://lf:3000',
    ],
  ])('takes %s', (_name, variables, baseUrl) => {
    const keys = { LANGFUSE_PUBLIC_KEY: 'pk', LANGFUSE_SECRET_KEY: 'sk' }
    expect(configOf({ ...keys, ...variables }).langfuse?.baseUrl).toBe(baseUrl)
  })

  it('takes the other name of the environment', () => {
    expect(configOf({ LANGFUSE_TRACING_ENVIRONMENT: 'staging' }).tracing).toEqual({
      environment: 'staging',
    })
  })

  it.each(['localhost', '127.0.0.1', '127.8.8.8', '::1', '[::1]', 'LOCALHOST'])(
    'listens on %s without a key',
    (host) => {
      expect(configOf({ OTLP_RECEIVER_HOST: host }).receiver.host).toBe(host)
    },
  )
})

describe('a wrong value is named with its variable and what is expected', () => {
  it.each([
    [
      { OTLP_RECEIVER_PORT: 'http' },
      'OTLP_RECEIVER_PORT is "http", expected a whole number from 0 to 65535',
    ],
    [{ OTLP_RECEIVER_PORT: '65536' }, 'OTLP_RECEIVER_PORT is "65536", expected a whole number'],
    [{ OTLP_RECEIVER_PORT: '-1' }, 'OTLP_RECEIVER_PORT is "-1", expected a whole number'],
    [{ OTLP_RECEIVER_PORT: '1.5' }, 'OTLP_RECEIVER_PORT is "1.5", expected a whole number'],
    [
      { OTLP_GRPC_PORT: 'no' },
      'OTLP_GRPC_PORT is "no", expected a whole number from 0 to 65535, or off',
    ],
    [{ OTLP_RECEIVER_HOST: 'http://x' }, 'OTLP_RECEIVER_HOST is "http://x", expected a host name'],
    [{ OTLP_RECEIVER_HOST: '127.0.0.1:4318' }, 'OTLP_RECEIVER_HOST is "127.0.0.1:4318", expected'],
    [{ SESSION_TIMEOUT: '1h' }, 'SESSION_TIMEOUT is "1h", expected a whole number from 1 to'],
    [{ SESSION_TIMEOUT: '0' }, 'SESSION_TIMEOUT is "0", expected a whole number from 1 to'],
    [{ MAX_REQUEST_SIZE: '64MB' }, 'MAX_REQUEST_SIZE is "64MB", expected a whole number'],
    [
      { MAX_REQUEST_SIZE: '99999999999999999999' },
      'expected a whole number from 1024 to 268435456',
    ],
    [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL is "loud", expected one of fatal, error, warn, info, debug'],
    [{ LANGFUSE_HOST: 'langfuse' }, 'LANGFUSE_HOST is "langfuse", expected an http or https URL'],
    [{ LANGFUSE_HOST: 'ftp://x' }, 'LANGFUSE_HOST is "ftp://x", expected an http or https URL'],
    [{ LANGFUSE_HOST: 'http://a:b@x' }, 'expected an http or https URL without user'],
    [
      { LANGFUSE_ENVIRONMENT: 'Prod' },
      'LANGFUSE_ENVIRONMENT is "Prod", expected at most 40 of a-z',
    ],
    [{ LANGFUSE_ENVIRONMENT: 'langfuse-x' }, 'not beginning with "langfuse"'],
    [{ LANGFUSE_RELEASE: 'x'.repeat(201) }, 'expected at most 200 characters'],
    [{ LANGFUSE_PUBLIC_KEY: 'sk-lf-1' }, 'LANGFUSE_PUBLIC_KEY is "sk-lf-1", expected a public key'],
    [{ BUDGET_DAILY_USD: '0' }, 'BUDGET_DAILY_USD is "0", expected a number above 0'],
    [
      { BUDGET_DAILY_USD: '0.0000000004' },
      'BUDGET_DAILY_USD is "0.0000000004", expected a number above 0, from 0.000000001 to',
    ],
    [{ BUDGET_DAILY_USD: '-1' }, 'BUDGET_DAILY_USD is "-1", expected a number above 0'],
    [{ BUDGET_DAILY_USD: '1,5' }, 'BUDGET_DAILY_USD is "1,5", expected a number above 0'],
    [{ BUDGET_SESSION_USD: '$5' }, 'BUDGET_SESSION_USD is "$5", expected a number above 0'],
    [
      { BODY_FOLDERS: '/a,b' },
      'BODY_FOLDERS is "/a,b", expected comma-separated absolute paths of folders',
    ],
    [{ TICKET_PATTERN: '(' }, 'TICKET_PATTERN is "(", expected a regular expression of at most'],
    [{ BUDGET_TIME_ZONE: 'Vienna' }, 'BUDGET_TIME_ZONE is "Vienna", expected a time zone such as'],
  ])('%j', (variables, message) => {
    const problems = problemsOf(variables)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(message)
  })

  it('names all of them at once', () => {
    const problems = problemsOf({ LOG_LEVEL: 'loud', MAX_SESSIONS: 'many', DATA_DIR: '/data' })
    expect(problems.map((problem) => problem.split(' ')[0])).toEqual(['MAX_SESSIONS', 'LOG_LEVEL'])
  })

  it.each([
    [{ API_KEY: 'two words' }, 'two words'],
    [{ LANGFUSE_SECRET_KEY: 'pk-lf-private' }, 'private'],
    [{ BUDGET_WEBHOOK_URL: 'ftp://hooks.example/private' }, 'private'],
  ])('hides secrets: %j', (variables, hidden) => {
    const [problem] = problemsOf(variables)
    expect(problem).toContain('is (hidden), expected')
    expect(problem).not.toContain(hidden)
    expect(JSON.stringify(loadConfig(variables, linux))).not.toContain(hidden)
  })
})

describe('variables that do not go together', () => {
  it.each([
    [
      { LANGFUSE_PUBLIC_KEY: 'pk' },
      'LANGFUSE_SECRET_KEY is not set, expected the key that belongs to LANGFUSE_PUBLIC_KEY; set both or neither',
    ],
    [
      { LANGFUSE_SECRET_KEY: 'sk' },
      'LANGFUSE_PUBLIC_KEY is not set, expected the key that belongs to LANGFUSE_SECRET_KEY; set both or neither',
    ],
    [
      { LANGFUSE_HOST: 'http://a', LANGFUSE_BASE_URL: 'http://b' },
      'LANGFUSE_BASE_URL is "http://b", expected the value of LANGFUSE_HOST, "http://a", or only one of the two',
    ],
    [
      { LANGFUSE_ENVIRONMENT: 'a', LANGFUSE_TRACING_ENVIRONMENT: 'b' },
      'LANGFUSE_TRACING_ENVIRONMENT is "b", expected the value of LANGFUSE_ENVIRONMENT, "a", or only one of the two',
    ],
    [
      { OTLP_GRPC_PORT: '4318' },
      'OTLP_GRPC_PORT is "4318", expected another port than OTLP_RECEIVER_PORT, or off',
    ],
    [{ METRICS_PORT: '4317' }, 'METRICS_PORT is "4317", expected another port than OTLP_GRPC_PORT'],
    [
      { TLS_CERT_FILE: '/c.pem' },
      'TLS_KEY_FILE is not set, expected the path of a PEM file, the key of that certificate',
    ],
    [
      { TLS_KEY_FILE: '/k.pem' },
      'TLS_CERT_FILE is not set, expected the path of a PEM file, the certificate of that key',
    ],
    [
      { TLS_CLIENT_CA_FILE: '/ca.pem' },
      'TLS_CERT_FILE is not set, expected the path of a PEM file: mTLS needs TLS',
    ],
    [
      { EXPORT_OTLP_ENDPOINT: 'http://localhost:4318/' },
      'EXPORT_OTLP_ENDPOINT is "http://localhost:4318", expected the address of another receiver: this is the bridge itself',
    ],
    [
      { EXPORT_OTLP_ENDPOINT: 'http://[::1]:9', OTLP_RECEIVER_PORT: '9' },
      'EXPORT_OTLP_ENDPOINT is "http://[::1]:9", expected the address of another receiver: this is the bridge itself',
    ],
    [
      { MAX_REQUEST_SIZE: '10000', MAX_IN_FLIGHT_SIZE: '19999' },
      'MAX_IN_FLIGHT_SIZE is "19999", expected at least 20000, twice MAX_REQUEST_SIZE',
    ],
    [
      { OTLP_RECEIVER_HOST: '0.0.0.0' },
      'OTLP_RECEIVER_HOST is "0.0.0.0", expected a loopback address such as 127.0.0.1, or API_KEY to be set as well',
    ],
    [
      { OTLP_RECEIVER_HOST: '::' },
      'OTLP_RECEIVER_HOST is "::", expected a loopback address such as 127.0.0.1, or API_KEY to be set as well',
    ],
    [
      { OTLP_RECEIVER_HOST: 'localhost.example.com' },
      'OTLP_RECEIVER_HOST is "localhost.example.com", expected a loopback address such as 127.0.0.1, or API_KEY to be set as well',
    ],
    [
      { OTLP_RECEIVER_HOST: '0.0.0.0', API_KEY: 'fifteen-letters' },
      'API_KEY is (hidden), expected at least 16 characters where other machines can try it (openssl rand -hex 32 makes a good one)',
    ],
    [{ PAGE_ACCESS: 'closed' }, 'PAGE_ACCESS is "closed", expected one of token, open'],
  ])('%j', (variables, message) => {
    expect(problemsOf(variables)).toEqual([message])
  })
})

describe('the OTLP exporter', () => {
  it('is off without an endpoint', () => {
    expect(configOf({ EXPORT_OTLP_HEADERS: 'a=b' }).exportOtlp).toBeUndefined()
  })

  it('has its headers as OTEL_EXPORTER_OTLP_HEADERS has them', () => {
    const { exportOtlp } = configOf({
      EXPORT_OTLP_ENDPOINT: 'https://collector.example/otlp/',
      EXPORT_OTLP_HEADERS: 'Authorization=Bearer%20a%3Db, x-tenant = red=1',
      EXPORT_OTLP_PROTOCOL: 'HTTP/JSON',
    })
    expect(exportOtlp).toEqual({
      endpoint: 'https://collector.example/otlp',
      headers: { authorization: 'Bearer a=b', 'x-tenant': 'red=1' },
      protocol: 'http/json',
      timeoutMs: 15_000,
    })
  })

  it.each(['novalue', '=x', 'a b=x', 'a=%zz', 'a=%0Ab', 'ä=x'])('%j are no headers', (text) => {
    const problems = problemsOf({
      EXPORT_OTLP_ENDPOINT: 'http://collector.example',
      EXPORT_OTLP_HEADERS: text,
    })
    expect(problems).toEqual([
      'EXPORT_OTLP_HEADERS is (hidden), expected comma-separated name=value pairs with percent-encoded values',
    ])
  })
})
