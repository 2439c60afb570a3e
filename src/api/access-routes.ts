/** What the page asks before it shows anything, and whether a key is right. */
import type { FastifyInstance } from 'fastify'
import { allows, type Principal } from '../domain/access.ts'
import { err, ok } from '../domain/result.ts'
import type { Access } from './access.ts'
import { addEndpoint } from './api-route.ts'
import type { Me } from './contract/access.ts'
import { api } from './contract/api.ts'
import type { WebFailure } from './failure.ts'
import type { Oidc } from './oidc.ts'

const noKey: WebFailure = {
  code: 'conflict',
  message: 'PAGE_ACCESS is open and there is no API_KEY: nothing asks for a key',
}

/** Version 0.1 kept logins in this cookie. */
const FORMER_COOKIE = 'claude_telemetry_login=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict'

export function addAccessRoutes(
  app: FastifyInstance,
  access: Access,
  version: string,
  oidc: Pick<Oidc, 'logOut'> | undefined,
): void {
  const { kind } = access
  const isOffered = oidc !== undefined && { oidc: true }

  addEndpoint(app, api.me, async ({ request, query: { challenge } }) => {
    const identified = await access.identify(request)
    const proof = challenge === undefined ? undefined : access.proof(challenge, request)
    return ok({
      ...{ version, access: kind, isLoggedIn: identified.ok },
      ...isOffered,
      ...(identified.ok && rightsOf(identified.value)),
      ...(proof !== undefined && { proof }),
    })
  })
  addEndpoint(app, api.login, async ({ body, request }) => {
    if (kind === 'loopback') return err(noKey)
    const identified = await access.withKey(body.key, request)
    if (!identified.ok) return identified
    return ok({ version, access: kind, isLoggedIn: true, ...rightsOf(identified.value) })
  })
  addEndpoint(app, api.logout, async ({ reply }) => {
    reply.header('set-cookie', oidc === undefined ? FORMER_COOKIE : [FORMER_COOKIE, oidc.logOut()])
    return ok({ version, access: kind, isLoggedIn: kind === 'loopback', ...isOffered })
  })
}

/** Nothing for whoever may do everything. */
function rightsOf(principal: Principal): Pick<Me, 'rights'> {
  if (allows(principal, 'admin')) return {}
  const { name, scopes, team = null, user = null } = principal
  return { rights: { name, scopes: [...scopes], team, user } }
}
