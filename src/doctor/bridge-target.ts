/** Reaches the bridge, as Claude Code would: one try a call, and every failure is a value. */
import { connect } from 'node:net'
import { describeFetchError } from '../http/fetch-error.ts'
import { DOCTOR_USER_AGENT, type RefusalCounts } from '../domain/refusal.ts'
import type { ReceiverConfig } from '../config/config.ts'
import { isLoopback } from '../config/loopback.ts'
import { localAddress } from '../setup/places.ts'
import type { ClaudeEnvironment } from './claude-environment.ts'
import { protocolOf } from './telemetry-checks.ts'
import { isObject, parseJsonObject } from '../setup/json-object.ts'

export type Answer =
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly text: string
      /** What the other side believes the time is, epoch ms. */
      readonly dateMs: number | undefined
    }
  | { readonly kind: 'no_answer'; readonly error: string }

export interface BridgeProbe {
  get(url: string, headers?: Readonly<Record<string, string>>): Promise<Answer>
  /** Posts JSON. */
  post(url: string, body: unknown, headers: Readonly<Record<string, string>>): Promise<Answer>
  delete(url: string, headers: Readonly<Record<string, string>>): Promise<Answer>
  /** Whether anything accepts connections there. */
  accepts(host: string, port: number): Promise<boolean>
}

const TIMEOUT_MS = 5000

export function createBridgeProbe(): BridgeProbe {
  async function send(
    url: string,
    init: Omit<RequestInit, 'headers'> & { readonly headers: Readonly<Record<string, string>> },
  ): Promise<Answer> {
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS)
      const headers = { 'user-agent': DOCTOR_USER_AGENT, ...init.headers }
      const response = await fetch(url, { ...init, headers, redirect: 'manual', signal })
      const dateMs = Date.parse(response.headers.get('date') ?? '')
      return {
        kind: 'answer',
        status: response.status,
        text: await response.text(),
        dateMs: Number.isNaN(dateMs) ? undefined : dateMs,
      }
    } catch (error) {
      return { kind: 'no_answer', error: describeFetchError(error) }
    }
  }

  return {
    get: (url, headers = {}) => send(url, { headers }),
    post: (url, body, headers) =>
      send(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      }),
    delete: (url, headers) => send(url, { method: 'DELETE', headers }),
    accepts: (host, port) =>
      new Promise((resolve) => {
        const socket = connect({ host, port, timeout: TIMEOUT_MS })
        const end = (accepted: boolean) => {
          socket.destroy()
          resolve(accepted)
        }
        socket.once('connect', () => end(true))
        socket.once('timeout', () => end(false))
        socket.once('error', () => end(false))
      }),
  }
}

// Which bridge Claude Code would send to, and how: from its environment, else from ours. Pure.

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
