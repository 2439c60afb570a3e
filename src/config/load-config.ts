/**
 * Environment variables to configuration. Pure: reads neither `process` nor files. Reports every
 * wrong variable at once; what concerns several together is checked once each one is right.
 */
import { err, ok, type Result } from '../domain/result.ts'
import type {
  AlertConfig,
  BudgetConfig,
  Config,
  LangfuseConfig,
  OidcConfig,
  OtlpTargetConfig,
  PrivacyConfig,
  TlsConfig,
} from './config.ts'
import { type ConfigProblem, MASK } from './config-problem.ts'
import { absoluteFolder, dataDirOf, type Platform } from './folders.ts'
import { jointProblems, minInFlightBytes } from './joint-rules.ts'
import {
  DEFAULT_LANGFUSE_URL,
  type Environment,
  environmentSchema,
  type VariableName,
} from './schema.ts'
import { variableNotes } from './variable.ts'

const DAY_MS = 86_400_000

type Variables = Readonly<Record<string, string | undefined>>

/** Takes environment variables as they are; empty text counts as not set. */
export function loadConfig(
  variables: Variables,
  platform: Platform,
): Result<Config, readonly ConfigProblem[]> {
  const given = withoutEmpty(variables)
  const parsed = environmentSchema.safeParse(given)
  if (!parsed.success) {
    const names = new Set(parsed.error.issues.map((issue) => issue.path[0] as VariableName))
    return err([...names].map((name) => problemOf(name, given)))
  }
  const problems = jointProblems(parsed.data)
  if (problems.length > 0) return err(problems)
  return ok(configOf(parsed.data, given, platform))
}

function withoutEmpty(variables: Variables): Record<string, string> {
  const given: Record<string, string> = {}
  for (const [name, value] of Object.entries(variables)) {
    const text = value?.trim() ?? ''
    if (text !== '') given[name] = text
  }
  return given
}

function problemOf(variable: VariableName, given: Variables): ConfigProblem {
  const notes = variableNotes.get(environmentSchema.shape[variable])
  const value = notes?.isSecret === true ? MASK : given[variable]
  return { variable, value, expected: notes?.expected ?? 'another value' }
}

