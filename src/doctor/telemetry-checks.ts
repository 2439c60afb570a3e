/**
 * Whether the environment of Claude Code has it report to a bridge. Pure: from the environment
 * alone.
 */
import { isAbsolute, relative } from 'node:path'
import { PROTOCOLS, type Protocol } from '../setup/telemetry-environment.ts'
import type { ClaudeEnvironment } from './claude-environment.ts'
import { fault, fine, type Finding, quote, warning } from './finding.ts'
import { overrideFindings } from './override-checks.ts'

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
    protocol(environment),
    endpoint(environment),
    ...headers(environment),
    ...sessionId(environment),
    ...overrideFindings(environment),
  ]
}

/** The protocol in force, where it is one that there is. */
export function protocolOf(environment: ClaudeEnvironment): Protocol | undefined {
  return PROTOCOLS.find((known) => known === environment.get(PROTOCOL)?.value)
}

function enabled(environment: ClaudeEnvironment): Finding {
  const id = 'telemetry.enabled'
  const set = environment.get('CLAUDE_CODE_ENABLE_TELEMETRY')
  if (set === undefined) {
    return fault(
      id,
      'Claude Code is not told to send telemetry (CLAUDE_CODE_ENABLE_TELEMETRY)',
      INSTALL,
    )
  }
  if (/^(1|true|yes|on)$/i.test(set.value)) return fine(id, `switched on by ${set.from}`)
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
    `OTEL_LOGS_EXPORTER is ${found}: no events are sent, and traces are made of them`,
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

function exportsOtlp(value = ''): boolean {
  return value.split(',').some((name) => name.trim() === 'otlp')
}

function protocol(environment: ClaudeEnvironment): Finding {
  const id = 'telemetry.protocol'
  const set = environment.get(PROTOCOL)
  if (set === undefined) {
    return warning(id, `${PROTOCOL} is not set: some versions send nothing then`, INSTALL)
  }
  if (protocolOf(environment) !== undefined) return fine(id, `${set.value}, from ${set.from}`)
  return fault(
    id,
    `${PROTOCOL} is ${quote(set.value)} in ${set.from}, which is no protocol: nothing is sent`,
    `Set it to one of ${PROTOCOLS.join(', ')} there`,
  )
}

function endpoint(environment: ClaudeEnvironment): Finding {
  const id = 'telemetry.endpoint'
  const set = environment.get(ENDPOINT)
  if (set === undefined) {
    return warning(id, `${ENDPOINT} is not set: the default of Claude Code holds`, INSTALL)
  }
  const url = URL.canParse(set.value) ? new URL(set.value) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    return fault(
      id,
      `${ENDPOINT} is ${quote(set.value)} in ${set.from}, which is no address`,
      INSTALL,
    )
  }
  if (protocolOf(environment) !== 'grpc' && /\/v1\/(logs|metrics|traces)\/?$/.test(url.pathname)) {
    const what = `${ENDPOINT} ends with ${url.pathname}, and Claude Code adds that once more`
    return warning(
      id,
      what,
      `Set it to ${url.origin} in ${set.from}: another collector than this bridge takes nothing there`,
    )
  }
  return fine(id, `${set.value}, from ${set.from}`)
}

/** `Name: value` is how HTTP writes it; this variable has `Name=value`. */
function headers(environment: ClaudeEnvironment): Finding[] {
  const set = environment.get('OTEL_EXPORTER_OTLP_HEADERS')
  if (set === undefined || set.value.split(',').every((pair) => /^[^=:]+=/.test(pair))) return []
  const what = `OTEL_EXPORTER_OTLP_HEADERS in ${set.from} is not written as Name=value`
  return [fault('telemetry.headers', what, 'Write it as Authorization=Bearer <key>')]
}

function sessionId(environment: ClaudeEnvironment): Finding[] {
  const set = environment.get('OTEL_METRICS_INCLUDE_SESSION_ID')
  if (!/^(0|false|no|off)$/i.test(set?.value ?? '')) return []
  const what = `OTEL_METRICS_INCLUDE_SESSION_ID is ${set?.value} in ${set?.from}: records name no session and are grouped by day`
  return [warning('telemetry.session-id', what, 'Take it out there')]
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
  return [warning(id, what, `Add ${folder} to BODY_FOLDERS, and start the bridge anew`)]
}

function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return !isAbsolute(way) && way.split(/[\\/]/)[0] !== '..'
}
