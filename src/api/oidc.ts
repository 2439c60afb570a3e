/**
 * Logging in by an OpenID Connect provider: the authorization code flow with PKCE, state and nonce.
 * What the provider says of a person becomes a principal, which the browser keeps in a signed cookie;
 * nothing of it is stored here.
 */
import type { FastifyInstance } from 'fastify'
import type { Configuration } from 'openid-client'
import type { OidcConfig } from '../config/config.ts'
import { isLoopback } from '../config/loopback.ts'
import { type Principal, type Scope, SCOPES } from '../domain/access.ts'
import type { Clock } from '../domain/clock.ts'
import type { AuditLog } from '../domain/key-store.ts'
import { err, ok, type Result } from '../domain/result.ts'
import type { Log } from '../observability/logger.ts'
import type { LoggedIn } from './access.ts'
import { fail } from './api-route.ts'
import { OIDC_CALLBACK_PATH, OIDC_LOGIN_PATH } from './contract/api.ts'
import type { WebFailure } from './failure.ts'
import { createSignedCookie } from './signed-cookie.ts'

export interface Oidc extends LoggedIn {
  /** The header that ends it. */
  logOut(): string
  addRoutes(app: FastifyInstance): void
}

export interface OidcDeps {
  readonly config: OidcConfig
  readonly audit: Pick<AuditLog, 'append'>
  readonly clock: Clock
  readonly log: Pick<Log, 'warn' | 'info'>
}

/** What a login under way has to remember. */
interface Attempt {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
}

const TIMEOUT_S = 10
const LOGIN_S = 600
/** A person whose rights end at the provider keeps them here as long. */
const SESSION_S = 8 * 3600

const failed: WebFailure = {
  code: 'unauthenticated',
  message: 'the login did not succeed; try again. The log of the bridge says why',
}
const away: WebFailure = {
  code: 'unavailable',
  message: 'the OIDC provider does not answer; try again. The log of the bridge says why',
}
const noRole: WebFailure = {
  code: 'forbidden',
  message: 'you are logged in, but none of your roles may use this page; ask who runs the bridge',
}

export function createOidc({ config, audit, clock, log }: OidcDeps): Oidc {
  const { issuer, clientSecret, publicUrl, scopes } = config
  const isSecure = new URL(publicUrl).protocol === 'https:'
  const cookies = { secret: clientSecret, isSecure }
  const sessions = createSignedCookie<Principal>({
    ...cookies,
    ...{ name: 'claude-telemetry-session', maxAgeS: SESSION_S, sameSite: 'Strict' },
  })
  const attempts = createSignedCookie<Attempt>({
    ...cookies,
    ...{ name: 'claude-telemetry-login', maxAgeS: LOGIN_S, sameSite: 'Lax' },
  })
  const redirectUri = `${publicUrl}${OIDC_CALLBACK_PATH}`
  /** Found out with the first login; asked again as long as that fails. */
  let discovered: Promise<Configuration> | undefined

  function provider(): Promise<Configuration> {
    discovered ??= discover(config).catch((error: unknown) => {
      discovered = undefined
      throw error
    })
    return discovered
  }

  /** The claims of the id token, with those of the user info where that has more. */
  async function claimsOf(url: URL, attempt: Attempt): Promise<Claims> {
    const client = await loadClient()
    const server = await provider()
    const tokens = await client.authorizationCodeGrant(server, url, {
      pkceCodeVerifier: attempt.verifier,
      expectedState: attempt.state,
      expectedNonce: attempt.nonce,
      idTokenExpected: true,
    })
    const claims: Claims = { ...tokens.claims() }
    const { userClaim, teamClaim, rolesClaim } = config
    const wanted = [userClaim, teamClaim, rolesClaim]
    if (userClaim === 'email') wanted.push('email_verified')
    const isWhole = wanted.every((name) => claims[name] !== undefined)
    const hasMore = server.serverMetadata().userinfo_endpoint !== undefined
    if (isWhole || !hasMore || typeof claims.sub !== 'string') return claims
    return { ...(await client.fetchUserInfo(server, tokens.access_token, claims.sub)), ...claims }
  }

  return {
    principalOf: (header) => sessions.read(header, clock.now()),
    logOut: () => sessions.clear(),
    addRoutes: (app) => {
      app.get(OIDC_LOGIN_PATH, async (_request, reply) => {
        const client = await loadClient()
        const attempt: Attempt = {
          state: client.randomState(),
          nonce: client.randomNonce(),
          verifier: client.randomPKCECodeVerifier(),
        }
        let url: URL
        try {
          url = client.buildAuthorizationUrl(await provider(), {
            ...{ redirect_uri: redirectUri, scope: scopes },
            ...{ state: attempt.state, nonce: attempt.nonce },
            code_challenge: await client.calculatePKCECodeChallenge(attempt.verifier),
            code_challenge_method: 'S256',
          })
        } catch (error) {
          log.warn({ reason: reasonOf(error), issuer }, 'cannot reach the OIDC provider')
          return fail(reply, away)
        }
        return reply.header('set-cookie', attempts.set(attempt, clock.now())).redirect(url.href)
      })

      app.get(OIDC_CALLBACK_PATH, async (request, reply) => {
        const attempt = attempts.read(request.headers.cookie, clock.now())
        if (attempt === undefined) return fail(reply, failed)
        // The name that people use, whatever a proxy in between calls this one.
        const url = new URL(`${redirectUri}${new URL(request.url, publicUrl).search}`)
        let claims: Claims
        try {
          claims = await claimsOf(url, attempt)
        } catch (error) {
          log.warn({ reason: reasonOf(error), issuer }, 'OIDC login failed')
          return fail(reply, failed)
        }
        const principal = principalFrom(claims, config)
        if (!principal.ok) return fail(reply, principal.error)
        const { name: actor } = principal.value
        await audit.append([{ atMs: clock.now(), actor, action: 'login', outcome: 'done' }])
        return reply
          .header('set-cookie', [attempts.clear(), sessions.set(principal.value, clock.now())])
          .redirect(`${publicUrl}/`)
      })
    },
  }
}

