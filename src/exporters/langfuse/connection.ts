/** How Langfuse is reached: its address, and the keys, which no text may hold. */
import {
  createRedactor,
  exchange,
  type ExchangeOptions,
  type Received,
} from '../../http/exchange.ts'
import type { Result } from '../../domain/result.ts'

export interface LangfuseAccess {
  /** Base address, with or without a path and a trailing slash. */
  readonly baseUrl: string
  readonly publicKey: string
  readonly secretKey: string
  /** For each exchange. */
  readonly timeoutMs: number
  /** In place of the global one. */
  readonly fetch?: typeof fetch | undefined
}

/** What one request has of its own. */
export interface LangfuseRequest {
  readonly method?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: RequestInit['body'] | undefined
}

export interface LangfuseConnection {
  /** Origin and path alone: credentials or a query in the address go nowhere. */
  readonly base: string
  /** One try. */
  ask(
    path: string,
    request?: LangfuseRequest,
    own?: Pick<ExchangeOptions, 'stop' | 'maxBytes'>,
  ): Promise<Result<Received, string>>
}

/** Throws when `baseUrl` is no URL. */
export function connectTo(access: LangfuseAccess): LangfuseConnection {
  const { baseUrl, publicKey, secretKey, timeoutMs, fetch } = access
  const { origin, pathname } = new URL(baseUrl)
  const base = `${origin}${pathname.replace(/\/+$/, '')}`
  const credentials = Buffer.from(`${publicKey}:${secretKey}`).toString('base64')
  const redact = createRedactor([credentials, secretKey])
  const common = { authorization: `Basic ${credentials}`, accept: 'application/json' }

  return {
    base,
    ask: (path, { method = 'GET', headers, body } = {}, own = {}) =>
      exchange(
        `${base}${path}`,
        {
          method,
          headers: {
            ...common,
            ...(body !== undefined && { 'content-type': 'application/json' }),
            ...headers,
          },
          ...(body !== undefined && { body }),
        },
        { name: base, timeoutMs, redact, fetch, ...own },
      ),
  }
}