function configOf(environment: Environment, given: Variables, platform: Platform): Config {
  const langfuse = langfuseOf(environment)
  const exportOtlp = exportOtlpOf(environment)
  const forwardOtlp = forwardOtlpOf(environment)
  const oidc = oidcOf(environment)
  const tracingEnvironment =
    environment.LANGFUSE_ENVIRONMENT ?? environment.LANGFUSE_TRACING_ENVIRONMENT
  const { API_KEY: apiKey, LANGFUSE_RELEASE: release, OTLP_GRPC_PORT: grpcPort } = environment
  const { METRICS_PORT: metricsPort } = environment
  const tls = tlsOf(environment, platform)
  return {
    ...(langfuse && { langfuse }),
    ...(exportOtlp && { exportOtlp }),
    ...(forwardOtlp && { forwardOtlp }),
    tracing: {
      ...(tracingEnvironment !== undefined && { environment: tracingEnvironment }),
      ...(release !== undefined && { release }),
      ...(environment.SEND_ESTIMATES === 'on' && { sendEstimates: true }),
    },
    receiver: {
      host: environment.OTLP_RECEIVER_HOST,
      port: environment.OTLP_RECEIVER_PORT,
      ...(grpcPort !== 'off' && { grpcPort }),
      ...(metricsPort !== undefined && { metricsPort }),
      maxRequestBytes: environment.MAX_REQUEST_SIZE,
      maxInFlightBytes: environment.MAX_IN_FLIGHT_SIZE ?? minInFlightBytes(environment),
      ...(apiKey !== undefined && { apiKey }),
      ...(tls && { tls }),
    },
    session: {
      idleTimeoutMs: environment.SESSION_TIMEOUT,
      maxAgeMs: environment.SESSION_MAX_AGE,
      quietTimeoutMs: environment.TURN_QUIET_TIMEOUT,
      joinTimeoutMs: environment.JOIN_TIMEOUT,
      maxSessions: environment.MAX_SESSIONS,
      maxContentLength: environment.MAX_CONTENT_LENGTH,
      tagLabels: environment.TAG_ATTRIBUTES,
      sessionEndGraceMs: environment.SESSION_END_GRACE,
      hookContent: environment.HOOK_CONTENT,
    },
    ticketPattern: environment.TICKET_PATTERN,
    drainDelayMs: environment.DRAIN_DELAY,
    shutdownTimeoutMs: environment.SHUTDOWN_TIMEOUT,
    readWorkspace: environment.READ_WORKSPACE === 'on',
    ...(environment.WATCH_TRANSCRIPTS === 'on' && {
      watch: {
        homeDir: platform.homeDir,
        variables: only(given, ['CLAUDE_CONFIG_DIR', 'CODEX_HOME']),
        isExported: environment.WATCH_CONTENT === 'export',
      },
    }),
    privacy: privacyOf(environment, platform),
    bodyFolders: (environment.BODY_FOLDERS ?? []).map((each) => absoluteFolder(each, platform)),
    ...(environment.ROUTES_FILE !== undefined && {
      routesFile: absoluteFolder(environment.ROUTES_FILE, platform),
    }),
    ...(environment.PRICES_FILE !== undefined && {
      pricesFile: absoluteFolder(environment.PRICES_FILE, platform),
    }),
    dataDir: dataDirOf(environment.DATA_DIR, given, platform),
    ...(environment.DATABASE_URL !== undefined && {
      database: {
        url: environment.DATABASE_URL,
        readUrl: environment.DATABASE_READ_URL,
        poolSize: environment.DATABASE_POOL_SIZE,
        statementTimeoutMs: environment.DATABASE_STATEMENT_TIMEOUT,
      },
    }),
    retentionMs: environment.RETENTION_DAYS * DAY_MS,
    maxStoreBytes: environment.MAX_STORE_SIZE,
    outbox: {
      maxAgeMs: environment.OUTBOX_MAX_AGE_DAYS * DAY_MS,
      maxBytes: environment.OUTBOX_MAX_SIZE,
    },
    budgets: budgetsOf(environment, platform),
    alerts: alertsOf(environment, platform),
    ...(environment.SMTP_URL !== undefined &&
      environment.SMTP_FROM !== undefined && {
        smtp: { url: environment.SMTP_URL, from: environment.SMTP_FROM },
      }),
    ...(oidc && { oidc }),
    pageAccess: environment.PAGE_ACCESS,
    logLevel: environment.LOG_LEVEL,
    ...(environment.LOG_FORMAT !== undefined && { logFormat: environment.LOG_FORMAT }),
  }
}

/** Those of some variables that are set. */
function only(given: Variables, names: readonly string[]): Record<string, string> {
  const entries = names.map((name) => [name, given[name]] as const)
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as Record<
    string,
    string
  >
}

function tlsOf(environment: Environment, platform: Platform): TlsConfig | undefined {
  const { TLS_CERT_FILE: cert, TLS_KEY_FILE: key, TLS_CLIENT_CA_FILE: clientCa } = environment
  if (cert === undefined || key === undefined) return undefined
  return {
    certFile: absoluteFolder(cert, platform),
    keyFile: absoluteFolder(key, platform),
    ...(clientCa !== undefined && { clientCaFile: absoluteFolder(clientCa, platform) }),
  }
}

function privacyOf(environment: Environment, platform: Platform): PrivacyConfig {
  const { MASK: mask, MASK_PATTERNS_FILE: patternsFile } = environment
  const contents = {
    prompts: environment.CONTENT_PROMPTS,
    responses: environment.CONTENT_RESPONSES,
    toolInput: environment.CONTENT_TOOL_INPUT,
    toolOutput: environment.CONTENT_TOOL_OUTPUT,
    bodies: environment.CONTENT_BODIES,
  }
  const kinds = Object.keys(contents) as (keyof typeof contents)[]
  return {
    mask,
    ...(patternsFile !== undefined && { patternsFile: absoluteFolder(patternsFile, platform) }),
    maskedAttributes: environment.MASK_ATTRIBUTES ?? [],
    dropped: kinds.filter((kind) => contents[kind] === 'drop'),
  }
}

