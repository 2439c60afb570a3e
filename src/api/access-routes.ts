/** Login, logout, and what the page asks before it shows anything. */
import type { FastifyInstance } from 'fastify'
import { err, ok } from '../domain/result.ts'
import type { Access } from './access.ts'
import { addEndpoint } from './api-route.ts'
import { api } from './contract/api.ts'
import { problemOf, type WebFailure } from './failure.ts'
import { foreignOrigin } from './access.ts'

const LOGINS_PER_MINUTE = 10

const wrongKey: WebFailure = {
  code: 'unauthenticated',
  message: 'this is not the API_KEY of the bridge',
}
const noKey: WebFailure = {
  code: 'conflict',
  message: 'the bridge has no API_KEY, nothing asks for a login',
}
const tooMany = problemOf({
  code: 'too_many',
  message: `more than ${LOGINS_PER_MINUTE} logins in a minute; wait a minute and try again`,
})

/** Needs `@fastify/rate-limit` on the instance. */
export function addAccessRoutes(app: FastifyInstance, access: Access, version: string): void {
  const { kind } = access

  addEndpoint(app, api.me, async ({ request }) =>
    ok({ version, access: kind, isLoggedIn: access.toData(request) === undefined }),
  )
  const rateLimit = {
    max: LOGINS_PER_MINUTE,
    timeWindow: '1 minute',
    errorResponseBuilder: () => ({ statusCode: 429, ...tooMany }),
  }
  addEndpoint(
    app,
    api.login,
    async ({ body, request, reply }) => {
      const foreign = foreignOrigin(request.headers)
      if (foreign !== undefined) return err(foreign)
      if (kind === 'loopback') return err(noKey)
      if (!access.logIn(body.key, request, reply)) return err(wrongKey)
      return ok({ version, access: kind, isLoggedIn: true })
    },
    { config: { rateLimit } },
  )
  addEndpoint(app, api.logout, async ({ request, reply }) => {
    const foreign = foreignOrigin(request.headers)
    if (foreign !== undefined) return err(foreign)
    access.logOut(request, reply)
    return ok({ version, access: kind, isLoggedIn: kind === 'loopback' })
  })
}
