/**
 * Rules that concern several variables together. Runs on variables that are each right alone.
 */
import { type ConfigProblem, MASK } from './config-problem.ts'
import { isLoopback } from './loopback.ts'
import type { Environment, VariableName } from './schema.ts'

/** Pairs of names for one thing: both may be set, to the same value. */
const aliases = [
  ['LANGFUSE_HOST', 'LANGFUSE_BASE_URL'],
  ['LANGFUSE_ENVIRONMENT', 'LANGFUSE_TRACING_ENVIRONMENT'],
] as const satisfies readonly (readonly [VariableName, VariableName])[]

/** A shorter key can be guessed from other machines. */
const MIN_EXPOSED_KEY_LENGTH = 16

/** Room for the largest request while it is inflated: as sent, and as it is then. */
export function minInFlightBytes({ MAX_REQUEST_SIZE: maxRequestBytes }: Environment): number {
  return 2 * maxRequestBytes
}

/** What is wrong with the variables as a whole; empty when nothing is. */
export function jointProblems(environment: Environment): ConfigProblem[] {
  return [
    ...keyPairProblems(environment),
    ...aliasProblems(environment),
    ...exposureProblems(environment),
    ...inFlightProblems(environment),
    ...portProblems(environment),
    ...tlsProblems(environment),
    ...loopProblems(environment),
    ...oidcProblems(environment),
    ...databaseProblems(environment),
    ...alertProblems(environment),
  ]
}

function databaseProblems(environment: Environment): ConfigProblem[] {
  const { DATABASE_URL: url, DATABASE_READ_URL: readUrl } = environment
  if (url !== undefined || readUrl === undefined) return []
  const expected = 'the database that DATABASE_READ_URL is a replica of'
  return [{ variable: 'DATABASE_URL', value: undefined, expected, because: 'DATABASE_READ_URL' }]
}

/** Mail needs a server and a sender; a template or headers, a service to be sent to. */
function alertProblems(environment: Environment): ConfigProblem[] {
  const needs = [
    ['ALERT_MAIL_TO', 'SMTP_URL', 'the mail server'],
    ['ALERT_MAIL_TO', 'SMTP_FROM', 'the sender of the mails'],
    ['SMTP_URL', 'SMTP_FROM', 'the sender of the mails'],
    ['SMTP_FROM', 'SMTP_URL', 'the mail server'],
    ['ALERT_JSON_TEMPLATE', 'ALERT_JSON_URL', 'the service that it is for'],
    ['ALERT_JSON_HEADERS', 'ALERT_JSON_URL', 'the service that they are for'],
  ] as const
  const told = new Set<VariableName>()
  return needs.flatMap(([because, variable, expected]): ConfigProblem[] => {
    if (environment[because] === undefined || environment[variable] !== undefined) return []
    if (told.has(variable)) return []
    told.add(variable)
    return [{ variable, value: undefined, expected, because }]
  })
}

function keyPairProblems(environment: Environment): ConfigProblem[] {
  const { LANGFUSE_PUBLIC_KEY: publicKey, LANGFUSE_SECRET_KEY: secretKey } = environment
  if ((publicKey === undefined) === (secretKey === undefined)) return []
  const [missing, present] =
    publicKey === undefined
      ? (['LANGFUSE_PUBLIC_KEY', 'LANGFUSE_SECRET_KEY'] as const)
      : (['LANGFUSE_SECRET_KEY', 'LANGFUSE_PUBLIC_KEY'] as const)
  const expected = `the key that belongs to ${present}; set both or neither`
  return [{ variable: missing, value: undefined, expected, because: present }]
}

function aliasProblems(environment: Environment): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  for (const [name, alias] of aliases) {
    const first = environment[name]
    const second = environment[alias]
    if (first === undefined || second === undefined || first === second) continue
    const expected = `the value of ${name}, ${JSON.stringify(first)}, or only one of the two`
    problems.push({ variable: alias, value: second, expected, because: name })
  }
  return problems
}

function exposureProblems(environment: Environment): ConfigProblem[] {
  const { OTLP_RECEIVER_HOST: host, API_KEY: apiKey } = environment
  if (isLoopback(host)) return []
  if (apiKey === undefined) {
    const expected = 'a loopback address such as 127.0.0.1, or API_KEY to be set as well'
    return [{ variable: 'OTLP_RECEIVER_HOST', value: host, expected }]
  }
  if (apiKey.length >= MIN_EXPOSED_KEY_LENGTH) return []
  const expected = `at least ${MIN_EXPOSED_KEY_LENGTH} characters where other machines can try it (openssl rand -hex 32 makes a good one)`
  return [{ variable: 'API_KEY', value: MASK, expected, because: 'OTLP_RECEIVER_HOST' }]
}

