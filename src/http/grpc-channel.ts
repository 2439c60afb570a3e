/**
 * Unary calls of gRPC over HTTP/2, as long as it takes bytes and gives bytes: one connection that is
 * made when it is needed, and made anew when it broke. One try a call; every failure is a value.
 * `@grpc/grpc-js` would do, but it brings protobufjs, which runs a script when it is installed.
 */
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from 'node:http2'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'

export interface GrpcChannelOptions {
  /** `http:` or `https:`, for TLS; what is behind the host and the port does not count. */
  readonly endpoint: string
  readonly headers: Readonly<Record<string, string>>
  /** For a whole call, a new connection included. */
  readonly timeoutMs: number
}

/** How a call ended. */
export type GrpcOutcome =
  | {
      readonly kind: 'answer'
      readonly code: number
      /** What the server says of it. */
      readonly message: string
      /** A `google.rpc.Status`, where the server gives details. */
      readonly details: Uint8Array | undefined
      /** Empty where there is none. */
      readonly body: Uint8Array
    }
  /** No server of gRPC answered. */
  | { readonly kind: 'no_answer'; readonly error: string }

export interface GrpcChannel {
  /** `path` is that of the method. `stop` ends the call. */
  call(path: string, message: Uint8Array, stop: AbortSignal): Promise<GrpcOutcome>
}

const PREFIX_BYTES = 5
const MAX_ANSWER_BYTES = 4 * 1024 * 1024
const DEADLINE_EXCEEDED = 4

const compress = promisify(gzip)
const inflate = promisify(gunzip)

/** What came of a call so far. */
interface Received {
  status: number | undefined
  contentType: string
  code: string | undefined
  message: string
  details: string | undefined
  chunks: Buffer[]
  bytes: number
}

/** Throws when the endpoint is no URL. */
export function createGrpcChannel(options: GrpcChannelOptions): GrpcChannel {
  const { headers, timeoutMs } = options
  const { origin } = new URL(options.endpoint)
  const ownHeaders = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  )
  let session: ClientHttp2Session | undefined
  let calls = 0

  function forget(of: ClientHttp2Session): void {
    if (session === of) session = undefined
  }

  function connected(): ClientHttp2Session {
    if (session !== undefined && !session.closed && !session.destroyed) return session
    const created = connect(origin)
    // Said by the calls that it ends.
    created.on('error', () => forget(created))
    created.on('close', () => forget(created))
    created.on('goaway', () => forget(created))
    session = created
    return created
  }

  return {
    call: async (path, message, stop) => {
      if (stop.aborted) return noAnswer('the call was stopped')
      const body = framed(await compress(message))
      const current = connected()
      // A connection that waits for nothing keeps no process alive.
      if (calls === 0) current.ref()
      calls += 1
      try {
        const request = current.request({
          ...ownHeaders,
          ':method': 'POST',
          ':path': path,
          'content-type': 'application/grpc+proto',
          'grpc-encoding': 'gzip',
          'grpc-accept-encoding': 'identity,gzip',
          'grpc-timeout': `${Math.min(timeoutMs, 99_999_999)}m`,
          te: 'trailers',
        })
        const outcome = await exchanged(request, body, timeoutMs, stop)
        // What does not answer may be a connection that is dead without anybody having said so.
        if (outcome.isOver) {
          forget(current)
          if (current.connecting) current.destroy()
          else current.close()
        }
        return outcome.answer
      } catch (error) {
        return noAnswer(error)
      } finally {
        calls -= 1
        if (calls === 0 && !current.destroyed) current.unref()
      }
    },
  }
}

/** Sends a request. `isOver` is set where its time was up, or the caller stopped. */
function exchanged(
  request: ClientHttp2Stream,
  body: Buffer,
  timeoutMs: number,
  stop: AbortSignal,
): Promise<{ readonly answer: GrpcOutcome; readonly isOver: boolean }> {
  return new Promise((resolve) => {
    const received: Received = {
      status: undefined,
      contentType: '',
      code: undefined,
      message: '',
      details: undefined,
      chunks: [],
      bytes: 0,
    }
    let failure: unknown
    const end = (ended: Promise<GrpcOutcome>, isOver: boolean): void => {
      clearTimeout(timer)
      stop.removeEventListener('abort', abort)
      ended.then(
        (answer) => resolve({ answer, isOver }),
        (error: unknown) => resolve({ answer: noAnswer(error), isOver }),
      )
    }
    const cancel = (): void => request.close(constants.NGHTTP2_CANCEL)
    // While the connection is still being made, a call that is closed does not say so.
    const abort = (): void => {
      cancel()
      end(Promise.resolve(noAnswer('the call was stopped')), true)
    }
    const timer = setTimeout(() => {
      cancel()
      end(lateAnswer(received, timeoutMs), true)
    }, timeoutMs)
    stop.addEventListener('abort', abort)
    if (stop.aborted) abort()
    request.on('response', (headers) => {
      received.status = headers[':status']
      received.contentType = headers['content-type'] ?? ''
      noteStatus(headers, received)
    })
    request.on('trailers', (headers: ReceivedHeaders) => noteStatus(headers, received))
    request.on('data', (chunk: Buffer) => {
      received.chunks.push(chunk)
      received.bytes += chunk.length
      if (received.bytes > MAX_ANSWER_BYTES) cancel()
    })
    request.on('error', (error) => {
      failure = error
    })
    request.on('close', () => end(answerOf(received, failure), false))
    request.end(body)
  })
}

