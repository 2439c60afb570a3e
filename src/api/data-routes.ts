/** The endpoints that answer from the product's data, each a line. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { err, ok } from '../domain/result.ts'
import { principalOf } from './access.ts'
import { addEndpoint, addQuestion } from './api-route.ts'
import { api } from './contract/api.ts'
import { notFound } from './failure.ts'
import type { WebQueries } from './queries.ts'

export function addDataRoutes(app: FastifyInstance, queries: WebQueries): void {
  addQuestion(app, queries, api.overview, ({ query }) => ({ name: 'overview', query }))
  addQuestion(app, queries, api.usage, ({ query }) => ({ name: 'usage', query }))
  addQuestion(app, queries, api.wasteInRange, ({ query }) => ({ name: 'wasteInRange', query }))
  addQuestion(app, queries, api.facets, ({ query }) => ({ name: 'facets', query }))
  addQuestion(app, queries, api.budgets, () => ({ name: 'budgets' }))
  addQuestion(app, queries, api.fleet, ({ query }) => ({ name: 'fleet', query }))
  addQuestion(app, queries, api.planWindows, ({ query }) => ({ name: 'planWindows', query }))
  addQuestion(app, queries, api.delivery, async () => {
    return { name: 'delivery', bridge: await queries.bridgeState() }
  })
  addQuestion(app, queries, api.sessions, ({ query }) => ({ name: 'sessions', query }))
  addQuestion(app, queries, api.session, ({ params: { key } }) => ({ name: 'session', key }))
  addQuestion(app, queries, api.turns, ({ params: { key }, query }) => {
    return { name: 'turns', key, query }
  })
  addQuestion(app, queries, api.turn, ({ params: { key, turn }, query }) => {
    return { name: 'turn', key, turn, query }
  })
  addQuestion(app, queries, api.item, ({ params: { key, turn, item } }) => {
    return { name: 'item', key, turn, item }
  })
  addQuestion(app, queries, api.find, ({ params: { key }, query }) => {
    return { name: 'find', key, query }
  })
  addQuestion(app, queries, api.statusLine, ({ params: { key } }) => ({ name: 'statusLine', key }))
  addQuestion(app, queries, api.waste, ({ params: { key } }) => ({ name: 'waste', key }))
  addQuestion(app, queries, api.events, ({ params: { key }, query }) => {
    return { name: 'events', key, query }
  })
  addQuestion(app, queries, api.event, ({ params: { key, id } }) => ({ name: 'event', key, id }))
  addQuestion(app, queries, api.liveRecent, ({ query }) => ({ name: 'liveRecent', query }))

  addEndpoint(app, api.deleteSession, async ({ params: { key }, request }) => {
    takesLong(request)
    const deleted = await queries.deleteSession(key)
    return deleted === undefined ? err(notFound('session', key)) : ok(deleted)
  })
  addEndpoint(app, api.scrubSession, async ({ params: { key }, request }) => {
    takesLong(request)
    const scrubbed = await queries.scrubSession(key)
    if (!scrubbed.ok) return scrubbed
    return scrubbed.value === undefined ? err(notFound('session', key)) : ok(scrubbed.value)
  })
  addEndpoint(app, api.scrub, async ({ request }) => {
    takesLong(request)
    return queries.scrub()
  })
  addEndpoint(app, api.retry, async ({ body, request }) => {
    takesLong(request)
    return ok(await queries.retry(body))
  })
  addEndpoint(app, api.drop, async ({ body, request }) => {
    takesLong(request)
    return ok(await queries.drop(body))
  })
  addEndpoint(app, api.addBudget, async ({ body }) => queries.addBudget(body))
  addEndpoint(app, api.removeBudget, async ({ params: { key } }) => queries.removeBudget(key))
  addEndpoint(app, api.overrides, async () => queries.overrides())
  addEndpoint(app, api.override, async ({ body, request }) => {
    const { name } = principalOf(request)
    return queries.override({ ...(name !== '' && { by: name }), ...body })
  })
  addEndpoint(app, api.endOverride, async ({ body, request }) => {
    const { name } = principalOf(request)
    return queries.endOverride({ ...(name !== '' && { by: name }), ...body })
  })
  addEndpoint(app, api.retryQuarantine, async ({ body, request }) => {
    takesLong(request)
    return ok(await queries.retryQuarantine(body))
  })
  addEndpoint(app, api.dropQuarantine, async ({ body, request }) => {
    takesLong(request)
    return ok(await queries.dropQuarantine(body))
  })
  addEndpoint(app, api.import, async ({ body }) => ok({ id: queries.startImport(body) }))
  addEndpoint(app, api.importState, async ({ params: { id } }) => {
    const state = queries.importState(id)
    return state === undefined ? err(notFound('import', id)) : ok(state)
  })
}

/** A million rows take longer than the server tolerates a connection on which nothing moves. */
function takesLong({ raw }: FastifyRequest): void {
  if (raw.socket.writable) raw.socket.setTimeout(0)
}