function budgetsOf(environment: Environment, platform: Platform): BudgetConfig {
  const { BUDGET_SESSION_USD: session, BUDGET_DAILY_USD: day } = environment
  const { BUDGET_DAILY_USER_USD: user, BUDGET_DAILY_TEAM_USD: team } = environment
  const { BUDGET_TIME_ZONE: timeZone, BUDGET_WEBHOOK_URL: webhookUrl } = environment
  const { BUDGET_CONTACT: contact, BUDGETS_FILE: file } = environment
  return {
    limits: {
      ...(session !== undefined && { session }),
      ...(day !== undefined && { day }),
      ...(user !== undefined && { user }),
      ...(team !== undefined && { team }),
    },
    ...(file !== undefined && { file: absoluteFolder(file, platform) }),
    action: environment.BUDGET_ACTION,
    spikes: environment.BUDGET_SPIKES === 'on',
    ...(contact !== undefined && { contact }),
    ...(timeZone !== undefined && { timeZone }),
    ...(webhookUrl !== undefined && { webhookUrl }),
  }
}

function alertsOf(environment: Environment, platform: Platform): AlertConfig {
  const { ALERT_SLACK_URL: slackUrl, ALERT_MAIL_TO: mailTo } = environment
  const { ALERT_JSON_URL: url, ALERT_JSON_HEADERS: headers = {} } = environment
  const { ALERT_JSON_TEMPLATE: template } = environment
  return {
    ...(slackUrl !== undefined && { slackUrl }),
    ...(mailTo !== undefined && { mailTo }),
    isOnDesktop: environment.ALERT_DESKTOP === 'on',
    ...(url !== undefined && {
      json: {
        ...{ url, headers },
        ...(template !== undefined && { templateFile: absoluteFolder(template, platform) }),
      },
    }),
  }
}

function exportOtlpOf(environment: Environment): OtlpTargetConfig | undefined {
  const { EXPORT_OTLP_ENDPOINT: endpoint, EXPORT_OTLP_HEADERS: headers = {} } = environment
  if (endpoint === undefined) return undefined
  const { EXPORT_OTLP_PROTOCOL: protocol, EXPORT_OTLP_TIMEOUT: timeoutMs } = environment
  return { endpoint, headers, protocol, timeoutMs }
}

function forwardOtlpOf(environment: Environment): Config['forwardOtlp'] {
  const { FORWARD_OTLP_ENDPOINT: endpoint, FORWARD_OTLP_HEADERS: headers = {} } = environment
  if (endpoint === undefined) return undefined
  const { FORWARD_OTLP_TIMEOUT: timeoutMs, FORWARD_UNREDACTED: unredacted } = environment
  const isUnredacted = unredacted === '1'
  return { endpoint, headers, timeoutMs, isUnredacted }
}

/** What belongs together is there together: `joint-rules.ts`. */
function oidcOf(environment: Environment): OidcConfig | undefined {
  const { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: clientId, PUBLIC_URL: publicUrl } = environment
  const { OIDC_CLIENT_SECRET: clientSecret, OIDC_TEAMS: teams } = environment
  const given = [issuer, clientId, clientSecret, publicUrl]
  if (given.includes(undefined) || issuer === undefined) return undefined
  return {
    ...{ issuer, clientId: clientId ?? '', clientSecret: clientSecret ?? '' },
    publicUrl: publicUrl ?? '',
    scopes: environment.OIDC_SCOPES,
    userClaim: environment.OIDC_USER_CLAIM,
    teamClaim: environment.OIDC_TEAM_CLAIM,
    ...(teams !== undefined && { teams }),
    rolesClaim: environment.OIDC_ROLES_CLAIM,
    roles: environment.OIDC_ROLES,
  }
}

function langfuseOf(environment: Environment): LangfuseConfig | undefined {
  const { LANGFUSE_PUBLIC_KEY: publicKey, LANGFUSE_SECRET_KEY: secretKey } = environment
  if (publicKey === undefined || secretKey === undefined) return undefined
  const baseUrl = environment.LANGFUSE_HOST ?? environment.LANGFUSE_BASE_URL ?? DEFAULT_LANGFUSE_URL
  return { publicKey, secretKey, baseUrl, timeoutMs: environment.LANGFUSE_TIMEOUT }
}
