/** Reaches the bridge, as Claude Code would: one try a call, and every failure is a value. */
import { connect as connectHttp2, type IncomingHttpHeaders } from 'node:http2'
import { connect, type Socket } from 'node:net'
import { DOCTOR_USER_AGENT } from '../domain/refusal.ts'
import { describeFetchError } from '../http/fetch-error.ts'
import type { SignalId } from './signal-plan.ts'

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
  /** Posts an empty export in protobuf. */
  postProtobuf(url: string, headers: Readonly<Record<string, string>>): Promise<Answer>
  /** Whether anything accepts connections there. */
  accepts(host: string, port: number): Promise<boolean>
  /** Whether an HTTP proxy leads there. */
  connectsThrough(proxy: string, host: string, port: number): Promise<boolean>
  /** Calls the export service of a signal with an empty export; over TLS where the URL says so. */
  grpc(url: URL, signal: SignalId, headers: Readonly<Record<string, string>>): Promise<GrpcAnswer>
}

export type GrpcAnswer =
  | { readonly kind: 'answer'; readonly code: number }
  | { readonly kind: 'no_answer'; readonly error: string }

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
    postProtobuf: (url, headers) =>
      send(url, {
        method: 'POST',
        headers: { 'content-type': 'application/x-protobuf', ...headers },
        body: new Uint8Array(),
      }),
    delete: (url, headers) => send(url, { method: 'DELETE', headers }),
    accepts: async (host, port) => {
      const socket = await opened(host, port)
      socket?.destroy()
      return socket !== undefined
    },
    connectsThrough,
    grpc: callExport,
  }
}

/** A connection; `undefined` where none is accepted. */
function opened(host: string, port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: TIMEOUT_MS })
    const end = (): void => {
      socket.destroy()
      resolve(undefined)
    }
    socket.once('connect', () => resolve(socket))
    socket.once('timeout', end)
    socket.once('error', end)
  })
}

const DEFAULT_PROXY_PORT = 80

async function connectsThrough(proxy: string, host: string, port: number): Promise<boolean> {
  const url = new URL(proxy)
  const socket = await opened(url.hostname, Number(url.port) || DEFAULT_PROXY_PORT)
  if (socket === undefined) return false
  const authority = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
  const user = url.username === '' ? [] : [`Proxy-Authorization: Basic ${credentialsOf(url)}`]
  const head = [`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`, ...user, '', '']
  return new Promise((resolve) => {
    const end = (isThere: boolean): void => {
      socket.destroy()
      resolve(isThere)
    }
    socket.once('data', (chunk: Buffer) =>
      end(/^HTTP\/1\.[01] 200\b/.test(chunk.toString('latin1'))),
    )
    socket.once('timeout', () => end(false))
    socket.once('error', () => end(false))
    socket.once('close', () => end(false))
    socket.write(head.join('\r\n'))
  })
}

function credentialsOf({ username, password }: URL): string {
  return Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString(
    'base64',
  )
}

const SERVICES: Readonly<Record<SignalId, string>> = {
  logs: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
  metrics: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
  traces: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
}

/** One unary call on a connection of its own. */
function callExport(
  { origin }: URL,
  signal: SignalId,
  headers: Readonly<Record<string, string>>,
): Promise<GrpcAnswer> {
  return new Promise((resolve) => {
    const session = connectHttp2(origin)
    const end = (answer: GrpcAnswer): void => {
      session.destroy()
      resolve(answer)
    }
    const fail = (error: string): void => end({ kind: 'no_answer', error })
    session.setTimeout(TIMEOUT_MS, () => fail('no answer in time'))
    session.once('error', (error: Error) => fail(error.message))
    session.once('close', () => fail('the connection was closed'))
    const call = session.request({
      ':method': 'POST',
      ':path': SERVICES[signal],
      'content-type': 'application/grpc+proto',
      te: 'trailers',
      'user-agent': DOCTOR_USER_AGENT,
      ...headers,
    })
    const onHeaders = (received: IncomingHttpHeaders): void => {
      const code = received['grpc-status']
      if (code !== undefined) end({ kind: 'answer', code: Number(code) })
    }
    call.on('response', onHeaders)
    call.on('trailers', onHeaders)
    call.once('error', (error: Error) => fail(error.message))
    call.once('end', () => fail('it ended without a status'))
    call.resume().end(EMPTY_MESSAGE)
  })
}

/** Not compressed, of no bytes. */
const EMPTY_MESSAGE = Buffer.alloc(5)
