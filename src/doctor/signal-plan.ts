/**
 * Where each signal of Claude Code goes, and how: URL, protocol, headers and proxy, worked out from
 * its environment as Claude Code and its exporters do. Pure; measured on 2.1.329.
 */
import { isLoopback } from '../config/loopback.ts'
import { PROTOCOLS, type Protocol } from '../setup/telemetry-environment.ts'
import type { ClaudeEnvironment, EffectiveValue } from './claude-environment.ts'
import { grpcHeaders, type Headers, httpHeaders, unsendable } from './header-list.ts'

export const SIGNALS = ['logs', 'metrics', 'traces'] as const
export type SignalId = (typeof SIGNALS)[number]

/** A variable in force, with its name. */
export interface NamedValue extends EffectiveValue {
  readonly name: string
}

export interface SignalPlan {
  readonly signal: SignalId
  readonly protocol: Protocol
  /** The variable that gives the address; `undefined` when the default holds. */
  readonly endpoint: NamedValue | undefined
  /** The endpoint is this signal's alone. */
  readonly isOwn: boolean
  /** Over HTTP where it is posted to, over gRPC the address; `undefined` when nothing is sent there. */
  readonly url: URL | undefined
  /** The endpoint is no address, so that the default holds, which nobody asked for. */
  readonly isStray: boolean
  readonly headers: Headers
  /** The name of a header that cannot be sent, for which nothing is. */
  readonly unsendable: string | undefined
  /** The proxy that the connection goes through. */
  readonly proxy: NamedValue | undefined
}

/**
 * The plans of the signals that are sent. `helped` are the headers that `otelHeadersHelper` gave, names
 * in lower case; `undefined` when it failed, for which nothing is sent over HTTP.
 */
export function signalPlans(
  environment: ClaudeEnvironment,
  helped: Headers | undefined,
): readonly SignalPlan[] {
  if (isSilent(environment)) return []
  return SIGNALS.filter((signal) => isSent(signal, environment)).flatMap((signal) => {
    const protocol = protocolOf(signalVariable(environment, signal, 'PROTOCOL').value)
    if (protocol === undefined || (helped === undefined && protocol !== 'grpc')) return []
    return [planOf(signal, protocol, environment, helped ?? {})]
  })
}

export function isSent(signal: SignalId, environment: ClaudeEnvironment): boolean {
  return exportersOf(signal, environment)?.names.includes('otlp') === true
}

interface Exporters {
  readonly set: NamedValue
  readonly names: readonly string[]
}

/** `undefined` where none is set, or where they do not count. */
function exportersOf(signal: SignalId, environment: ClaudeEnvironment): Exporters | undefined {
  if (signal === 'traces' && !hasTraces(environment)) return undefined
  const set = named(environment, `OTEL_${signal.toUpperCase()}_EXPORTER`)
  return set && { set, names: set.value.split(',').map((name) => name.trim()) }
}

/** The switch has two names, of which the first goes before the second. */
function hasTraces(environment: ClaudeEnvironment): boolean {
  const set =
    environment.get('CLAUDE_CODE_ENHANCED_TELEMETRY_BETA') ??
    environment.get('ENABLE_ENHANCED_TELEMETRY_BETA')
  return isOn(set?.value)
}

const EXPORTERS: Readonly<Record<SignalId, readonly string[]>> = {
  logs: ['otlp', 'console', 'none', ''],
  metrics: ['otlp', 'console', 'prometheus', 'none', ''],
  traces: ['otlp', 'console', 'none', ''],
}

/** The variables that name an exporter that there is not. Names are in lower case. */
export function unknownExporters(environment: ClaudeEnvironment): readonly NamedValue[] {
  return SIGNALS.flatMap((signal) => {
    const exporters = exportersOf(signal, environment)
    const isKnown = exporters?.names.every((name) => EXPORTERS[signal].includes(name)) ?? true
    return exporters === undefined || isKnown ? [] : [exporters.set]
  })
}

/** The variables that give a signal that is sent a protocol that there is not. */
export function unknownProtocols(environment: ClaudeEnvironment): readonly NamedValue[] {
  const set = SIGNALS.filter((signal) => isSent(signal, environment)).flatMap(
    (signal) => signalVariable(environment, signal, 'PROTOCOL').value ?? [],
  )
  return set.filter(
    (value, index) =>
      protocolOf(value) === undefined && set.findIndex(({ name }) => name === value.name) === index,
  )
}

