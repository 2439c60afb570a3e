/** Which bridge Claude Code would send to, and how: from its environment, else from ours. Pure. */
import type { ReceiverConfig } from '../config/config.ts'
import { isLoopback } from '../config/loopback.ts'
import { localAddress } from '../setup/places.ts'
import type { ClaudeEnvironment } from './claude-environment.ts'
import { protocolOf } from './telemetry-checks.ts'

export interface BridgeTarget {
  /** HTTP address of the bridge, without a trailing slash. */
  readonly base: string
  /** The one that the bridge's own configuration gives it. */
  readonly configured: string
  /** Where gRPC goes to, when that is how it is sent. */
  readonly grpc?: { readonly host: string; readonly port: number }
  /** On this machine, so that its files can be looked into. */
  readonly isLocal: boolean
  readonly headers: Readonly<Record<string, string>>
}

export function bridgeTarget(
  environment: ClaudeEnvironment,
  receiver: ReceiverConfig,
): BridgeTarget {
  const configured = localAddress(receiver.host, receiver.port)
  const headers = headersOf(environment.get('OTEL_EXPORTER_OTLP_HEADERS')?.value ?? '')
  const given = environment.get('OTEL_EXPORTER_OTLP_ENDPOINT')?.value ?? ''
  const url = URL.canParse(given) ? new URL(given) : undefined
  if (url === undefined || url.host === '')
    return { base: configured, configured, isLocal: true, headers }
  const isLocal = isLoopback(url.hostname) || url.hostname === new URL(configured).hostname
  if (protocolOf(environment) !== 'grpc') {
    // The bridge itself takes signals under any path; a proxy before it may have one of its own.
    const base = isLocal ? url.origin : given.replace(/\/+$/, '')
    return { base, configured, isLocal, headers }
  }
  const defaultPort = url.protocol === 'https:' ? 443 : 80
  const grpc = { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port) || defaultPort }
  const base = isLocal ? configured : `http://${url.hostname}:${receiver.port}`
  return { base, configured, grpc, isLocal, headers }
}

/** `a=b,c=d`, as it stands: Claude Code decodes nothing of it over HTTP. */
function headersOf(text: string): Record<string, string> {
  const pairs = text.split(',').flatMap((pair) => {
    const at = pair.indexOf('=')
    return at < 1 ? [] : [[pair.slice(0, at).trim(), pair.slice(at + 1).trim()] as const]
  })
  const writable = pairs.filter(
    ([name, value]) => /^[\w-]+$/.test(name) && /^[\x20-\x7e]*$/.test(value),
  )
  return Object.fromEntries(writable)
}
