/**
 * Every variable the product reads: name, syntax, default and one line about it. The only place
 * to add one; errors and the README's table follow from here.
 */
import { z } from 'zod'
import {
  amount,
  folderList,
  headerList,
  hookAddress,
  matching,
  nameList,
  oneOf,
  orOff,
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
    'Public key of the Langfuse project. Without keys everything is stored and delivered later.',
  ),
  LANGFUSE_SECRET_KEY: optionalVariable(secretKey, 'Secret key of the Langfuse project.', {
    isSecret: true,
  }),
  LANGFUSE_HOST: optionalVariable(webAddress, 'Address of Langfuse.', {
    shownDefault: DEFAULT_LANGFUSE_URL,
  }),
  LANGFUSE_BASE_URL: optionalVariable(webAddress, 'Another name of `LANGFUSE_HOST`.'),
  LANGFUSE_TIMEOUT: variable(
    duration(100),
    '15000',
    'How long one request to Langfuse may take; what got no answer is sent again.',
  ),
  LANGFUSE_ENVIRONMENT: optionalVariable(
    environment,
    'Environment of sessions that do not name their own.',
  ),
  LANGFUSE_TRACING_ENVIRONMENT: optionalVariable(
    environment,
    'Another name of `LANGFUSE_ENVIRONMENT`.',
  ),
  LANGFUSE_RELEASE: optionalVariable(release, 'Release shown on everything in Langfuse.'),
  EXPORT_OTLP_ENDPOINT: optionalVariable(
    webAddress,
    'An OTLP receiver that gets the same traces as GenAI spans. Over HTTP `/v1/traces` is put behind it.',
  ),
  EXPORT_OTLP_HEADERS: optionalVariable(
    headerList,
    'Headers for it, as `name=value` between commas.',
    { isSecret: true },
  ),
  EXPORT_OTLP_PROTOCOL: variable(
    oneOf(['http/protobuf', 'http/json', 'grpc']),
    'http/protobuf',
    'How it is spoken to: `http/protobuf`, `http/json` or `grpc` (with TLS where the address is `https`).',
  ),
  EXPORT_OTLP_TIMEOUT: variable(duration(100), '15000', 'How long one request to it may take.'),
  FORWARD_OTLP_ENDPOINT: optionalVariable(
    webAddress,
    'Another collector that gets what came in; `/v1/logs` and its like are put behind it.',
  ),
  FORWARD_OTLP_HEADERS: optionalVariable(
    headerList,
    'Headers for it, as `name=value` between commas.',
    { isSecret: true },
  ),
  FORWARD_OTLP_TIMEOUT: variable(duration(100), '15000', 'How long one request to it may take.'),
  FORWARD_UNREDACTED: variable(
    oneOf(['0', '1']),
    '0',
    'Forward records as they came (`1`), instead of without what is redacted here.',
  ),
  OTLP_RECEIVER_HOST: variable(
    host,
    '127.0.0.1',
    'Address to listen on. Beyond loopback `API_KEY` is required.',
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
  API_KEY: optionalVariable(
    secret,
    'Key clients send as `Authorization: Bearer <key>`; at least 16 characters beyond loopback.',
    { isSecret: true },
  ),
  PAGE_ACCESS: variable(
    oneOf(['token', 'open']),
    'token',
    'Page and API ask this machine for `access-token` in `DATA_DIR`, or are `open` to all its users.',
  ),
  MAX_REQUEST_SIZE: variable(
    wholeNumber('bytes', 1024, MAX_BODY_BYTES),
    String(64 * 1024 * 1024),
    'Largest request body, before and after inflating.',
  ),
  MAX_IN_FLIGHT_SIZE: optionalVariable(
    wholeNumber('bytes', 2 * 1024, MAX_IN_FLIGHT_BYTES),
    'Memory of all requests under way; beyond it slow ones are ended, and new ones put off.',
    { shownDefault: 'twice `MAX_REQUEST_SIZE`' },
  ),
  SESSION_TIMEOUT: variable(
    duration(1),
    '3600000',
    'Quiet after the last arrival until a session is closed and summed up.',
  ),
  SESSION_MAX_AGE: variable(
    duration(1),
    String(DAY_MS),
    'Age at which a session is closed although it still sends.',
  ),
  TURN_QUIET_TIMEOUT: variable(
    duration(0),
    '20000',
    'Quiet after a finished answer until its turn counts as over.',
  ),
  JOIN_TIMEOUT: variable(
    duration(0),
    '7000',
    'How long a model call waits for the text of its answer.',
  ),
  MAX_SESSIONS: variable(
    wholeNumber('count', 1, 1_000_000),
    '1000',
    'Sessions open at once; above it the longest quiet one is closed.',
  ),
  MAX_CONTENT_LENGTH: variable(
    wholeNumber('characters', 1, 10_000_000),
    '100000',
    'Longer texts are cut before they are shown.',
  ),
  SESSION_END_GRACE: variable(
    duration(0),
    '5000',
    'How long a session whose end a hook told waits for its last telemetry.',
  ),
  HOOK_CONTENT: variable(
    oneOf(['auto', 'on', 'off']),
    'auto',
    'Show content that hooks carry; `auto`: tool output where telemetry shows tool input.',
  ),
  READ_WORKSPACE: variable(
    oneOf(['on', 'off']),
    'on',
    'Read repository and branch from the folder that a hook names, when it is on this machine.',
  ),
  BODY_FOLDERS: optionalVariable(
    folderList,
    'Below them the bridge reads raw API bodies that the agent wrote to files (`body_ref`).',
  ),
  MASK: variable(
    oneOf(['on', 'off', 'strict']),
    'on',
    'Mask secrets before they are stored; `strict`: also e-mail addresses, account ids and home folders.',
  ),
  MASK_PATTERNS_FILE: optionalVariable(
    file,
    'A file with further patterns to mask, one a line: `name: regular expression`.',
  ),
  MASK_ATTRIBUTES: optionalVariable(
    nameList,
    'Attributes and hook members whose values are masked whatever they are.',
  ),
  CONTENT_PROMPTS: variable(
    oneOf(['keep', 'drop']),
    'keep',
    'Whether prompts are kept, whatever the client sends.',
  ),
  CONTENT_RESPONSES: variable(oneOf(['keep', 'drop']), 'keep', 'The same for answers.'),
  CONTENT_TOOL_INPUT: variable(
    oneOf(['keep', 'drop']),
    'keep',
    'The same for parameters and input of tools.',
  ),
  CONTENT_TOOL_OUTPUT: variable(oneOf(['keep', 'drop']), 'keep', 'The same for output of tools.'),
  CONTENT_BODIES: variable(
    oneOf(['keep', 'drop']),
    'keep',
    'The same for raw API bodies, which hold all of the above.',
  ),
  TAG_ATTRIBUTES: variable(
    nameList,
    'team,project,repository,branch,folder,vcs.repository.name,vcs.ref.head.name',
    'Resource attributes that become tags in Langfuse; all of them are metadata.',
  ),
  PRICES_FILE: optionalVariable(
    pricesFile,
    'Own prices and discounts for calls whose cost the agent does not tell; see docs/reference.md.',
  ),
  SEND_ESTIMATES: variable(
    oneOf(['on', 'off']),
    'off',
    "Send estimated costs to Langfuse as costs; else as metadata, and Langfuse's own prices apply.",
  ),
  SHUTDOWN_TIMEOUT: variable(
    duration(0),
    '10000',
    'How long a stop waits for deliveries; the rest follows at the next start.',
  ),
  RETENTION_DAYS: variable(
    wholeNumber('days', 0, MAX_DAYS),
    '180',
    'How long closed sessions are kept here; 0 keeps them for ever.',
  ),
  MAX_STORE_SIZE: variable(
    wholeNumber('bytes', 0, Number.MAX_SAFE_INTEGER),
    String(5 * 1024 * 1024 * 1024),
    'Bytes that all of it may take here; beyond it the oldest closed sessions are deleted. 0 is no limit.',
  ),
  OUTBOX_MAX_AGE_DAYS: variable(
    wholeNumber('days', 0, MAX_DAYS),
    '30',
    'How long something may wait for an exporter until it is put aside as dead; 0 is no limit.',
  ),
  OUTBOX_MAX_SIZE: variable(
    wholeNumber('bytes', 0, Number.MAX_SAFE_INTEGER),
    String(2 * 1024 * 1024 * 1024),
    'Bytes that wait for exporters; beyond it dead items are deleted, then the oldest. 0 is no limit.',
  ),
  BUDGET_SESSION_USD: optionalVariable(
    amount('USD'),
    'What one session may cost; told at 80 % and at 100 %, as the other budgets are.',
  ),
  BUDGET_DAILY_USD: optionalVariable(amount('USD'), 'What all sessions may cost in a day.'),
  BUDGET_DAILY_USER_USD: optionalVariable(amount('USD'), 'What each user may cost in a day.'),
  BUDGET_DAILY_TEAM_USD: optionalVariable(
    amount('USD'),
    'What each team (resource attribute `team`) may cost in a day.',
  ),
  BUDGET_TIME_ZONE: optionalVariable(timeZone, "Where a budget's day begins and ends.", {
    shownDefault: "the machine's (`TZ`)",
  }),
  BUDGET_WEBHOOK_URL: optionalVariable(
    hookAddress,
    'Gets each budget alert as JSON with a `text`, which Slack and its like show.',
    { isSecret: true },
  ),
  DATA_DIR: optionalVariable(folder, 'Where sessions and undelivered data are kept.', {
    shownDefault: "`claude-telemetry` in the platform's data folder",
  }),
  LOG_LEVEL: variable(
    logLevel,
    'info',
    'Least severity that is logged: fatal, error, warn, info, debug, trace or silent.',
  ),
})

/** The variables after parsing. */
export type Environment = z.output<typeof environmentSchema>
export type VariableName = keyof Environment
export type LogLevel = Environment['LOG_LEVEL']
