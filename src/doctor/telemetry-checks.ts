/**
 * Whether the environment of Claude Code has it report to a bridge. Pure: from the environment
 * alone.
 */
import { isAbsolute, relative } from 'node:path'
import { PROTOCOLS } from '../setup/telemetry-environment.ts'
import type { ClaudeEnvironment } from './claude-environment.ts'
import { fault, fine, type Finding, quote, warning } from './finding.ts'
import { overrideFindings } from './override-checks.ts'
import { grpcHeaders, httpHeaders, unsendable } from './header-list.ts'
import {
  brokenInterval,
  hasNoTransport,
  isOn,
  isSent,
  signalPlans,
  SIGNALS,
  signalVariable,
  unknownExporters,
} from './signal-plan.ts'

const INSTALL = 'claude-telemetry install'
const PROTOCOL = 'OTEL_EXPORTER_OTLP_PROTOCOL'
const ENDPOINT = 'OTEL_EXPORTER_OTLP_ENDPOINT'

export function telemetryFindings(environment: ClaudeEnvironment): readonly Finding[] {
  const switchedOn = enabled(environment)
  if (switchedOn.status === 'fail') return [switchedOn]
  return [
    switchedOn,
    logsExporter(environment),
    metricsExporter(environment),
    ...unknown(environment),
    ...interval(environment),
    ...protocols(environment),
    ...endpoints(environment),
    ...headers(environment),
    ...sessionId(environment),
    ...betaEndpoint(environment),
    ...resource(environment),
    ...temporality(environment),
    ...overrideFindings(environment),
  ]
}

function enabled(environment: ClaudeEnvironment): Finding {
  const id = 'telemetry.enabled'
  const set = environment.get('CLAUDE_CODE_ENABLE_TELEMETRY')
  if (set === undefined) {
    return fault(
      id,
      'Claude Code is not set to send telemetry (CLAUDE_CODE_ENABLE_TELEMETRY)',
      INSTALL,
    )
  }
  if (isOn(set.value)) return fine(id, `switched on by ${set.from}`)
  return fault(
    id,
    `CLAUDE_CODE_ENABLE_TELEMETRY is ${quote(set.value)} in ${set.from}`,
    'Set it to 1 there',
  )
}

function logsExporter(environment: ClaudeEnvironment): Finding {
  const id = 'telemetry.logs'
  const set = environment.get('OTEL_LOGS_EXPORTER')
  if (exportsOtlp(set?.value)) return fine(id, 'events are sent')
  const found = set === undefined ? 'not set' : `${quote(set.value)} in ${set.from}`
  return fault(
    id,
    `OTEL_LOGS_EXPORTER is ${found}: no events are sent, and traces need them`,
    INSTALL,
  )
}

function metricsExporter(environment: ClaudeEnvironment): Finding {
  const id = 'telemetry.metrics'
  const set = environment.get('OTEL_METRICS_EXPORTER')
  if (exportsOtlp(set?.value)) return fine(id, 'metrics are sent')
  const found = set === undefined ? 'not set' : `${quote(set.value)} in ${set.from}`
  return warning(
    id,
    `OTEL_METRICS_EXPORTER is ${found}: lines, commits and active time stay unknown`,
    INSTALL,
  )
}

/** One name that is no exporter's, and Claude Code exports nothing at all. */
function unknown(environment: ClaudeEnvironment): Finding[] {
  return unknownExporters(environment).map(({ name, value, from }) =>
    fault(
      'telemetry.exporters',
      `${name} is ${quote(value)} in ${from}, which is not the name of an exporter: no signal is sent`,
      `Set it to otlp there (in lower case)`,
    ),
  )
}

function interval(environment: ClaudeEnvironment): Finding[] {
  const set = brokenInterval(environment)
  if (set === undefined) return []
  const what = `${set.name} is ${quote(set.value)} in ${set.from}: no signal is sent`
  return [fault('telemetry.interval', what, 'Set it to milliseconds there, or remove it')]
}

function exportsOtlp(value = ''): boolean {
  return value.split(',').some((name) => name.trim() === 'otlp')
}

