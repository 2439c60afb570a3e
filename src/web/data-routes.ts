/** The endpoints that answer from the product's data, each a line. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { err, ok, type Result } from '../domain/result.ts'
import { addEndpoint } from './api-route.ts'
import { api } from './contract/api.ts'
import { notFound, type WebFailure } from './failure.ts'
import type { BadCursor, WebQueries } from './web-queries.ts'

const badCursor: WebFailure = {
  code: 'malformed',
  message: 'cursor: it does not belong to this question; begin again without it',
}

export function addDataRoutes(app: FastifyInstance, queries: WebQueries): void {
  addEndpoint(app, api.overview, async ({ query }) => ok(await queries.overview(query)))
  addEndpoint(app, api.facets, async ({ query }) => ok(await queries.facets(query)))
  addEndpoint(app, api.budgets, async () => ok(await queries.budgets()))
  addEndpoint(app, api.delivery, async () => ok(await queries.delivery()))
  addEndpoint(app, api.retry, async ({ body, request }) => {
    takesLong(request)
    return ok(await queries.retry(body))
  })
  addEndpoint(app, api.drop, async ({ body, request }) => {
    takesLong(request)
    return ok(await queries.drop(body))
  })
  addEndpoint(app, api.sessions, async ({ query }) => page(await queries.sessions(query)))
  addEndpoint(app, api.session, async ({ params }) =>
    found(await queries.session(params.key), 'session', params.key),
  )
  addEndpoint(app, api.deleteSession, async ({ params, request }) => {
    takesLong(request)
    return found(await queries.deleteSession(params.key), 'session', params.key)
  })
  addEndpoint(app, api.turn, async ({ params }) =>
    found(await queries.turn(params.key, params.turn), 'turn', params.turn),
  )
  addEndpoint(app, api.events, async ({ params, query }) => {
    const events = await queries.events(params.key, query)
    return events === undefined ? err(notFound('session', params.key)) : page(events)
  })
  addEndpoint(app, api.liveRecent, async ({ query }) => ok(await queries.live.recent(query.limit)))
}

/** A million rows take longer than the door bears with a connection on which nothing moves. */
function takesLong({ raw }: FastifyRequest): void {
  if (raw.socket.writable) raw.socket.setTimeout(0)
}

function found<T>(value: T | undefined, what: string, name: string): Result<T, WebFailure> {
  return value === undefined ? err(notFound(what, name)) : ok(value)
}

function page<T>(result: Result<T, BadCursor>): Result<T, WebFailure> {
  return result.ok ? result : err(badCursor)
}
