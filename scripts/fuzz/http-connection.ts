/** One HTTP/1.1 connection on a bare socket, which is made anew when the server hangs up. */
import { connect, type Socket } from 'node:net'
import type { FuzzRequest } from './requests.ts'

export interface HttpAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: Buffer
}

export interface HttpConnection {
  /** Rejects when no whole answer comes. */
  send(request: FuzzRequest): Promise<HttpAnswer>
  close(): void
}

const HEAD_END = '\r\n\r\n'
const CHUNK_BYTES = 1000
const ANSWER_TIMEOUT_MS = 90_000

export function createHttpConnection(port: number): HttpConnection {
  let socket: Socket | undefined

  const open = (): Promise<Socket> =>
    new Promise((resolve, reject) => {
      const opened = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(opened))
      opened.once('error', reject)
    })

  return {
    send: async (request) => {
      socket = socket === undefined || socket.destroyed ? await open() : socket
      return exchange(socket, request)
    },
    close: () => socket?.destroy(),
  }
}

function exchange(socket: Socket, request: FuzzRequest): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    let received: Buffer = Buffer.alloc(0)
    const settle = (then: () => void): void => {
      clearTimeout(timer)
      socket.off('data', onData).off('close', onClose).off('error', onError)
      then()
    }
    const onData = (chunk: Buffer): void => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
      const answer = wholeAnswer(received)
      if (answer === undefined) return
      if (answer.isLast) socket.destroy()
      settle(() => resolve(answer))
    }
    const fail = (reason: string): void => {
      socket.destroy()
      settle(() => reject(new Error(`${reason} after ${received.length} bytes of an answer`)))
    }
    const onClose = (): void => fail('the server hung up')
    const onError = ({ message }: Error): void => fail(message)
    const timer = setTimeout(() => fail('no answer'), ANSWER_TIMEOUT_MS)
    socket.on('data', onData).on('close', onClose).on('error', onError)
    socket.write(head(request))
    socket.write(request.isChunked ? chunked(request.body) : request.body)
  })
}

function head({ method, path, headers, isChunked, body }: FuzzRequest): string {
  const length = isChunked ? 'transfer-encoding: chunked' : `content-length: ${body.length}`
  return [`${method} ${path} HTTP/1.1`, 'host: localhost', ...headers, length, '', ''].join('\r\n')
}

function chunked(body: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at < body.length; at += CHUNK_BYTES) {
    const chunk = body.subarray(at, at + CHUNK_BYTES)
    parts.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n'))
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')])
}

function wholeAnswer(received: Buffer): (HttpAnswer & { readonly isLast: boolean }) | undefined {
  const headEnd = received.indexOf(HEAD_END)
  if (headEnd < 0) return undefined
  const text = received.toString('latin1', 0, headEnd).toLowerCase()
  const header = (name: string): string => new RegExp(`\r\n${name}: ([^\r]*)`).exec(text)?.[1] ?? ''
  const body = received.subarray(headEnd + HEAD_END.length)
  const status = Number(text.slice(9, 12))
  if (body.length < Number(header('content-length'))) return undefined
  const isLast = header('connection') === 'close'
  return { status, contentType: header('content-type'), body, isLast }
}