/** What the signals go by: one finding where they go by the same. */
function protocols(environment: ClaudeEnvironment): Finding[] {
  const signals = SIGNALS.filter((signal) => isSent(signal, environment))
  const found = signals.map((signal) => {
    const { value, isOwn } = signalVariable(environment, signal, 'PROTOCOL')
    const id = isOwn ? `telemetry.${signal}-protocol` : 'telemetry.protocol'
    if (value === undefined && hasNoTransport(environment)) {
      const what = `neither ${PROTOCOL} nor ${ENDPOINT} is set for all signals: nothing is sent`
      return fault('telemetry.protocol', what, INSTALL)
    }
    if (value === undefined) {
      return warning(id, `${PROTOCOL} is not set: some versions send nothing without it`, INSTALL)
    }
    if (PROTOCOLS.some((known) => known === value.value)) {
      return fine(id, `${value.value}, from ${value.from}`)
    }
    return fault(
      id,
      `${value.name} is ${quote(value.value)} in ${value.from}, which is not a protocol: nothing is sent for any signal`,
      `Set it to one of ${PROTOCOLS.join(', ')} there`,
    )
  })
  return distinct(found)
}

function endpoints(environment: ClaudeEnvironment): Finding[] {
  const found = signalPlans(environment, {}).map(
    ({ signal, protocol, endpoint, isOwn, isStray, url }) => {
      const id = isOwn ? `telemetry.${signal}-endpoint` : 'telemetry.endpoint'
      if (endpoint === undefined) {
        return fine(id, `${ENDPOINT} is not set: the default of Claude Code applies`)
      }
      const begin = `${endpoint.name} is ${quote(endpoint.value)} in ${endpoint.from}, which is not a URL`
      if (url === undefined) return fault(id, `${begin}: nothing is sent`, INSTALL)
      if (protocol !== 'grpc' && !URL.canParse(endpoint.value)) {
        const what = `${begin}: the default applies, ${url.origin}`
        return isStray ? fault(id, what, INSTALL) : warning(id, what, INSTALL)
      }
      if (protocol !== 'grpc' && url.hostname.startsWith('[')) {
        const what = `${endpoint.name} is ${quote(endpoint.value)} in ${endpoint.from}: Claude Code cannot post to an IPv6 address`
        return fault(id, what, 'Use a name there, such as localhost, or an IPv4 address')
      }
      return fine(id, `${endpoint.value}, from ${endpoint.from}`)
    },
  )
  return distinct(found)
}

/** Each finding once. */
function distinct(findings: readonly Finding[]): Finding[] {
  const keys = findings.map((finding) => JSON.stringify(finding))
  return findings.filter((_, index) => keys.indexOf(keys[index] ?? '') === index)
}

const HEADER_VARIABLES = [
  'OTEL_EXPORTER_OTLP_HEADERS',
  ...SIGNALS.map((signal) => `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_HEADERS`),
]