/** Loaded with the first login: most bridges have none. */
function loadClient() {
  return import('openid-client')
}

async function discover({ issuer, clientId, clientSecret }: OidcConfig): Promise<Configuration> {
  const client = await loadClient()
  const server = new URL(issuer)
  // Marked as deprecated so that it stands out: `http` is for this machine alone (`joint-rules.ts`).
  // oxlint-disable-next-line typescript/no-deprecated
  const forLocal = isLoopback(server.hostname) ? [client.allowInsecureRequests] : []
  return client.discovery(server, clientId, clientSecret, undefined, {
    timeout: TIMEOUT_S,
    execute: [client.enableNonRepudiationChecks, ...forLocal],
  })
}

type Claims = Readonly<Record<string, unknown>>

/** What a person may do by what the provider says of him. */
export function principalFrom(
  claims: Claims,
  { userClaim, teamClaim, teams, rolesClaim, roles }: OidcConfig,
): Result<Principal, WebFailure> {
  const [user] = textsIn(claims[userClaim])
  // An address that nobody has confirmed could be anybody's. Some providers say so as text, some not at all.
  const isConfirmed = [undefined, null, true, 'true'].includes(claims.email_verified as never)
  const isUnconfirmed = userClaim === 'email' && !isConfirmed
  const values = textsIn(claims[teamClaim])
  const [team] =
    teams === undefined
      ? values
      : values.flatMap((value) => (Object.hasOwn(teams, value) ? [teams[value] as string] : []))
  const named = [...textsIn(claims[rolesClaim]), '*'].flatMap((role) =>
    Object.hasOwn(roles, role) ? [roles[role]] : [],
  )
  const scopes: Scope[] = SCOPES.filter((scope) => named.includes(scope))
  if (user === undefined || isUnconfirmed || scopes.length === 0) return err(noRole)
  return ok({ name: user, scopes, user, ...(team !== undefined && { team }) })
}

function textsIn(claim: unknown): readonly string[] {
  const values: readonly unknown[] = Array.isArray(claim) ? claim : [claim]
  return values.filter((value) => typeof value === 'string' && value !== '') as string[]
}

/** Without what the answer of the provider holds. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code } = error as { readonly code?: unknown }
  return typeof code === 'string' ? `${error.message} (${code})` : error.message
}
