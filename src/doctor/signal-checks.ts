/**
 * Whether each signal arrives: tries exactly what Claude Code would send, with nothing in it. What
 * several signals have in common is said once.
 */
import type { ReceiverConfig } from '../config/config.ts'
import { isLoopback } from '../config/loopback.ts'
import type { Answer, BridgeProbe } from './bridge-probe.ts'
import { DEFAULT_GRPC_PORT, healthOf, livenessOf } from './bridge-target.ts'
import { fault, fine, type Finding, quote, skipped, warning } from './finding.ts'
import { hostOf, type NamedValue, type SignalId, type SignalPlan } from './signal-plan.ts'

export interface SignalExamination {
  readonly findings: readonly Finding[]
  /** Logs arrive, so that a test record would. */
  readonly takesRecords: boolean
  /** Logs were tried. */
  readonly isTried: boolean
}

/** What came of one signal: a finding without the names of the signals. */
type Outcome = Omit<Finding, 'what'> & { readonly what: (signals: string) => string }

interface Trial {
  readonly plan: SignalPlan
  readonly outcome: Outcome
}

/** What the checks know of the bridge. */
export interface SignalContext {
  /** Where the bridge answered. */
  readonly base: string
  readonly receiver: ReceiverConfig
  readonly probe: BridgeProbe
  /** `otelHeadersHelper` is set. */
  readonly hasHelper: boolean
}

export async function examineSignals(
  plans: readonly SignalPlan[],
  context: SignalContext,
): Promise<SignalExamination> {
  const trials: Trial[] = []
  for (const plan of plans) {
    const outcome = await tried(plan, context)
    if (outcome !== undefined) trials.push({ plan, outcome })
  }
  const logs = trials.find(({ plan }) => plan.signal === 'logs')
  return {
    findings: grouped(trials),
    takesRecords: logs?.outcome.status === 'ok',
    isTried: logs !== undefined,
  }
}

/** `undefined` where another check says what is wrong. */
async function tried(plan: SignalPlan, context: SignalContext): Promise<Outcome | undefined> {
  const { url, protocol } = plan
  if (url === undefined || plan.isStray || plan.unsendable !== undefined) return undefined
  // The exporter asks for a host that has the brackets in its name.
  if (protocol !== 'grpc' && url.hostname.startsWith('[')) return undefined
  return protocol === 'grpc' ? grpcOutcome(plan, url, context) : httpOutcome(plan, url, context)
}

const bodies: Readonly<Record<SignalId, object>> = {
  logs: { resourceLogs: [] },
  metrics: { resourceMetrics: [] },
  traces: { resourceSpans: [] },
}

async function httpOutcome(plan: SignalPlan, url: URL, context: SignalContext): Promise<Outcome> {
  const { signal, headers, isOwn } = plan
  const { probe } = context
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80)
  if (plan.proxy && !(await probe.connectsThrough(plan.proxy.value, hostOf(url), port))) {
    return wrongProxy(plan.proxy, 'HTTP', hostOf(url), port)
  }
  const isBridge = await isBridgeAt(url, context)
  if (isBridge && isOwn && !new RegExp(`/v1/${signal}/*$`).test(url.pathname)) {
    return wrongPath(plan, url)
  }
  const body = plan.protocol === 'http/json' ? bodies[signal] : undefined
  const answer =
    body === undefined
      ? await probe.postProtobuf(url.href, headers)
      : await probe.post(url.href, body, headers)
  if (isBridge) return outcomeOf(answer, plan, url, context)
  return elsewhere(answer, plan, url)
}

