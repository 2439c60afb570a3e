/**
 * Who may use the page and its API. Without API_KEY this machine alone, under one of its own
 * names; with it, whoever logged in or sends the key. Guarantees that nothing behind it is
 * reached otherwise.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { isLoopback } from '../config/loopback.ts'
import type { Clock } from '../domain/clock.ts'
import { createKeyCheck } from '../receiver/api-key.ts'
import { foreignHost } from '../receiver/guard.ts'
import type { Me } from './contract/access.ts'
import { notLoggedIn, type WebFailure } from './failure.ts'
import { createLoginTokens, LOGIN_LIFETIME_MS } from './login-token.ts'
import { foreignOrigin } from './origin-check.ts'

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
