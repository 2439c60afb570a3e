/** Requests of an attacker to the bridge: what came back, however large, without keeping it. */
import { connect, type Socket } from 'node:net'
import type { Target } from './target.ts'

export interface Answer {
  /** 0 when the connection broke. */
  readonly status: number
  readonly bytes: number
  readonly text: string
}

const KEPT_CHARS = 10_000_000

export async function post(
  { httpPort }: Target,
  path: string,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const request = {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  }
  return answerOf(fetch(`http://127.0.0.1:${httpPort}${path}`, request))
}

export function get({ httpPort }: Target, path: string): Promise<Answer> {
  return answerOf(fetch(`http://127.0.0.1:${httpPort}${path}`))
}

export function remove({ httpPort }: Target, path: string): Promise<Answer> {
  return answerOf(fetch(`http://127.0.0.1:${httpPort}${path}`, { method: 'DELETE' }))
}

async function answerOf(request: Promise<Response>): Promise<Answer> {
  try {
    const response = await request
    let text = ''
    let bytes = 0
    const body: AsyncIterable<Uint8Array> | undefined = response.body ?? undefined
    for await (const chunk of body ?? []) {
      bytes += chunk.length
      if (text.length < KEPT_CHARS) text += Buffer.from(chunk).toString()
    }
    return { status: response.status, bytes, text }
  } catch (error) {
    return { status: 0, bytes: 0, text: String(error) }
  }
}

/** A bare connection that has sent `text` and says nothing further. */
export function halfSent(port: number, text: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.off('error', reject)
      // The bridge may hang up at any time.
      socket.on('error', () => {})
      socket.write(text)
      resolve(socket)
    })
    socket.once('error', reject)
  })
}

/** What is wrong when an answer is another than expected. */
export function expectStatus(
  what: string,
  { status, text }: Answer,
  ...wanted: number[]
): string[] {
  if (wanted.includes(status)) return []
  return [`${what}: answered ${status} (${text.slice(0, 200)}), expected ${wanted.join(' or ')}`]
}