async function isBridgeAt(url: URL, { base, probe }: SignalContext): Promise<boolean> {
  if (url.origin === new URL(base).origin) return true
  const folder = url.pathname.replace(/\/v1\/(logs|metrics|traces)\/*$/, '').replace(/\/+$/, '')
  const answer = await probe.get(`${url.origin}${isLoopback(hostOf(url)) ? '' : folder}/health`)
  if (answer.kind === 'no_answer') return false
  if (isHostRefusal(answer)) return true
  return healthOf(answer.text) !== undefined || livenessOf(answer.text) !== undefined
}

function wrongPath({ signal, endpoint }: SignalPlan, url: URL): Outcome {
  const what = `${setting(endpoint)} is used as is: ${signal} are posted to ${url.pathname}`
  return {
    id: `telemetry.${signal}-endpoint`,
    status: 'fail',
    what: () => what,
    todo: `Set it to ${url.origin}/v1/${signal}, or remove it`,
  }
}

/** The bridge is not there: something else is, or nothing. */
function elsewhere(answer: Answer, { signal, endpoint, isOwn }: SignalPlan, url: URL): Outcome {
  const id = isOwn ? `telemetry.${signal}-endpoint` : 'telemetry.endpoint'
  const where = endpoint === undefined ? `the default applies, ${url.origin}` : setting(endpoint)
  const todo =
    endpoint === undefined
      ? 'claude-telemetry install'
      : `Remove ${endpoint.name} from ${endpoint.from}, or set it to the address of the bridge`
  if (answer.kind === 'answer' && answer.status === 200) {
    const what = `${where}: ${signal} go to a program that is not the bridge`
    return { id, status: 'warn', what: () => what, todo }
  }
  const said = answer.kind === 'answer' ? `it answers HTTP ${answer.status}` : answer.error
  return { id, status: 'fail', what: () => `${where}, and no bridge is there (${said})`, todo }
}

function setting(endpoint: SignalPlan['endpoint']): string {
  if (endpoint === undefined) return 'the default endpoint'
  return `${endpoint.name} is ${quote(endpoint.value)} in ${endpoint.from}`
}

function outcomeOf(answer: Answer, plan: SignalPlan, url: URL, context: SignalContext): Outcome {
  if (answer.kind === 'no_answer') return brokeOff(answer.error)
  if (answer.status === 200) return taken
  if (answer.status === 401) return keyRefused(plan, context)
  if (answer.status === 403) return hostRefused(hostOf(url))
  return refused(`HTTP ${answer.status}`)
}

const taken: Outcome = {
  id: 'bridge.key',
  status: 'ok',
  what: (signals) => `the bridge accepts ${signals} as Claude Code sends them`,
}

function brokeOff(error: string): Outcome {
  const what = (signals: string) => `a request with ${signals} was cut off: ${error}`
  return { id: 'bridge.key', status: 'fail', what, todo: "Check the bridge's log" }
}

function refused(how: string): Outcome {
  const what = (signals: string) => `an empty request for ${signals} was answered ${how}`
  return { id: 'bridge.key', status: 'fail', what, todo: "Check the bridge's log" }
}

function keyRefused({ headers, protocol }: SignalPlan, { hasHelper }: SignalContext): Outcome {
  const isSent = Object.keys(headers).some((name) => name.toLowerCase() === 'authorization')
  const says = isSent
    ? 'the bridge does not accept the key'
    : 'the bridge requires a key, and none is sent'
  const helperHint = hasHelper && protocol === 'grpc' && !isSent
  return {
    id: 'bridge.key',
    status: 'fail',
    what: (signals) => `${says} with ${signals} (401)`,
    todo: helperHint
      ? 'otelHeadersHelper does not work over gRPC: set OTEL_EXPORTER_OTLP_HEADERS, or OTEL_EXPORTER_OTLP_PROTOCOL to http/json'
      : 'claude-telemetry install --api-key - reads the API_KEY of the bridge from standard input',
  }
}

/** A bridge without a key does not answer to every name, and says so. */
export function isHostRefusal({ status, text }: Extract<Answer, { kind: 'answer' }>): boolean {
  return status === 403 && text.includes('Host header')
}

/** This has nothing to do with the key: a bridge without one takes requests for this machine only. */
export function hostRefused(host: string): Outcome {
  return {
    id: 'bridge.host',
    status: 'fail',
    what: () =>
      `the bridge refuses requests for the name ${quote(host)} (403): without an API_KEY it accepts only those for localhost`,
    todo: 'Start the bridge with an API_KEY, and have Claude Code send it (claude-telemetry install --api-key -); on one machine, use http://127.0.0.1',
  }
}

async function grpcOutcome(plan: SignalPlan, url: URL, context: SignalContext): Promise<Outcome> {
  const { probe, receiver } = context
  const host = hostOf(url)
  const port = Number(url.port) || DEFAULT_GRPC_PORT
  const where = `${host}:${port}`
  if (plan.proxy !== undefined) {
    if (!(await probe.connectsThrough(plan.proxy.value, host, port))) {
      return wrongProxy(plan.proxy, 'gRPC', host, port)
    }
  } else if (!(await probe.accepts(host, port))) {
    const todo =
      receiver.grpcPort === undefined
        ? 'The bridge has OTLP_GRPC_PORT=off: set a port, or claude-telemetry install --protocol http/json'
        : 'claude-telemetry install --protocol grpc writes the address of the bridge'
    const what = `nothing accepts gRPC at ${where}`
    return { id: 'bridge.grpc', status: 'fail', what: () => what, todo }
  }
  // The key is tried without the proxy, where that is possible.
  if (plan.proxy !== undefined && !(await probe.accepts(host, port))) {
    return { ...taken, what: (signals) => `${signals} get through the proxy` }
  }
  const answer = await probe.grpc(url, plan.signal, plan.headers)
  if (answer.kind === 'no_answer') return grpcBrokeOff(where, answer.error)
  if (answer.code === 0) return taken
  if (answer.code === 16) return keyRefused(plan, context)
  return answer.code === 7 ? hostRefused(host) : refused(`with gRPC status ${answer.code}`)
}

function grpcBrokeOff(where: string, error: string): Outcome {
  const what = `the server at ${where} does not speak gRPC (${error})`
  const todo = 'claude-telemetry install --protocol grpc writes the address of the bridge'
  return { id: 'bridge.grpc', status: 'fail', what: () => what, todo }
}

function wrongProxy(
  { name, value, from }: NamedValue,
  transport: 'HTTP' | 'gRPC',
  host: string,
  port: number,
): Outcome {
  const proxy = `the proxy ${withoutPassword(value)} (${name} in ${from})`
  const what = `${transport} to ${host}:${port} goes through ${proxy}, which does not reach it`
  const instead = isLoopback(host) ? ', or use http/json, which takes no proxy on one machine' : ''
  const todo = `Add ${host} to no_proxy where ${name} is set${instead}`
  return { id: 'bridge.proxy', status: 'fail', what: () => what, todo }
}

function withoutPassword(address: string): string {
  const url = new URL(address)
  return url.origin
}

/** One finding for all signals of which the same is to be said. */
function grouped(trials: readonly Trial[]): readonly Finding[] {
  const groups = new Map<string, { outcome: Outcome; signals: SignalId[] }>()
  for (const { plan, outcome } of trials) {
    const key = JSON.stringify([outcome.id, outcome.status, outcome.what(''), outcome.todo])
    const group = groups.get(key) ?? { outcome, signals: [] }
    group.signals.push(plan.signal)
    groups.set(key, group)
  }
  return [...groups.values()].map(({ outcome, signals }) => {
    const { id, status, todo } = outcome
    const what = outcome.what(listed(signals))
    if (status === 'ok') return fine(id, what)
    if (status === 'skip') return skipped(id, what)
    return status === 'warn' ? warning(id, what, todo ?? '') : fault(id, what, todo ?? '')
  })
}

function listed(signals: readonly string[]): string {
  const last = signals.at(-1) ?? ''
  return signals.length < 2 ? last : `${signals.slice(0, -1).join(', ')} and ${last}`
}
