/**
 * Who may use the page and its API. Guarantees that nothing behind it is read or changed otherwise.
 * A key is sent as `Authorization: Bearer` and never kept in a cookie, which a browser would send to
 * every port of this host.
 */
import type { FastifyRequest } from 'fastify'
import { isLoopback } from '../config/loopback.ts'
import { createKeyCheck } from '../receivers/api-key.ts'
import { createHostCheck } from '../receivers/http/guard.ts'
import type { KeyGuesses } from '../receivers/key-guesses.ts'
import { proofOf } from './bridge-proof.ts'
import type { Me } from './contract/access.ts'
import { notLoggedIn, tooManyGuesses, type WebFailure, wrongKey } from './failure.ts'

/** The keys there are. */
export interface AccessKeys {
  /** Of a shared bridge. Without it this machine alone is answered. */
  readonly apiKey: string | undefined
  /** What counts in its place; absent when it could not be made. */
  readonly accessToken: string | undefined
  /** Without an API key, nobody on this machine needs a token. */
  readonly isOpen: boolean
}

export interface Access {
  readonly kind: Me['access']
  /** What keeps this request from any path of the page or its API. */
  requestFailure(request: FastifyRequest): WebFailure | undefined
  /** What keeps it from data. A wrong key may be answered late. */
  toData(request: FastifyRequest): Promise<WebFailure | undefined>
  /** The same for a key that stands in the request's body. */
  withKey(key: string, request: FastifyRequest): Promise<WebFailure | undefined>
  /** That the bridge holds the access token; absent where that is not what is asked for. */
  proof(challenge: string, request: FastifyRequest): string | undefined
}

export function createAccess(keys: AccessKeys, guesses: KeyGuesses): Access {
  const { apiKey, accessToken, isOpen } = keys
  const kind = apiKey !== undefined ? 'key' : isOpen ? 'loopback' : 'token'
  const key = apiKey ?? accessToken
  const isRight = key === undefined ? () => false : createKeyCheck(key)
  const hostFailure = createHostCheck(apiKey)

  async function checked(
    authorization: string,
    { socket, url }: FastifyRequest,
  ): Promise<WebFailure | undefined> {
    if (isRight(authorization)) return undefined
    const isTooMany = await guesses.wrong(socket.remoteAddress, url)
    return isTooMany ? tooManyGuesses : wrongKey(kind)
  }

  return {
    kind,
    requestFailure: ({ headers, socket }) => {
      const peer = socket.remoteAddress?.replace(/^::ffff:/, '') ?? ''
      if (apiKey === undefined && !isLoopback(peer)) {
        const message = `requests from ${peer} are taken only with an API_KEY; set it on the bridge`
        return { code: 'forbidden', message }
      }
      const foreign = hostFailure(headers)
      return foreign === undefined ? undefined : { code: 'forbidden', message: foreign.message }
    },
    toData: async (request) => {
      const { headers } = request
      const foreign = foreignOrigin(headers)
      if (foreign !== undefined) return foreign
      if (kind === 'loopback') return undefined
      if (headers.authorization === undefined) return notLoggedIn(kind)
      return checked(headers.authorization, request)
    },
    proof: (challenge, { socket: { localPort } }) => {
      if (apiKey !== undefined || accessToken === undefined) return undefined
      return proofOf(accessToken, challenge, localPort ?? 0)
    },
    withKey: async (key, request) =>
      foreignOrigin(request.headers) ?? checked(`Bearer ${key}`, request),
  }
}

/**
 * Whether a request comes from a page that is not the bridge's own: the failure that its headers
 * mean, if any. Browsers say `Sec-Fetch-Site` where the connection can be trusted (https, this
 * machine), and a page cannot change it; elsewhere `Origin` has to name the host that was asked. A
 * request with neither does not come from a page.
 */
export function foreignOrigin(headers: FastifyRequest['headers']): WebFailure | undefined {
  const { origin, host } = headers
  const site = headers['sec-fetch-site']
  if (site === 'same-origin' || site === 'none') return undefined
  if (site !== undefined) return forbidden(`Sec-Fetch-Site is ${shown(site)}`)
  if (origin === undefined || hostOf(origin) === host?.toLowerCase()) return undefined
  return forbidden(`the Origin header is ${shown(origin)}`)
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined
}

function forbidden(what: string): WebFailure {
  return { code: 'forbidden', message: `${what}; only the bridge's own page may send this request` }
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 100))
}