/** `Name: value` is how HTTP writes it; these variables have `Name=value`, and quotes are not taken off. */
function headers(environment: ClaudeEnvironment): Finding[] {
  const isGrpc = signalPlans(environment, {}).some(({ protocol }) => protocol === 'grpc')
  return HEADER_VARIABLES.flatMap((name, index): Finding[] => {
    const set = environment.get(name)
    if (set === undefined) return []
    const { value, from } = set
    const pairs = value.split(',').filter((pair) => pair.trim() !== '')
    const todo = 'Write it as Authorization=Bearer <key>'
    const lists = index === 0 ? { common: value, own: '' } : { common: '', own: value }
    const odd = unsendable(isGrpc ? grpcHeaders(lists) : httpHeaders(lists), isGrpc)
    const end = odd === undefined ? '' : ', and nothing is sent with an invalid header'
    if (!pairs.every((pair) => /^[^=:{]+=/.test(pair))) {
      const what = `${name} in ${from} is not written as Name=value${end}`
      return [fault('telemetry.headers', what, todo)]
    }
    if (odd !== undefined) {
      const what = `${name} in ${from} has the header ${quote(odd)}, which cannot be sent: nothing is sent with it`
      return [fault('telemetry.headers', what, todo)]
    }
    if (pairs.some((pair) => /^[^=]+=\s*(["']).*\1\s*$/.test(pair))) {
      const what = `${name} in ${set.from} has quotes, which are sent as part of the value`
      return [warning('telemetry.headers', what, todo)]
    }
    return []
  })
}

/** A list of `key=value`, percent-encoded; for one pair that cannot be read Claude Code drops all of it. */
function resource(environment: ClaudeEnvironment): Finding[] {
  const set = environment.get('OTEL_RESOURCE_ATTRIBUTES')
  if (set === undefined) return []
  const id = 'telemetry.resource'
  const begin = `OTEL_RESOURCE_ATTRIBUTES in ${set.from}`
  const pairs = set.value.split(',').filter((pair) => pair.trim() !== '')
  const todo = 'Write it as team=core,project=billing, with other characters percent-encoded'
  const unreadable = pairs.find((pair) => !isReadable(pair))
  if (unreadable !== undefined) {
    return [warning(id, `${begin} has ${quote(unreadable)}, so all of it is dropped`, todo)]
  }
  if (pairs.some((pair) => /(^|=)\s*["']|["']\s*$/.test(pair))) {
    return [warning(id, `${begin} has quotes, which become part of the attributes`, todo)]
  }
  const wrong = pairs.find((pair) => !/^[^=]*[^=\s][^=]*=/.test(pair))
  if (wrong !== undefined) {
    return [warning(id, `${begin} has ${quote(wrong)}, which is not key=value`, todo)]
  }
  return [fine(id, `${pairs.length} resource attributes, from ${set.from}`)]
}

const MAX_RESOURCE_LENGTH = 255

/** With one equals sign at most, percent signs that can be decoded, and neither part too long. */
function isReadable(pair: string): boolean {
  const parts = pair.split('=')
  return (
    parts.length <= 2 &&
    parts.every((part) => part.trim().length <= MAX_RESOURCE_LENGTH && isDecodable(part))
  )
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

const TEMPORALITIES: readonly string[] = ['delta', 'cumulative', 'lowmemory']

/** The bridge takes them all. */
function temporality(environment: ClaudeEnvironment): Finding[] {
  const set = environment.get('OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE')
  if (set === undefined || TEMPORALITIES.includes(set.value.toLowerCase())) return []
  const what = `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE is ${quote(set.value)} in ${set.from}, which is not a temporality: cumulative sums are sent`
  return [warning('telemetry.temporality', what, `Set it to one of ${TEMPORALITIES.join(', ')}`)]
}

/** With it, logs and traces go there and nowhere else, whatever the exporters. */
function betaEndpoint(environment: ClaudeEnvironment): Finding[] {
  const set = environment.get('BETA_TRACING_ENDPOINT')
  if (set === undefined || !isOn(environment.get('ENABLE_BETA_TRACING_DETAILED')?.value)) return []
  const what = `BETA_TRACING_ENDPOINT in ${set.from}: logs and traces go only to ${quote(set.value)}`
  return [warning('telemetry.beta-endpoint', what, 'Remove it, unless the bridge listens there')]
}

function sessionId(environment: ClaudeEnvironment): Finding[] {
  const set = environment.get('OTEL_METRICS_INCLUDE_SESSION_ID')
  if (!/^(0|false|no|off)$/i.test(set?.value ?? '')) return []
  const what = `OTEL_METRICS_INCLUDE_SESSION_ID is ${set?.value} in ${set?.from}: records name no session and are grouped by day`
  return [warning('telemetry.session-id', what, 'Remove it there')]
}

/** Raw API bodies that Claude Code writes to files are read below `bodyFolders` only. */
export function bodyFindings(
  environment: ClaudeEnvironment,
  bodyFolders: readonly string[],
): readonly Finding[] {
  const set = environment.get('OTEL_LOG_RAW_API_BODIES')
  const folder = /^file:(.+)$/.exec(set?.value ?? '')?.[1]
  if (folder === undefined) return []
  const id = 'telemetry.bodies'
  if (bodyFolders.some((each) => isWithin(each, folder))) {
    return [fine(id, `raw API bodies are read from ${folder}`)]
  }
  const what = `Claude Code writes raw API bodies to ${folder}, where the bridge does not read them`
  return [warning(id, what, `Add ${folder} to BODY_FOLDERS, and restart the bridge`)]
}

function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return !isAbsolute(way) && way.split(/[\\/]/)[0] !== '..'
}