/** A signal that is sent has neither a protocol nor an endpoint. */
export function hasNoTransport(environment: ClaudeEnvironment): boolean {
  return SIGNALS.filter((signal) => isSent(signal, environment)).some((signal) => {
    const endpoint = signalVariable(environment, signal, 'ENDPOINT').value?.value ?? ''
    const protocol = signalVariable(environment, signal, 'PROTOCOL').value
    return protocol === undefined && !URL.canParse(endpoint)
  })
}

/** The interval of metrics where it is none. */
export function brokenInterval(environment: ClaudeEnvironment): NamedValue | undefined {
  const set = named(environment, 'OTEL_METRIC_EXPORT_INTERVAL')
  return isSent('metrics', environment) && set && Number(set.value) <= 0 ? set : undefined
}

/** One of these faults, and Claude Code exports no signal at all. */
function isSilent(environment: ClaudeEnvironment): boolean {
  return (
    unknownExporters(environment).length > 0 ||
    unknownProtocols(environment).length > 0 ||
    hasNoTransport(environment) ||
    brokenInterval(environment) !== undefined
  )
}

export function isOn(value = ''): boolean {
  return /^(1|true|yes|on)$/i.test(value)
}

/** The signal's own variable, which goes before the common one. */
export function signalVariable(
  environment: ClaudeEnvironment,
  signal: SignalId,
  part: 'ENDPOINT' | 'PROTOCOL',
): { readonly value: NamedValue | undefined; readonly isOwn: boolean } {
  const own = named(environment, `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_${part}`)
  if (own !== undefined) return { value: own, isOwn: true }
  return { value: named(environment, `OTEL_EXPORTER_OTLP_${part}`), isOwn: false }
}

function named(environment: ClaudeEnvironment, name: string): NamedValue | undefined {
  const found = environment.get(name)
  return found && { ...found, name }
}

function planOf(
  signal: SignalId,
  protocol: Protocol,
  environment: ClaudeEnvironment,
  helped: Headers,
): SignalPlan {
  const { value: endpoint, isOwn } = endpointOf(signal, protocol, environment)
  const textOf = (name: string): string => environment.get(name)?.value ?? ''
  const lists = {
    common: textOf('OTEL_EXPORTER_OTLP_HEADERS'),
    own: textOf(`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_HEADERS`),
  }
  const plan = { signal, protocol, endpoint, isOwn }
  if (protocol === 'grpc') {
    const insecure = `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_INSECURE`
    const isInsecure = /^true$/i.test(textOf(insecure) || textOf('OTEL_EXPORTER_OTLP_INSECURE'))
    const url = grpcUrl(endpoint?.value ?? 'http://localhost:4317', isInsecure)
    const headers = grpcHeaders(lists)
    const proxy = url && grpcProxy(environment, hostOf(url))
    return { ...plan, url, isStray: false, headers, unsendable: unsendable(headers, true), proxy }
  }
  const url = isOwn && endpoint ? httpUrl(endpoint.value) : commonUrl(signal, endpoint?.value)
  const headers = { ...httpHeaders(lists), ...helped }
  const isStray = endpoint !== undefined && !isOwn && !isAddress(endpoint.value)
  const proxy = url && httpProxy(environment, url)
  return { ...plan, url, isStray, headers, unsendable: unsendable(headers, false), proxy }
}

/** With an endpoint and no protocol, versions that send anything send protobuf. */
function protocolOf(set: NamedValue | undefined): Protocol | undefined {
  if (set === undefined) return 'http/protobuf'
  return PROTOCOLS.find((known) => known === set.value)
}

/** Over HTTP a signal's own address counts only where it is one. */
function endpointOf(signal: SignalId, protocol: Protocol, environment: ClaudeEnvironment) {
  const set = signalVariable(environment, signal, 'ENDPOINT')
  if (protocol === 'grpc' || !set.isOwn || URL.canParse(set.value?.value ?? '')) return set
  return { value: named(environment, 'OTEL_EXPORTER_OTLP_ENDPOINT'), isOwn: false }
}

const DEFAULT_HTTP = 'http://localhost:4318'