type ReceivedHeaders = IncomingHttpHeaders & IncomingHttpStatusHeader

function noteStatus(headers: ReceivedHeaders, received: Received): void {
  received.code ??= textOf(headers['grpc-status'])
  received.message ||= decodedText(textOf(headers['grpc-message']) ?? '')
  received.details ??= textOf(headers['grpc-status-details-bin'])
}

function textOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}

async function lateAnswer({ status }: Received, timeoutMs: number): Promise<GrpcOutcome> {
  const error = `no answer within ${timeoutMs} ms`
  if (status === undefined) return { kind: 'no_answer', error }
  return failedAnswer(DEADLINE_EXCEEDED, error)
}

async function answerOf(received: Received, failure: unknown): Promise<GrpcOutcome> {
  const { status, contentType, code, message, details, chunks } = received
  if (status === undefined) return noAnswer(failure ?? 'the connection was closed')
  if (!GRPC_TYPE.test(contentType)) return statusAnswer(status, 'without a gRPC response')
  const number = codeOf(code)
  // A failure that the server states counts under any HTTP status; success needs a 200.
  if (number === undefined || (number === OK && status !== 200)) {
    if (status !== 200) return statusAnswer(status, `with grpc-status ${code ?? 'missing'}`)
    if (code === undefined) return noAnswer(failure ?? 'HTTP 200 without a gRPC status')
    return failedAnswer(UNKNOWN, `grpc-status ${JSON.stringify(code.slice(0, 20))} is no number`)
  }
  const body = await messageIn(Buffer.concat(chunks))
  // A unary call that succeeds brings one message; OTLP's may be empty, but it has its prefix.
  if (number === OK && body === undefined) return failedAnswer(INTERNAL, 'OK without a message')
  return {
    kind: 'answer',
    code: number,
    message,
    details: details === undefined ? undefined : Buffer.from(details, 'base64'),
    body: body ?? EMPTY,
  }
}

const EMPTY = new Uint8Array(0)
/** Not `application/grpc-web`, which has its trailers in the body. */
const GRPC_TYPE = /^application\/grpc(?:[+;\s]|$)/i

const OK = 0
const UNKNOWN = 2
const INTERNAL = 13

/** `undefined` where there is no status, or none that is a number. */
function codeOf(status: string | undefined): number | undefined {
  return status !== undefined && /^\d+$/.test(status) ? Number(status) : undefined
}

/** What a proxy says, as gRPC reads it ("HTTP to gRPC Status Code Mapping"). */
const CODES_BY_STATUS: ReadonlyMap<number, number> = new Map([
  [401, 16],
  [403, 7],
  [404, 12],
  [429, 14],
  [502, 14],
  [503, 14],
  [504, 14],
])

/** An answer that is told by its HTTP status alone; with any other, no gRPC server answered. */
function statusAnswer(status: number, how: string): GrpcOutcome {
  const code = CODES_BY_STATUS.get(status)
  const said = `HTTP ${status} ${how}`
  return code === undefined ? noAnswer(said) : failedAnswer(code, said)
}

function failedAnswer(code: number, message: string): GrpcOutcome {
  return { kind: 'answer', code, message, details: undefined, body: EMPTY }
}

/** The first message; `undefined` when there is no whole one. Throws when it cannot be inflated. */
async function messageIn(bytes: Buffer): Promise<Uint8Array | undefined> {
  if (bytes.length < PREFIX_BYTES) return undefined
  const end = PREFIX_BYTES + bytes.readUInt32BE(1)
  if (bytes.length < end) return undefined
  const message = bytes.subarray(PREFIX_BYTES, end)
  return bytes[0] === 1 ? inflate(message, { maxOutputLength: MAX_ANSWER_BYTES }) : message
}

/** A compressed message, with its length before it. */
function framed(message: Buffer): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES)
  prefix[0] = 1
  prefix.writeUInt32BE(message.length, 1)
  return Buffer.concat([prefix, message])
}

function decodedText(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function noAnswer(error: unknown): GrpcOutcome {
  return { kind: 'no_answer', error: error instanceof Error ? error.message : String(error) }
}