function inFlightProblems(environment: Environment): ConfigProblem[] {
  const given = environment.MAX_IN_FLIGHT_SIZE
  const min = minInFlightBytes(environment)
  if (given === undefined || given >= min) return []
  const expected = `at least ${min}, twice MAX_REQUEST_SIZE`
  return [
    {
      variable: 'MAX_IN_FLIGHT_SIZE',
      value: String(given),
      expected,
      because: 'MAX_REQUEST_SIZE',
    },
  ]
}

/** A certificate, its key, and who may connect with one of their own. */
function tlsProblems(environment: Environment): ConfigProblem[] {
  const { TLS_CERT_FILE: cert, TLS_KEY_FILE: key, TLS_CLIENT_CA_FILE: clientCa } = environment
  const missing = (variable: VariableName, because: VariableName, expected: string) => [
    { variable, value: undefined, expected, because },
  ]
  const file = 'the path of a PEM file'
  if (cert !== undefined && key === undefined) {
    return missing('TLS_KEY_FILE', 'TLS_CERT_FILE', `${file}, the key of that certificate`)
  }
  if (key !== undefined && cert === undefined) {
    return missing('TLS_CERT_FILE', 'TLS_KEY_FILE', `${file}, the certificate of that key`)
  }
  if (clientCa === undefined || cert !== undefined) return []
  return missing('TLS_CERT_FILE', 'TLS_CLIENT_CA_FILE', `${file}: mTLS needs TLS`)
}

/** Settings that say where something is sent to by OTLP. */
const otlpTargets = [
  'EXPORT_OTLP_ENDPOINT',
  'FORWARD_OTLP_ENDPOINT',
] as const satisfies readonly VariableName[]

/** What the bridge sends must not come back to it. */
function loopProblems(environment: Environment): ConfigProblem[] {
  const { OTLP_RECEIVER_HOST: host, OTLP_RECEIVER_PORT: port } = environment
  return otlpTargets.flatMap((variable): ConfigProblem[] => {
    const value = environment[variable]
    if (value === undefined) return []
    const target = new URL(value)
    const targetHost = target.hostname.replace(/^\[|\]$/g, '')
    const targetPort = Number(target.port || (target.protocol === 'https:' ? 443 : 80))
    if (targetPort !== port || !(isLoopback(targetHost) || targetHost === host)) return []
    const expected = 'the address of another receiver: this is the bridge itself'
    return [{ variable, value, expected, because: 'OTLP_RECEIVER_PORT' }]
  })
}

/** A provider needs all of these; beyond this machine, nobody may read what it says on the way. */
function oidcProblems(environment: Environment): ConfigProblem[] {
  const { OIDC_ISSUER: issuer } = environment
  if (issuer === undefined) return []
  const needed = ['OIDC_CLIENT_ID', 'OIDC_CLIENT_SECRET', 'PUBLIC_URL'] as const
  const problems: ConfigProblem[] = needed
    .filter((name) => environment[name] === undefined)
    .map((variable) => {
      const expected = 'a value, since OIDC_ISSUER is set'
      return { variable, value: undefined, expected, because: 'OIDC_ISSUER' }
    })
  const { protocol, hostname } = new URL(issuer)
  if (protocol === 'http:' && !isLoopback(hostname)) {
    const expected = 'an https address: keys and logins go there'
    problems.push({ variable: 'OIDC_ISSUER', value: issuer, expected })
  }
  return problems
}

/** Each server has a port of its own; 0 is always a free one. */
function portProblems(environment: Environment): ConfigProblem[] {
  const pairs = [
    ['OTLP_GRPC_PORT', 'OTLP_RECEIVER_PORT', ', or off'],
    ['METRICS_PORT', 'OTLP_RECEIVER_PORT', ''],
    ['METRICS_PORT', 'OTLP_GRPC_PORT', ''],
  ] as const
  return pairs.flatMap(([variable, because, orElse]): ConfigProblem[] => {
    const port = environment[variable]
    if (typeof port !== 'number' || port === 0 || port !== environment[because]) return []
    const expected = `another port than ${because}${orElse}`
    return [{ variable, value: String(port), expected, because }]
  })
}
