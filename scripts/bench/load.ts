/**
 * A load generator that takes as little as it can of the two cores it shares with the server. HTTP/1.1
 * keep-alive on bare sockets, where it reads status and Content-Length only; gRPC by its client.
 */
import { connect, type Socket } from 'node:net'
import { createGrpcClient, servicePaths } from '../../test/integration/grpc/grpc-client.ts'
import { createRandom } from '../fuzz/random.ts'
import type { MakeBody } from './bodies.ts'
import { protobufOf } from './protobuf-body.ts'

/** How logs are sent: OTLP/JSON or protobuf over HTTP, or protobuf over gRPC. */
export type Transport = 'json' | 'protobuf' | 'grpc'

export interface LoadResult {
  readonly requests: number
  readonly failures: number
  readonly seconds: number
  /** From the moment a request was due to its answer; sorted. */
  readonly latenciesMs: readonly number[]
}

export interface Load {
  /** Of several, each request goes to one at random, as a load balancer sends it. */
  readonly ports: readonly number[]
  /** Requests under way at a time. */
  readonly connections: number
  readonly requests: number
  readonly makeBody: MakeBody
  /** Requests a second over all connections; as fast as it goes when absent. */
  readonly rate?: number
  /** Begins no further request after that time. */
  readonly seconds?: number
  /** `json` when absent. */
  readonly transport?: Transport
}

/** A connection to one server. */
interface Connection {
  /** Sends what was prepared; true when all of it was taken. */
  send(request: Buffer): Promise<boolean>
  close(): void
}

const HEADER_END = '\r\n\r\n'

export async function runLoad(load: Load): Promise<LoadResult> {
  const bodies = prepared(load)
  const connected = load.transport === 'grpc' ? grpcConnection : httpConnection
  const latenciesMs: number[] = []
  let next = 0
  let failures = 0
  const startedMs = performance.now()
  const endMs = startedMs + 1000 * (load.seconds ?? Number.POSITIVE_INFINITY)

  const random = createRandom(load.requests)

  async function worker(): Promise<void> {
    const connections = await Promise.all(load.ports.map(connected))
    while (next < load.requests && performance.now() < endMs) {
      const n = next
      next += 1
      const dueMs = load.rate === undefined ? performance.now() : startedMs + (n * 1000) / load.rate
      await until(dueMs)
      const isTaken = await random.pick(connections).send(bodies(n))
      if (!isTaken) failures += 1
      latenciesMs.push(performance.now() - dueMs)
    }
    for (const connection of connections) connection.close()
  }

  await Promise.all(Array.from({ length: load.connections }, worker))
  const seconds = (performance.now() - startedMs) / 1000
  latenciesMs.sort((a, b) => a - b)
  return { requests: latenciesMs.length, failures, seconds, latenciesMs }
}

export function percentile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN
}

/** Bodies made ahead of time, so that making them is not measured. */
function prepared(load: Load): (n: number) => Buffer {
  const requests = Array.from({ length: load.requests }, (_, n) => {
    const json = load.makeBody(n)
    if (load.transport === 'grpc') return protobufOf(json)
    const [type, body] =
      load.transport === 'protobuf'
        ? ['application/x-protobuf', protobufOf(json)]
        : ['application/json', Buffer.from(json)]
    const head = `POST /v1/logs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`
    return Buffer.concat([Buffer.from(head), body])
  })
  return (n) => requests[n] as Buffer
}

async function httpConnection(port: number): Promise<Connection> {
  const socket = await open(port)
  return {
    send: async (request) => (await exchange(socket, request)) === 200,
    close: () => socket.destroy(),
  }
}

async function grpcConnection(port: number): Promise<Connection> {
  const client = createGrpcClient(`127.0.0.1:${port}`)
  return {
    send: async (request) => (await client.send(servicePaths.logs, request)).code === 0,
    close: () => client.close(),
  }
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket))
    socket.once('error', reject)
  })
}

async function until(dueMs: number): Promise<void> {
  const waitMs = dueMs - performance.now()
  if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
}

/** Sends one request and resolves with the status of its answer. */
function exchange(socket: Socket, request: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const onData = (chunk: Buffer): void => {
      answer += chunk.toString('latin1')
      const status = completeStatus(answer)
      if (status !== undefined) settle(() => resolve(status))
    }
    const onClose = (): void => settle(() => reject(new Error('the server closed the connection')))
    const settle = (then: () => void): void => {
      socket.off('data', onData)
      socket.off('close', onClose)
      then()
    }
    socket.on('data', onData)
    socket.on('close', onClose)
    socket.write(request)
  })
}

function completeStatus(answer: string): number | undefined {
  const headerEnd = answer.indexOf(HEADER_END)
  if (headerEnd < 0) return undefined
  const length = /content-length: (\d+)/i.exec(answer.slice(0, headerEnd))?.[1] ?? '0'
  if (answer.length < headerEnd + HEADER_END.length + Number(length)) return undefined
  return Number(answer.slice(9, 12))
}
