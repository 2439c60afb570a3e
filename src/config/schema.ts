/**
 * Every variable the product reads: name, syntax, default and one line about it. The only place
 * to add one; errors and the README's table follow from here.
 */
import { z } from 'zod'
import { DEFAULT_TICKET_PATTERN } from '../domain/ticket.ts'
import {
  budgetLimit,
  databaseAddress,
  folderList,
  headerList,
  mailAddress,
  mailAddresses,
  smtpAddress,
  hookAddress,
  matching,
  nameList,
  oneOf,
  orOff,
  pairList,
  regularExpression,
  timeZone,
  webAddress,
  wholeNumber,
} from './syntax.ts'
import { optionalVariable, variable } from './variable.ts'

export const DEFAULT_LANGFUSE_URL = 'https://cloud.langfuse.com'

const DAY_MS = 86_400_000
const MAX_DURATION_MS = 365 * DAY_MS
const MAX_DAYS = 36_500
/** Well below the longest string of V8, 512 Mi characters. */
const MAX_BODY_BYTES = 256 * 1024 * 1024
const MAX_IN_FLIGHT_BYTES = 16 * 1024 * 1024 * 1024

const duration = (minMs: number) => wholeNumber('ms', minMs, MAX_DURATION_MS)
const folder = matching(/./, 'path', 'the path of a folder')
const pricesFile = matching(/./, 'path', 'the path of a JSON file')
const file = matching(/./, 'path', 'the path of a file')
const host = matching(
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[?[0-9A-Fa-f:.]*:[0-9A-Fa-f:.%]*\]?)$/,
  'host',
  'a host name or an IP address, without scheme and port',
)
const secret = matching(/^[\x21-\x7e]+$/, 'text', 'printable ASCII characters without spaces')
const claim = matching(/^[^\s]{1,200}$/, 'text', 'the name of a claim')
const publicKey = matching(/^(?!sk-lf-)\S+$/, 'text', 'a public key of Langfuse (pk-lf-…)')
const secretKey = matching(/^(?!pk-lf-)\S+$/, 'text', 'a secret key of Langfuse (sk-lf-…)')
const environment = matching(
  /^(?!langfuse)[a-z0-9_-]{1,40}$/,
  'text',
  'at most 40 of a-z, 0-9, - and _, not beginning with "langfuse"',
)
const release = matching(/^.{1,200}$/, 'text', 'at most 200 characters')
const logLevel = oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])

