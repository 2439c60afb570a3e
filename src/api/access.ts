/**
 * What the login's cookie holds: an expiry, signed with a key that is derived from API_KEY. So a
 * login outlasts restarts, a changed key ends all of them, and nothing has to be stored.
 */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest, FastifyReply } from 'fastify'
import { type WebFailure, notLoggedIn } from './failure.ts'
import { isLoopback } from '../config/loopback.ts'
import type { Clock } from '../domain/clock.ts'
import { createKeyCheck } from '../receivers/api-key.ts'
import { foreignHost } from '../receivers/http/guard.ts'
import type { Me } from './contract/access.ts'

export const LOGIN_LIFETIME_MS = 7 * 86_400_000

export interface LoginTokens {
  /** A token that holds from now on for LOGIN_LIFETIME_MS. */
  issue(nowMs: number): string
  isValid(token: string, nowMs: number): boolean
}

/** The tokens of one key. */
export function createLoginTokens(apiKey: string): LoginTokens {
  const signingKey = Buffer.from(hkdfSync('sha256', apiKey, '', 'claude-telemetry login', 32))
  const signatureOf = (expiry: string): Buffer =>
    createHmac('sha256', signingKey).update(expiry).digest()

  return {
    issue: (nowMs) => {
      const expiry = String(Math.floor(nowMs) + LOGIN_LIFETIME_MS)
      return `${expiry}.${signatureOf(expiry).toString('base64url')}`
    },
    isValid: (token, nowMs) => {
      const [expiry = '', signature = '', ...rest] = token.split('.')
      if (rest.length > 0 || !/^\d{1,16}$/.test(expiry)) return false
      const sent = Buffer.from(signature, 'base64url')
      const expected = signatureOf(expiry)
      const isSigned = sent.length === expected.length && timingSafeEqual(sent, expected)
      return isSigned && Number(expiry) > nowMs
    },
  }
}

// Whether a request comes from the bridge's own page, or from no page at all. Keeps other web
// sites, and other ports of this machine, from asking in the name of whoever looks at them.

/**
 * The failure that these headers mean, if any. Browsers say `Sec-Fetch-Site` where the connection
 * can be trusted (https, this machine), and a page cannot change it; elsewhere `Origin` has to
 * name the host that was asked. A request with neither does not come from a page.
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
  return { code: 'forbidden', message: `${what}; only the bridge's own page may ask this` }
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 100))
}

// Who may use the page and its API. Without API_KEY this machine alone, under one of its own names;
// with it, whoever logged in or sends the key. Guarantees that nothing behind it is reached
// otherwise.

const COOKIE = 'claude_telemetry_login'

export interface Access {
  readonly kind: Me['access']
  /** What keeps this request from any path of the page or its API, login included. */
  atTheDoor(request: FastifyRequest): WebFailure | undefined
  /** What keeps it from data. */
  toData(request: FastifyRequest): WebFailure | undefined
  /** Sets the cookie if the key is right. */
  logIn(key: string, request: FastifyRequest, reply: FastifyReply): boolean
  logOut(request: FastifyRequest, reply: FastifyReply): void
}

/** The access that goes with a key, or with none. */
export function createAccess(apiKey: string | undefined, clock: Clock): Access {
  return apiKey === undefined ? loopbackAccess() : keyAccess(apiKey, clock)
}

function loopbackAccess(): Access {
  return {
    kind: 'loopback',
    atTheDoor: ({ headers, socket }) => {
      const peer = socket.remoteAddress?.replace(/^::ffff:/, '') ?? ''
      if (!isLoopback(peer)) {
        const message = `requests from ${peer} are taken only with an API_KEY; set it on the bridge`
        return { code: 'forbidden', message }
      }
      const foreign = foreignHost(headers)
      return foreign === undefined ? undefined : { code: 'forbidden', message: foreign.message }
    },
    toData: ({ headers }) => foreignOrigin(headers),
    logIn: () => false,
    logOut: () => {},
  }
}

function keyAccess(apiKey: string, clock: Clock): Access {
  const tokens = createLoginTokens(apiKey)
  const hasKey = createKeyCheck(apiKey)
  return {
    kind: 'key',
    atTheDoor: () => undefined,
    toData: (request) => {
      if (hasKey(request.headers.authorization)) return undefined
      const token = request.cookies[COOKIE]
      if (token === undefined || !tokens.isValid(token, clock.now())) return notLoggedIn
      return foreignOrigin(request.headers)
    },
    logIn: (key, request, reply) => {
      if (!hasKey(`Bearer ${key}`)) return false
      const maxAge = LOGIN_LIFETIME_MS / 1000
      reply.setCookie(COOKIE, tokens.issue(clock.now()), { ...cookieOptions(request), maxAge })
      return true
    },
    logOut: (request, reply) => {
      reply.clearCookie(COOKIE, cookieOptions(request))
    },
  }
}

/** A proxy that ends TLS says so; whoever claims it falsely only loses his own cookie. */
function cookieOptions({ protocol, headers }: FastifyRequest) {
  const secure = protocol === 'https' || headers['x-forwarded-proto'] === 'https'
  return { path: '/', httpOnly: true, sameSite: 'strict', secure } as const
}