/** What names the default without a scheme works as if it were one. */
function isAddress(text: string): boolean {
  if (URL.canParse(text)) return true
  const address = `http://${text}`
  return URL.canParse(address) && isDefault(new URL(address))
}

function isDefault(url: URL): boolean {
  return isLoopback(hostOf(url)) && url.port === '4318'
}

/** The path of the signal goes to the end of the text. What is no address at all does not count. */
function commonUrl(signal: SignalId, set: string | undefined): URL | undefined {
  const address = set !== undefined && URL.canParse(set) ? set : DEFAULT_HTTP
  return httpUrl(`${address}${address.endsWith('/') ? '' : '/'}v1/${signal}`)
}

function httpUrl(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.host === '') return undefined
  return postedUrl(url)
}

/** Without a user, a password and a query, which the exporter leaves out. */
export function postedUrl(url: URL): URL {
  const posted = new URL(url.origin)
  posted.pathname = url.pathname
  return posted
}

const SCHEME = /^\w{1,8}:\/\//

/**
 * Where the connection goes, `https` for TLS: which it is unless the scheme is `http`, in lower case, or
 * there is none and `isInsecure`.
 */
function grpcUrl(text: string, isInsecure: boolean): URL | undefined {
  const scheme = SCHEME.exec(text)?.[0]
  const isPlain = scheme === 'http://' || (scheme === undefined && isInsecure)
  const [authority = ''] = text.slice(scheme?.length ?? 0).split(/[/?#]/)
  const address = `${isPlain ? 'http' : 'https'}://${authority}`
  return authority !== '' && URL.canParse(address) ? new URL(address) : undefined
}

/** Without the brackets of IPv6. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '')
}

// Proxies over HTTP: Claude Code's own reading, which leaves out loopback. It is one variable for both
// schemes, and a tunnel (CONNECT) for both.

const HTTP_PROXIES = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY'] as const

function httpProxy(environment: ClaudeEnvironment, url: URL): NamedValue | undefined {
  if (isLoopback(hostOf(url))) return undefined
  const set = HTTP_PROXIES.map((name) => named(environment, name)).find(
    (value) => value !== undefined,
  )
  if (set === undefined || !URL.canParse(set.value)) return undefined
  const exempt = ['no_proxy', 'NO_PROXY'].flatMap(
    (name) => environment.get(name)?.value.split(/[,\s]+/) ?? [],
  )
  return exempt.some((entry) => isExempt(entry.toLowerCase(), url)) ? undefined : set
}

/** A name, the end of names behind a dot, a name with its port, or all. */
function isExempt(entry: string, { hostname, protocol, port }: URL): boolean {
  if (entry === '*') return true
  if (entry.includes(':')) {
    return entry === `${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`
  }
  if (entry.startsWith('.')) return hostname === entry.slice(1) || hostname.endsWith(entry)
  return hostname === entry
}

// Proxies over gRPC, as @grpc/grpc-js reads them: the lower-case variables only, whatever the scheme of
// the endpoint.

const GRPC_PROXIES = ['grpc_proxy', 'https_proxy', 'http_proxy'] as const

function grpcProxy(environment: ClaudeEnvironment, host: string): NamedValue | undefined {
  const set = GRPC_PROXIES.map((name) => named(environment, name)).find(
    (value) => value !== undefined,
  )
  if (set === undefined || !URL.canParse(set.value)) return undefined
  // Any other scheme is not supported, and then none is used.
  if (new URL(set.value).protocol !== 'http:') return undefined
  const exempt = environment.get('no_grpc_proxy') ?? environment.get('no_proxy')
  const isWithoutProxy = exempt?.value.split(',').some((entry) => isWithout(entry, host)) === true
  return isWithoutProxy ? undefined : set
}

const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/

/** An address, the end of a name, or a range of IPv4. */
function isWithout(entry: string, host: string): boolean {
  const [network = '', prefix] = entry.split('/')
  if (prefix !== undefined && IPV4.test(network) && IPV4.test(host)) {
    const mask = -1 << (32 - Number(prefix))
    return (ipv4(network) & mask) === (ipv4(host) & mask)
  }
  return entry !== '' && host.endsWith(entry)
}

function ipv4(address: string): number {
  return address.split('.').reduce((sum, octet) => (sum << 8) + Number(octet), 0)
}
