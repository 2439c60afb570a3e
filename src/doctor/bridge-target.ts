/** Which bridge Claude Code would send to, and how: from its environment, else from ours. */
import type { ReceiverConfig } from '../config/config.ts'
import { isLoopback } from '../config/loopback.ts'
import type { RefusalCounts } from '../domain/refusal.ts'
import { isObject, parseJsonObject } from '../setup/json-object.ts'
import { localAddress } from '../setup/bridge-address.ts'
import type { ClaudeEnvironment } from './claude-environment.ts'
import { type Headers, httpHeaders } from './header-list.ts'
import { hostOf, postedUrl, type SignalPlan, signalPlans } from './signal-plan.ts'

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
  helped: Headers | undefined = {},
): BridgeTarget {
  const configured = localAddress(receiver, receiver.port)
  const plans = signalPlans(environment, helped)
  const headers = plans[0]?.headers ?? commonHeaders(environment, helped)
  const address = bridgeAddress(environment, plans)
  if (address === undefined) return { base: configured, configured, isLocal: true, headers }
  const { url, protocol } = address
  const isLocal = isLoopback(url.hostname) || url.hostname === new URL(configured).hostname
  if (protocol !== 'grpc') {
    // The bridge itself takes signals under any path; a proxy before it may have one of its own.
    const base = isLocal ? url.origin : url.href.replace(/\/+$/, '')
    return { base, configured, isLocal, headers }
  }
  const grpc = { host: hostOf(url), port: Number(url.port) || DEFAULT_GRPC_PORT }
  const base = isLocal ? configured : `${url.protocol}//${url.hostname}:${receiver.port}`
  return { base, configured, grpc, isLocal, headers }
}

/** Of the client, whatever the scheme. */
export const DEFAULT_GRPC_PORT = 443

interface BridgeAddress {
  readonly url: URL
  readonly protocol: SignalPlan['protocol']
}

/** Where the signals go that go by the common endpoint, else where the first one does. */
function bridgeAddress(
  environment: ClaudeEnvironment,
  plans: readonly SignalPlan[],
): BridgeAddress | undefined {
  const common = environment.get('OTEL_EXPORTER_OTLP_ENDPOINT')?.value ?? ''
  const plan = plans.find(({ isOwn }) => !isOwn) ?? plans[0]
  if (plan?.url !== undefined) {
    const { url, protocol, endpoint, isStray } = plan
    if (endpoint === undefined || isStray) return undefined
    const path = url.pathname.replace(/\/v1\/(logs|metrics|traces)\/*$/, '')
    return { url: new URL(path === '' ? '/' : path, url), protocol }
  }
  const url = URL.canParse(common) ? new URL(common) : undefined
  if (url === undefined || url.origin === 'null') return undefined
  const isGrpc = environment.get('OTEL_EXPORTER_OTLP_PROTOCOL')?.value === 'grpc'
  return { url: postedUrl(url), protocol: isGrpc ? 'grpc' : 'http/json' }
}

function commonHeaders(environment: ClaudeEnvironment, helped: Headers | undefined): Headers {
  const common = environment.get('OTEL_EXPORTER_OTLP_HEADERS')?.value ?? ''
  return { ...httpHeaders({ common, own: '' }), ...helped }
}

// The bridge's `/health`, as another program reads it. Pure.

export interface Health {
  readonly status: string
  readonly version: string
  readonly langfuse: string
  readonly pending: number
  readonly dead: number
  readonly dropped: number
  readonly oldestPendingMs: number
  /** Each by its name; absent from older bridges. */
  readonly exporters?: readonly ExporterHealth[]
  /** What it refused since its start, by reason; empty from older bridges. */
  readonly refused: RefusalCounts
  /** Of its data folder; absent from older bridges. */
  readonly instance?: string
  /** Absent from older bridges. */
  readonly storage?: StorageHealth
}

export interface ExporterHealth {
  readonly name: string
  readonly state: string
  readonly pending: number
  readonly dead: number
  readonly oldestPendingMs: number
}

export interface StorageHealth {
  /** Why records cannot be stored; null while they can. */
  readonly lastError: string | null
  /** Null when it is not known. */
  readonly usedBytes: number | null
  /** 0 is no limit. */
  readonly maxBytes: number
  readonly isFull: boolean
  readonly waitingSessions: number
  readonly droppedSessions: number
}

/** `undefined` when it is not the health of a bridge, or not all of it: see `livenessOf`. */
export function healthOf(text: string): Health | undefined {
  const parsed = parseJsonObject(text)
  if (!parsed.ok) return undefined
  const { status, version, langfuse, delivery, exporters, instance, storage, refused } =
    parsed.value
  if (typeof status !== 'string' || typeof version !== 'string') return undefined
  if (typeof langfuse !== 'string' || !isObject(delivery)) return undefined
  return {
    status,
    version,
    langfuse,
    pending: countIn(delivery, 'pending'),
    dead: countIn(delivery, 'dead'),
    dropped: countIn(delivery, 'dropped'),
    oldestPendingMs: countIn(delivery, 'oldestPendingMs'),
    ...(Array.isArray(exporters) && { exporters: exporters.filter(isObject).map(exporterOf) }),
    refused: refusedIn(refused),
    ...(typeof instance === 'string' && { instance }),
    ...(isObject(storage) && { storage: storageOf(storage) }),
  }
}

/** The status that a bridge tells those who do not send its key; `undefined` when it is none. */
export function livenessOf(text: string): string | undefined {
  const parsed = parseJsonObject(text)
  if (!parsed.ok || parsed.value.service !== 'claude-telemetry') return undefined
  return typeof parsed.value.status === 'string' ? parsed.value.status : undefined
}

function exporterOf(exporter: Readonly<Record<string, unknown>>): ExporterHealth {
  const { name, state } = exporter
  return {
    name: typeof name === 'string' ? name : '',
    state: typeof state === 'string' ? state : 'unknown',
    pending: countIn(exporter, 'pending'),
    dead: countIn(exporter, 'dead'),
    oldestPendingMs: countIn(exporter, 'oldestPendingMs'),
  }
}

function storageOf(storage: Readonly<Record<string, unknown>>): StorageHealth {
  const { lastError, usedBytes, size } = storage
  return {
    lastError: typeof lastError === 'string' ? lastError : null,
    usedBytes: typeof usedBytes === 'number' ? usedBytes : null,
    maxBytes: countIn(storage, 'maxBytes'),
    isFull: size === 'full',
    waitingSessions: countIn(storage, 'waitingSessions'),
    droppedSessions: countIn(storage, 'droppedSessions'),
  }
}

function refusedIn(refused: unknown): RefusalCounts {
  if (!isObject(refused)) return {}
  return Object.fromEntries(
    Object.keys(refused).map((reason) => [reason, countIn(refused, reason)]),
  )
}

function countIn(values: Readonly<Record<string, unknown>>, name: string): number {
  const value = values[name]
  return typeof value === 'number' ? value : 0
}
