/**
 * Whether the environment of Claude Code has it report to a bridge. Pure: from the environment
 * alone.
 */
import { isAbsolute, relative } from 'node:path'
import { PROTOCOLS } from '../setup/telemetry-environment.ts'
import type { ClaudeEnvironment } from './claude-environment.ts'
import { fault, fine, type Finding, quote, warning } from './finding.ts'
import { overrideFindings } from './override-checks.ts'
import { isOn, isSent, signalPlans, SIGNALS, signalVariable } from './signal-plan.ts'

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
    ...protocols(environment),
    ...endpoints(environment),
    ...headers(environment),
    ...sessionId(environment),
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
      'Claude Code is not told to send telemetry (CLAUDE_CODE_ENABLE_TELEMETRY)',
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

/** What the signals go by: one finding where they go by the same. */
function protocols(environment: ClaudeEnvironment): Finding[] {
  const signals = SIGNALS.filter((signal) => isSent(signal, environment))
  const found = signals.map((signal) => {
    const { value, isOwn } = signalVariable(environment, signal, 'PROTOCOL')
    const id = isOwn ? `telemetry.${signal}-protocol` : 'telemetry.protocol'
    if (value === undefined) {
      return warning(id, `${PROTOCOL} is not set: some versions send nothing then`, INSTALL)
    }
    if (PROTOCOLS.some((known) => known === value.value)) {
      return fine(id, `${value.value}, from ${value.from}`)
    }
    return fault(
      id,
      `${value.name} is ${quote(value.value)} in ${value.from}, which is no protocol: nothing is sent`,
      `Set it to one of ${PROTOCOLS.join(', ')} there`,
    )
  })
  return distinct(found)
}

function endpoints(environment: ClaudeEnvironment): Finding[] {
  const found = signalPlans(environment, {}).map(({ signal, endpoint, isOwn, url }) => {
    const id = isOwn ? `telemetry.${signal}-endpoint` : 'telemetry.endpoint'
    if (endpoint === undefined) {
      return fine(id, `${ENDPOINT} is not set: the default of Claude Code holds`)
    }
    if (url === undefined) {
      const what = `${endpoint.name} is ${quote(endpoint.value)} in ${endpoint.from}, which is no address`
      return fault(id, what, INSTALL)
    }
    return fine(id, `${endpoint.value}, from ${endpoint.from}`)
  })
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
  // Those of a signal count only where the common ones are not set.
  const isCommon = environment.get('OTEL_EXPORTER_OTLP_HEADERS') !== undefined
  return HEADER_VARIABLES.slice(0, isCommon ? 1 : undefined).flatMap((name): Finding[] => {
    const set = environment.get(name)
    if (set === undefined) return []
    const pairs = set.value.split(',')
    const todo = 'Write it as Authorization=Bearer <key>'
    if (!pairs.every((pair) => /^[^=:{]+=/.test(pair))) {
      const what = `${name} in ${set.from} is not written as Name=value`
      return [fault('telemetry.headers', what, todo)]
    }
    if (pairs.some((pair) => /^[^=]+=\s*(["']).*\1\s*$/.test(pair))) {
      const what = `${name} in ${set.from} has quotes, which are sent as part of the value`
      return [warning('telemetry.headers', what, todo)]
    }
    return []
  })
}

/** A list of `key=value`, percent-encoded; one wrong sign, and Claude Code drops all of it. */
function resource(environment: ClaudeEnvironment): Finding[] {
  const set = environment.get('OTEL_RESOURCE_ATTRIBUTES')
  if (set === undefined) return []
  const id = 'telemetry.resource'
  const begin = `OTEL_RESOURCE_ATTRIBUTES in ${set.from}`
  const pairs = set.value.split(',').filter((pair) => pair.trim() !== '')
  const todo = 'Write it as team=core,project=billing, other signs percent-encoded'
  if (set.value.includes(';')) {
    return [warning(id, `${begin} has a ";", for which all of it is dropped`, todo)]
  }
  if (/["']/.test(set.value)) {
    return [warning(id, `${begin} has quotes, which become part of the attributes`, todo)]
  }
  const wrong = pairs.find((pair) => !/^\s*[^=\s]+\s*=/.test(pair))
  if (wrong !== undefined) {
    return [warning(id, `${begin} has ${quote(wrong)}, which is no key=value`, todo)]
  }
  return [fine(id, `${pairs.length} resource attributes, from ${set.from}`)]
}

const TEMPORALITIES: readonly string[] = ['delta', 'cumulative', 'lowmemory']

/** The bridge takes them all. */
function temporality(environment: ClaudeEnvironment): Finding[] {
  const set = environment.get('OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE')
  if (set === undefined || TEMPORALITIES.includes(set.value.toLowerCase())) return []
  const what = `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE is ${quote(set.value)} in ${set.from}, which is no temporality: the default holds`
  return [warning('telemetry.temporality', what, `Set it to one of ${TEMPORALITIES.join(', ')}`)]
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
