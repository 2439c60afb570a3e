/**
 * The requests of `test/fixtures/cases`, sent to a bridge as their `steps.json` has them. Each case
 * is built from a public report; its README says what is right.
 */
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { encoded } from '../../unit/otlp/encode.ts'
import { createGrpcClient, servicePaths } from '../grpc/grpc-client.ts'

const FOLDER = join(import.meta.dirname, '../../fixtures/cases')

export interface Send {
  /** A file of the case: `1-logs.json`. */
  readonly send: string
  /** A path in place of the one of its signal. */
  readonly to?: string
  readonly encoding?: 'json' | 'protobuf' | 'grpc'
  readonly headers?: Readonly<Record<string, string>>
}

export interface Doctor {
  readonly name?: string
  readonly doctor: {
    /** By their path below the home folder. */
    readonly files: Readonly<Record<string, unknown>>
    readonly shell?: Readonly<Record<string, string>>
  }
}

type Step = Send | Doctor | { readonly cli: readonly string[] } | { readonly wait: number }

export interface Case {
  readonly env?: Readonly<Record<string, string>>
  readonly steps: readonly Step[]
}

/** Where requests go. */
export interface Servers {
  readonly url: string
  readonly grpc: string | undefined
}

/** The answer to one request; over gRPC with the status code of gRPC. */
export interface Reply {
  readonly status: number
  readonly text: string
}

export function readCase(name: string): Case {
  return JSON.parse(readFileSync(join(FOLDER, name, 'steps.json'), 'utf8')) as Case
}

export function sendsOf({ steps }: Case): readonly Send[] {
  return steps.filter((step) => 'send' in step)
}

export function doctorsOf({ steps }: Case): readonly Doctor[] {
  return steps.filter((step) => 'doctor' in step)
}

/** A payload with its times filled in: `"@-5000"` is five seconds before `nowMs`. */
export function payload(name: string, file: string, nowMs: number): string {
  const text = readFileSync(join(FOLDER, name, file), 'utf8')
  return text.replace(/"@(-?\d+)"/g, (_, ms: string) => `"${nowMs + Number(ms)}000000"`)
}

const messages = { logs: 'Logs', metrics: 'Metrics', traces: 'Traces' } as const

function signalOf(file: string): keyof typeof messages {
  const signal = /-(logs|metrics|traces)\.json$/.exec(file)?.[1]
  if (signal === undefined) throw new Error(`${file} names no signal`)
  return signal as keyof typeof messages
}

/** Sends one step of a case. */
export function sendStep(
  name: string,
  step: Send,
  servers: Servers,
  nowMs: number,
): Promise<Reply> {
  return sendBody(payload(name, step.send, nowMs), step, servers)
}

/** Sends a body of OTLP/JSON as a step says, in whatever encoding. */
export async function sendBody(json: string, step: Send, { url, grpc }: Servers): Promise<Reply> {
  const { encoding = 'json', headers = {} } = step
  const signal = signalOf(step.send)
  if (encoding === 'json') {
    const sent = { 'content-type': 'application/json', ...headers }
    return post(url, step.to ?? `/v1/${signal}`, sent, Buffer.from(json))
  }
  const bytes = encoded(messages[signal], JSON.parse(json) as object)
  if (encoding === 'protobuf') {
    const sent = { 'content-type': 'application/x-protobuf', ...headers }
    return post(url, step.to ?? `/v1/${signal}`, sent, bytes)
  }
  const { ':authority': authority, ...metadata } = headers
  const client = createGrpcClient(grpc ?? '')
  try {
    const options = authority === undefined ? {} : { host: authority }
    const { code, details } = await client.send(servicePaths[signal], bytes, metadata, options)
    return { status: code, text: details }
  } finally {
    client.close()
  }
}

/** By `node:http`: a case may set the Host header, and paths that `fetch` would tidy up. */
function post(
  url: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
): Promise<Reply> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method: 'POST', headers }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}
