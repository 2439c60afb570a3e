/** Reaches the bridge, as Claude Code would: one try a call, and every failure is a value. */
import { connect } from 'node:net'
import { describeFetchError } from '../domain/fetch-error.ts'

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
  async function send(url: string, init: RequestInit): Promise<Answer> {
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS)
      const response = await fetch(url, { ...init, redirect: 'manual', signal })
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