export const environmentSchema = z.object({
  LANGFUSE_PUBLIC_KEY: optionalVariable(
    publicKey,
    'Public key of the Langfuse project. Without keys, everything is stored and delivered later.',
  ),
  LANGFUSE_SECRET_KEY: optionalVariable(secretKey, 'Secret key of the Langfuse project.', {
    isSecret: true,
  }),
  LANGFUSE_HOST: optionalVariable(webAddress, 'Address of Langfuse.', {
    shownDefault: DEFAULT_LANGFUSE_URL,
  }),
  LANGFUSE_BASE_URL: optionalVariable(webAddress, 'Alias of `LANGFUSE_HOST`.'),
  LANGFUSE_TIMEOUT: variable(
    duration(100),
    '15000',
    'Timeout of a request to Langfuse; unanswered requests are sent again.',
  ),
  LANGFUSE_ENVIRONMENT: optionalVariable(
    environment,
    'Environment of sessions that do not set one.',
  ),
  LANGFUSE_TRACING_ENVIRONMENT: optionalVariable(environment, 'Alias of `LANGFUSE_ENVIRONMENT`.'),
  LANGFUSE_RELEASE: optionalVariable(release, 'Release shown on everything in Langfuse.'),
  EXPORT_OTLP_ENDPOINT: optionalVariable(
    webAddress,
    'An OTLP receiver for the same traces as GenAI spans. Over HTTP, `/v1/traces` is appended.',
  ),
  EXPORT_OTLP_HEADERS: optionalVariable(
    headerList,
    'Headers to send to it, as comma-separated `name=value` pairs.',
    { isSecret: true },
  ),
  EXPORT_OTLP_PROTOCOL: variable(
    oneOf(['http/protobuf', 'http/json', 'grpc']),
    'http/protobuf',
    'Protocol: `http/protobuf`, `http/json` or `grpc` (with TLS if the address is `https`).',
  ),
  EXPORT_OTLP_TIMEOUT: variable(duration(100), '15000', 'Timeout of a request to it.'),
  FORWARD_OTLP_ENDPOINT: optionalVariable(
    webAddress,
    'Another collector to forward incoming telemetry to; `/v1/logs` etc. are appended.',
  ),
  FORWARD_OTLP_HEADERS: optionalVariable(
    headerList,
    'Headers to send to it, as comma-separated `name=value` pairs.',
    { isSecret: true },
  ),
  FORWARD_OTLP_TIMEOUT: variable(duration(100), '15000', 'Timeout of a request to it.'),
  FORWARD_UNREDACTED: variable(
    oneOf(['0', '1']),
    '0',
    'Whether to forward records as received (`1`) or as redacted here (`0`).',
  ),
  OTLP_RECEIVER_HOST: variable(
    host,
    '127.0.0.1',
    'Address to listen on. Anything but loopback requires `API_KEY`.',
  ),
  OTLP_RECEIVER_PORT: variable(
    wholeNumber('port', 0, 65_535),
    '4318',
    'Port of OTLP/HTTP and `/health`; 0 picks a free one.',
  ),
  OTLP_GRPC_PORT: variable(
    orOff(wholeNumber('port', 0, 65_535)),
    '4317',
    'Port of OTLP/gRPC; `off` switches it off, 0 picks a free one.',
  ),
  METRICS_PORT: optionalVariable(
    wholeNumber('port', 0, 65_535),
    'Port of its own for `/metrics`, which also has `/health`; 0 picks a free one.',
    { shownDefault: '`OTLP_RECEIVER_PORT`' },
  ),
  API_KEY: optionalVariable(
    secret,
    'Key that clients send as `Authorization: Bearer <key>`; at least 16 characters unless on loopback.',
    { isSecret: true },
  ),
  TLS_CERT_FILE: optionalVariable(
    file,
    'Certificate with its chain (PEM): HTTP and gRPC are served over TLS. Read again when it changes.',
  ),
  TLS_KEY_FILE: optionalVariable(file, 'Its private key (PEM, without a passphrase).'),
  TLS_CLIENT_CA_FILE: optionalVariable(
    file,
    'Authorities (PEM) of which clients need a certificate (mTLS); not on `METRICS_PORT`.',
  ),
  PAGE_ACCESS: variable(
    oneOf(['token', 'open']),
    'token',
    'Whether page and API require the `access-token` in `DATA_DIR`, or are `open` to all users of this machine.',
  ),
  PUBLIC_URL: optionalVariable(
    webAddress,
    'Address under which people open the page; where the OIDC provider sends them back to.',
  ),
  OIDC_ISSUER: optionalVariable(
    webAddress,
    'Issuer of an OpenID Connect provider that people log in with; see docs/reference.md.',
  ),
  OIDC_CLIENT_ID: optionalVariable(secret, 'Id of this bridge at the provider.'),
  OIDC_CLIENT_SECRET: optionalVariable(secret, 'Secret of this bridge at the provider.', {
    isSecret: true,
  }),
  OIDC_SCOPES: variable(
    matching(/^openid(?: [!-~]+)*$/, 'text', 'scopes that begin with openid, with spaces between'),
    'openid email profile',
    'Scopes to ask the provider for.',
  ),
  OIDC_USER_CLAIM: variable(claim, 'email', 'Claim that names the person.'),
  OIDC_TEAM_CLAIM: variable(claim, 'team', "Claim that names the person's team, or groups."),
  OIDC_TEAMS: optionalVariable(
    pairList(),
    'Which value of that claim is which team, as `value=team`; without it, the value is the team.',
  ),
  OIDC_ROLES_CLAIM: variable(claim, 'groups', "Claim that lists the person's roles or groups."),
  OIDC_ROLES: variable(
    pairList(['read:own', 'read:team', 'read:all', 'admin']),
    '*=read:own',
    'Which role has which scope, as `role=scope`; `*` is everybody.',
  ),
  MAX_REQUEST_SIZE: variable(
    wholeNumber('bytes', 1024, MAX_BODY_BYTES),
    String(64 * 1024 * 1024),
    'Largest request body, before and after decompression.',
  ),
  MAX_IN_FLIGHT_SIZE: optionalVariable(
    wholeNumber('bytes', 2 * 1024, MAX_IN_FLIGHT_BYTES),
    'Memory for all requests in flight; beyond it, slow ones are ended and new ones told to retry.',
    { shownDefault: 'twice `MAX_REQUEST_SIZE`' },
  ),
  SESSION_TIMEOUT: variable(
    duration(1),
    '3600000',
    'Idle time after which a session is closed and summarized.',
  ),
  SESSION_MAX_AGE: variable(
    duration(1),
    String(DAY_MS),
    'Age at which a session is closed even if it is active.',
  ),
  TURN_QUIET_TIMEOUT: variable(
    duration(0),
    '20000',
    'Idle time after a finished answer until its turn counts as over.',
  ),
  JOIN_TIMEOUT: variable(
    duration(0),
    '7000',
    'How long a model call waits for the text of its answer.',
  ),
  MAX_SESSIONS: variable(
    wholeNumber('count', 1, 1_000_000),
    '1000',
    'Most sessions open at once; beyond it, the one idle longest is closed.',
  ),
  MAX_CONTENT_LENGTH: variable(
    wholeNumber('characters', 1, 10_000_000),
    '100000',
    'Longer texts are truncated for display.',
  ),
  SESSION_END_GRACE: variable(
    duration(0),
    '5000',
    'How long a session waits for its last telemetry after a hook reported its end.',
  ),
  HOOK_CONTENT: variable(
    oneOf(['auto', 'on', 'off']),
    'auto',
    'Whether to show content from hooks; `auto`: tool output where telemetry shows tool input.',
  ),
  READ_WORKSPACE: variable(
    oneOf(['on', 'off']),
    'on',
    'Read repository and branch from the folder that a hook names, if it is on this machine.',
  ),
  WATCH_TRANSCRIPTS: variable(
    oneOf(['on', 'off']),
    'off',
    'Follow transcripts that agents write on this machine: they have content that telemetry leaves out.',
  ),
  WATCH_CONTENT: variable(
    oneOf(['local', 'export']),
    'local',
    'Where content of watched transcripts goes: into the store alone, or to the exporters as well.',
  ),
  BODY_FOLDERS: optionalVariable(
    folderList,
    'Folders from which the bridge reads raw API bodies that the agent wrote to files (`body_ref`).',
  ),
  MASK: variable(
    oneOf(['on', 'off', 'strict']),
    'on',
    'Mask secrets before they are stored; `strict`: also e-mail addresses, account ids and home folders.',
  ),
  MASK_PATTERNS_FILE: optionalVariable(
    file,
    'A file with more patterns to mask, one per line: `name: regular expression`.',
  ),
  MASK_ATTRIBUTES: optionalVariable(
    nameList,
    'Attributes and hook fields whose values are always masked.',
  ),
  CONTENT_PROMPTS: variable(
    oneOf(['keep', 'drop']),
    'keep',
    'Whether to store prompts, whatever the client sends.',
  ),
  CONTENT_RESPONSES: variable(oneOf(['keep', 'drop']), 'keep', 'The same for answers.'),
  CONTENT_TOOL_INPUT: variable(
    oneOf(['keep', 'drop']),
    'keep',
    'The same for tool parameters and input.',
  ),
  CONTENT_TOOL_OUTPUT: variable(oneOf(['keep', 'drop']), 'keep', 'The same for tool output.'),
  CONTENT_BODIES: variable(
    oneOf(['keep', 'drop']),
    'keep',
    'The same for raw API bodies, which contain all of the above.',
  ),
  TAG_ATTRIBUTES: variable(
    nameList,
    'team,project,repository,branch,folder,vcs.repository.name,vcs.ref.head.name',
    'Resource attributes to use as tags in Langfuse; all attributes become metadata.',
  ),
  TICKET_PATTERN: variable(
    regularExpression,
    DEFAULT_TICKET_PATTERN,
    'Finds the ticket in the name of a branch: its first group, or all of it without one.',
  ),
  PRICES_FILE: optionalVariable(
    pricesFile,
    'Your prices and discounts for calls without a reported cost; see docs/reference.md.',
  ),
  SEND_ESTIMATES: variable(
    oneOf(['on', 'off']),
    'off',
    "Send estimated costs to Langfuse as costs; otherwise as metadata, and Langfuse's own prices apply.",
  ),
  DRAIN_DELAY: variable(
    duration(0),
    '0',
    'How long the bridge still takes requests after SIGTERM, while `/health/ready` says no.',
  ),
  ROUTES_FILE: optionalVariable(
    file,
    'A JSON file that says which teams, keys and attributes go to which destinations; see docs/reference.md.',
  ),
  SHUTDOWN_TIMEOUT: variable(
    duration(0),
    '10000',
    'How long shutdown waits for deliveries; the rest follows after the next start.',
  ),
  RETENTION_DAYS: variable(
    wholeNumber('days', 0, MAX_DAYS),
    '180',
    'How long closed sessions are kept here; 0 keeps them forever.',
  ),
  MAX_STORE_SIZE: variable(
    wholeNumber('bytes', 0, Number.MAX_SAFE_INTEGER),
    String(5 * 1024 * 1024 * 1024),
    'Maximum size of the store; beyond it, the oldest closed sessions are deleted. 0: no limit.',
  ),
  OUTBOX_MAX_AGE_DAYS: variable(
    wholeNumber('days', 0, MAX_DAYS),
    '30',
    'How long an item may wait for an exporter before it counts as dead; 0: no limit.',
  ),
  OUTBOX_MAX_SIZE: variable(
    wholeNumber('bytes', 0, Number.MAX_SAFE_INTEGER),
    String(2 * 1024 * 1024 * 1024),
    'Maximum size of what waits for exporters; beyond it, dead items are deleted, then the oldest. 0: no limit.',
  ),
  BUDGET_SESSION_USD: optionalVariable(
    budgetLimit(),
    'Budget of each session; like all budgets, it alerts at 80 % and 100 %.',
  ),
  BUDGET_DAILY_USD: optionalVariable(budgetLimit(), 'Daily budget of all sessions together.'),
  BUDGET_DAILY_USER_USD: optionalVariable(budgetLimit(), 'Daily budget of each user.'),
  BUDGET_DAILY_TEAM_USD: optionalVariable(
    budgetLimit(),
    'Daily budget of each team (resource attribute `team`).',
  ),
  BUDGETS_FILE: optionalVariable(
    file,
    'JSON file with further budgets: by week, month or rolling window, for users, teams, projects, models, agents.',
  ),
  BUDGET_TIME_ZONE: optionalVariable(
    timeZone,
    'Time zone in which the days, weeks and months of budgets begin and end.',
    {
      shownDefault: "the machine's (`TZ`)",
    },
  ),
  BUDGET_ACTION: variable(
    oneOf(['tell', 'stop', 'stop-now']),
    'tell',
    'What spent budgets do: `tell` alerts, `stop` refuses prompts (needs hooks), `stop-now` ends turns, too.',
  ),
  BUDGET_CONTACT: optionalVariable(
    matching(/^[^\p{Cc}]{1,200}$/u, 'text', 'one line of at most 200 characters'),
    'Who can raise a budget, as a refused prompt names them.',
    { shownDefault: '`whoever runs claude-telemetry`' },
  ),
  BUDGET_SPIKES: variable(
    oneOf(['on', 'off']),
    'on',
    'Alerts when an hour or a session costs far more than usual, where budgets or channels are set.',
  ),
  BUDGET_WEBHOOK_URL: optionalVariable(
    hookAddress,
    'Receives each budget alert as JSON with a `text` that Slack and others display.',
    { isSecret: true },
  ),
  ALERT_SLACK_URL: optionalVariable(
    hookAddress,
    'Incoming webhook of Slack that receives each alert.',
    { isSecret: true },
  ),
  ALERT_MAIL_TO: optionalVariable(
    mailAddresses,
    'Receives each alert by e-mail; needs `SMTP_URL` and `SMTP_FROM`.',
  ),
  ALERT_DESKTOP: variable(
    oneOf(['on', 'off']),
    'off',
    'Shows each alert as a notification on this desktop.',
  ),
  ALERT_JSON_URL: optionalVariable(
    hookAddress,
    'Service that receives each alert as JSON, such as PagerDuty or the API of GitHub.',
    { isSecret: true },
  ),
  ALERT_JSON_TEMPLATE: optionalVariable(
    file,
    'JSON file with the body for `ALERT_JSON_URL`, with placeholders such as `{{text}}`.',
  ),
  ALERT_JSON_HEADERS: optionalVariable(headerList, 'Headers for `ALERT_JSON_URL`.', {
    isSecret: true,
  }),
  SMTP_URL: optionalVariable(
    smtpAddress,
    'Mail server for alerts and reports, such as `smtps://user:password@mail.example.com`.',
    { isSecret: true },
  ),
  SMTP_FROM: optionalVariable(mailAddress, 'Sender of these mails.'),
  DATA_DIR: optionalVariable(folder, 'Where sessions and undelivered data are kept.', {
    shownDefault: "`claude-telemetry` in the platform's data folder",
  }),
  DATABASE_URL: optionalVariable(
    databaseAddress,
    'PostgreSQL database for sessions and undelivered data; several processes may share it.',
    { isSecret: true, shownDefault: 'SQLite in `DATA_DIR`' },
  ),
  DATABASE_READ_URL: optionalVariable(
    databaseAddress,
    'Read replica of it for the page and reports.',
    { isSecret: true, shownDefault: '`DATABASE_URL`' },
  ),
  DATABASE_POOL_SIZE: variable(
    wholeNumber('count', 2, 100),
    '8',
    'Connections of a process to the database at most; the page and reports have six more.',
  ),
  DATABASE_STATEMENT_TIMEOUT: variable(
    duration(100),
    '5000',
    'Timeout of a statement; clients are then told to send again.',
  ),
  LOG_LEVEL: variable(
    logLevel,
    'info',
    'Lowest severity that is logged: fatal, error, warn, info, debug, trace or silent.',
  ),
  LOG_FORMAT: optionalVariable(
    oneOf(['json', 'text']),
    'Whether log lines are JSON or text for a person.',
    { shownDefault: '`text` on a terminal, else `json`' },
  ),
})

/** The variables after parsing. */
export type Environment = z.output<typeof environmentSchema>
export type VariableName = keyof Environment
export type LogLevel = Environment['LOG_LEVEL']
