/**
 * Who may use the page and its API, and what of it. Guarantees that nothing behind it is read or
 * changed otherwise: a route says which scope it needs, and one that says nothing is refused. A key is
 * sent as `Authorization: Bearer` and never kept in a cookie, which a browser would send to every port
 * of this host; whoever logs in by a provider has a cookie that is signed and says who he is.
 */
import type { FastifyRequest } from 'fastify'
import { allows, type Principal } from '../domain/access.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { isLoopback } from '../config/loopback.ts'
import { createKeyCheck } from '../receivers/api-key.ts'
import { createHostCheck } from '../receivers/http/guard.ts'
import type { KeyGuesses } from '../receivers/key-guesses.ts'
import type { Identified, KeyRing } from '../receivers/key-ring.ts'
import { proofOf } from './bridge-proof.ts'
import type { Me } from './contract/access.ts'
import type { EndpointAccess } from './contract/api.ts'
import { missingScope, notLoggedIn, tooManyGuesses, type WebFailure, wrongKey } from './failure.ts'

/** The keys there are. */
export interface AccessKeys {
  /** Of a shared bridge. Without it this machine alone is answered. */
  readonly apiKey: string | undefined
  /** What counts in its place; absent when it could not be made. */
  readonly accessToken: string | undefined
  /** Without an API key, nobody on this machine needs a token. */
  readonly isOpen: boolean
  /** Named keys, which count beside any of these. */
  readonly ring?: KeyRing | undefined
  /** People who log in by a provider; absent where there is none. */
  readonly oidc?: LoggedIn | undefined
}

/** Who logged in with a browser, by its cookies. */
export interface LoggedIn {
  principalOf(cookies: string | undefined): Principal | undefined
}

export interface Access {
  readonly kind: Me['access']
  /** What keeps this request from any path of the page or its API. */
  requestFailure(request: FastifyRequest): WebFailure | undefined
  /** Who asks, or what keeps him from everything. A wrong key may be answered late. */
  identify(request: FastifyRequest): Promise<Result<Principal, WebFailure>>
  /** The same for a key that stands in the request's body. */
  withKey(key: string, request: FastifyRequest): Promise<Result<Principal, WebFailure>>
  /** Whether the request would still be answered as the one who asked it. */
  isStill(principal: Principal, request: FastifyRequest): boolean
  /** That the bridge holds the access token; absent where that is not what is asked for. */
  proof(challenge: string, request: FastifyRequest): string | undefined
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Of a route of the API. */
    readonly access?: EndpointAccess
    /** As the OpenAPI document and the audit log name it. */
    readonly operation?: string
    /**
     * What the audit log names as the target of a request that reads by POST; undefined for one that is
     * not written down. Absent where the path, or the body of a change, says it.
     */
    readonly audited?: (request: FastifyRequest) => string | undefined
  }
}

/** Who asks, as soon as that is known; those who may are admitted. */
const principals = new WeakMap<FastifyRequest, Principal>()
const admitted = new WeakSet<FastifyRequest>()

/** Nobody, before anybody was let in. */
const nobody: Principal = { name: '', scopes: [] }
/** Whoever holds the access token of this machine. */
const tokenHolder: Principal = { name: 'access token', scopes: ['admin'] }
/** Where no key is asked for. */
const thisMachine: Principal = { name: 'this machine', scopes: ['admin'] }

/** Who asks, on a path that needs to know. */
export function principalOf(request: FastifyRequest): Principal {
  return principals.get(request) ?? nobody
}

/** Whether a request may go on to its route. */
export function isAdmitted(request: FastifyRequest): boolean {
  return admitted.has(request)
}

/** Admits a request, or says why not. */
export async function admit(
  access: Access,
  request: FastifyRequest,
): Promise<WebFailure | undefined> {
  const needed = request.routeOptions.config.access
  const identified = await access.identify(request)
  if (!identified.ok) return identified.error
  principals.set(request, identified.value)
  if (needed === undefined) return undeclared
  if (needed.scope !== 'none' && !allows(identified.value, needed.scope))
    return missingScope(needed.scope, needed.reason)
  admitted.add(request)
  return undefined
}

const undeclared: WebFailure = {
  code: 'forbidden',
  message: 'this path says nothing about who may use it, so nobody may',
}

export function createAccess(keys: AccessKeys, guesses: KeyGuesses): Access {
  const { apiKey, accessToken, isOpen, ring, oidc } = keys
  const kind = apiKey !== undefined ? 'key' : isOpen ? 'loopback' : 'token'
  const hasRootKey = createRootCheck(apiKey ?? accessToken)
  const root: Principal =
    apiKey === undefined ? tokenHolder : { name: 'API_KEY', scopes: ['admin'] }
  const hostFailure = createHostCheck(apiKey)

  /** Undefined where the key is wrong. */
  function holderOf(
    authorization: string,
    identified: Identified | undefined,
  ): Principal | undefined {
    if (hasRootKey(authorization)) return root
    if (identified?.kind === 'principal') return identified.principal
    const isNamed = identified?.kind === 'unknown' && identified.isNamed
    return kind === 'loopback' && !isNamed ? thisMachine : undefined
  }

  async function checked(
    authorization: string,
    { socket, url }: FastifyRequest,
  ): Promise<Result<Principal, WebFailure>> {
    const principal = holderOf(authorization, await ring?.lookUp(authorization))
    if (principal !== undefined) return ok(principal)
    const isTooMany = await guesses.wrong(socket.remoteAddress, url)
    return err(isTooMany ? tooManyGuesses : wrongKey(kind))
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
    identify: async (request) => {
      const { headers } = request
      const foreign = foreignOrigin(headers)
      if (foreign !== undefined) return err(foreign)
      if (headers.authorization !== undefined) return checked(headers.authorization, request)
      const person = oidc?.principalOf(headers.cookie)
      if (person !== undefined) return ok(person)
      return kind === 'loopback' ? ok(thisMachine) : err(notLoggedIn(kind))
    },
    isStill: ({ name, keyId }, { headers: { authorization, cookie } }) => {
      const local = kind === 'loopback' ? thisMachine : undefined
      const now =
        authorization === undefined
          ? (oidc?.principalOf(cookie) ?? local)
          : holderOf(authorization, ring?.identify(authorization))
      return now?.name === name && now.keyId === keyId
    },
    proof: (challenge, { socket: { localPort } }) => {
      if (apiKey !== undefined || accessToken === undefined) return undefined
      return proofOf(accessToken, challenge, localPort ?? 0)
    },
    withKey: async (key, request) => {
      const foreign = foreignOrigin(request.headers)
      return foreign === undefined ? checked(`Bearer ${key}`, request) : err(foreign)
    },
  }
}

function createRootCheck(key: string | undefined): (authorization: string) => boolean {
  return key === undefined ? () => false : createKeyCheck(key)
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
