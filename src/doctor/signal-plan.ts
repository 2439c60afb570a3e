/**
 * Where each signal of Claude Code goes, and how: URL, protocol, headers and proxy, worked out from
 * its environment as Claude Code and its exporters do. Pure; measured on 2.1.329.
 */
import { PROTOCOLS, type Protocol } from '../setup/telemetry-environment.ts'
import type { ClaudeEnvironment, EffectiveValue } from './claude-environment.ts'

export const SIGNALS = ['logs', 'metrics', 'traces'] as const
export type SignalId = (typeof SIGNALS)[number]

/** A variable in force, with its name. */
export interface NamedValue extends EffectiveValue {
  readonly name: string
}

export interface SignalPlan {
  readonly signal: SignalId
  /** `undefined` when the one that is set is none. */
  readonly protocol: Protocol | undefined
  /** The variable that gives the address; `undefined` when the default holds. */
  readonly endpoint: NamedValue | undefined
  /** The endpoint is this signal's alone. */
  readonly isOwn: boolean
  /** Over HTTP where it is posted to, over gRPC the address; `undefined` when it is no address. */
  readonly url: URL | undefined
  readonly headers: Readonly<Record<string, string>>
  /** Over gRPC, the proxy that the connection goes through. */
  readonly proxy: NamedValue | undefined
}

export type Headers = Readonly<Record<string, string>>

/** The plans of the signals that are sent. `helped` are the headers that `otelHeadersHelper` gave. */
export function signalPlans(
  environment: ClaudeEnvironment,
  helped: Headers,
): readonly SignalPlan[] {
  return SIGNALS.filter((signal) => isSent(signal, environment)).map((signal) =>
    planOf(signal, environment, helped),
  )
}

export function isSent(signal: SignalId, environment: ClaudeEnvironment): boolean {
  const exporters = environment.get(`OTEL_${signal.toUpperCase()}_EXPORTER`)?.value ?? ''
  if (!exporters.split(',').some((name) => name.trim() === 'otlp')) return false
  return signal !== 'traces' || isOn(environment.get('CLAUDE_CODE_ENHANCED_TELEMETRY_BETA')?.value)
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

function planOf(signal: SignalId, environment: ClaudeEnvironment, helped: Headers): SignalPlan {
  const protocol = protocolOf(signalVariable(environment, signal, 'PROTOCOL').value)
  const { value: endpoint, isOwn } = signalVariable(environment, signal, 'ENDPOINT')
  const isGrpc = protocol === 'grpc'
  const address = endpoint?.value ?? (isGrpc ? 'http://localhost:4317' : 'http://localhost:4318')
  const url = urlOf(isGrpc || isOwn ? address : `${address.replace(/\/+$/, '')}/v1/${signal}`)
  return {
    signal,
    protocol,
    endpoint,
    isOwn,
    url,
    headers: { ...headersOf(signal, environment), ...(isGrpc ? {} : helped) },
    proxy: isGrpc && url !== undefined ? grpcProxy(environment, hostOf(url)) : undefined,
  }
}

/** With an endpoint and no protocol, versions that send anything send protobuf. */
function protocolOf(set: NamedValue | undefined): Protocol | undefined {
  if (set === undefined) return 'http/protobuf'
  return PROTOCOLS.find((known) => known === set.value)
}

function urlOf(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return (url?.protocol === 'http:' || url?.protocol === 'https:') && url.host !== ''
    ? url
    : undefined
}

/** Without the brackets of IPv6. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '')
}

/** The signal's own headers count only where the common ones are not set. */
function headersOf(signal: SignalId, environment: ClaudeEnvironment): Headers {
  const set =
    environment.get('OTEL_EXPORTER_OTLP_HEADERS') ??
    environment.get(`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_HEADERS`)
  return parseHeaders(set?.value ?? '')
}

/** `a=b,c=d`, as it stands: Claude Code decodes nothing of it over HTTP. */
export function parseHeaders(text: string): Record<string, string> {
  const pairs = text.split(',').flatMap((pair) => {
    const at = pair.indexOf('=')
    return at < 1 ? [] : [[pair.slice(0, at).trim(), pair.slice(at + 1).trim()] as const]
  })
  const writable = pairs.filter(
    ([name, value]) => /^[\w-]+$/.test(name) && /^[\x20-\x7e]*$/.test(value),
  )
  return Object.fromEntries(writable)
}

// Proxies, as @grpc/grpc-js reads them: the lower-case variables only, whatever the scheme of the
// endpoint. Over HTTP the exporters use no proxy.

const PROXIES = ['grpc_proxy', 'https_proxy', 'http_proxy'] as const

function grpcProxy(environment: ClaudeEnvironment, host: string): NamedValue | undefined {
  const set = PROXIES.map((name) => named(environment, name)).find((value) => value !== undefined)
  if (set === undefined || !URL.canParse(set.value)) return undefined
  // Any other scheme is not supported, and then none is used.
  if (new URL(set.value).protocol !== 'http:') return undefined
  const exempt = environment.get('no_grpc_proxy') ?? environment.get('no_proxy')
  const isExempt = exempt?.value.split(',').some((entry) => isWithout(entry, host)) === true
  return isExempt ? undefined : set
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
