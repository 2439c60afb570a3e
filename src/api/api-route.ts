/**
 * One endpoint of the contract as a Fastify route: reads what is asked by the contract's schemas,
 * and sends what the handler answers or why it cannot.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import { type Principal, visibleTo } from '../domain/access.ts'
import type { Result } from '../domain/result.ts'
import { principalOf } from './access.ts'
import { api, type Endpoint } from './contract/api.ts'
import { problemOf, statusOf, type WebFailure } from './failure.ts'
import { checked, readQuery } from './read-query.ts'
import type { Question, WebQueries } from './queries.ts'

/** What was asked. `params` are decoded. */
export interface Asked<Q, B> {
  readonly params: Readonly<Record<'key' | 'turn' | 'item' | 'id', string>>
  readonly query: Q
  readonly body: B
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly principal: Principal
}

export type Handler<Q extends z.ZodObject, B extends z.ZodType, A extends z.ZodType> = (
  asked: Asked<z.output<Q>, z.output<B>>,
) => Promise<Result<z.input<A>, WebFailure>>

/** Registers an endpoint. `options` are the route's own, such as its rate limit. */
export function addEndpoint<Q extends z.ZodObject, B extends z.ZodType, A extends z.ZodType>(
  app: FastifyInstance,
  endpoint: Endpoint<Q, B, A>,
  handle: Handler<Q, B, A>,
  options: Readonly<Record<string, unknown>> = {},
): void {
  addRoute(app, endpoint, options, async (asked) => {
    const answer = await handle(asked)
    return answer.ok ? asked.reply.send(answer.value) : fail(asked.reply, answer.error)
  })
}

/** Registers an endpoint that puts a question to the store; its answer goes out as it comes. */
export function addQuestion<Q extends z.ZodObject, B extends z.ZodType, A extends z.ZodType>(
  app: FastifyInstance,
  queries: Pick<WebQueries, 'ask'>,
  endpoint: Endpoint<Q, B, A>,
  questionOf: (asked: Asked<z.output<Q>, z.output<B>>) => Question | Promise<Question>,
): void {
  addRoute(app, endpoint, {}, async (asked) => {
    const { reply } = asked
    const gone = new AbortController()
    reply.raw.once('close', () => gone.abort())
    const answer = await queries.ask(
      await questionOf(asked),
      visibleTo(asked.principal),
      gone.signal,
    )
    if (!answer.ok) return fail(reply, answer.error)
    return reply.type('application/json; charset=utf-8').send(answer.value)
  })
}

function addRoute<Q extends z.ZodObject, B extends z.ZodType, A extends z.ZodType>(
  app: FastifyInstance,
  endpoint: Endpoint<Q, B, A>,
  options: Readonly<Record<string, unknown>>,
  handle: (asked: Asked<z.output<Q>, z.output<B>>) => Promise<FastifyReply>,
): void {
  app.route({
    method: endpoint.method,
    url: endpoint.path,
    ...options,
    config: { access: endpoint.access, operation: operationOf(endpoint) },
    handler: async (request, reply) => {
      const query = readQuery(request.url, endpoint.query)
      if (!query.ok) return fail(reply, query.error)
      const body = checked(request.body ?? {}, endpoint.body)
      if (!body.ok) return fail(reply, body.error)
      const named = request.params as Record<string, string>
      const params = { key: '', turn: '', item: '', id: '', ...named }
      const principal = principalOf(request)
      return handle({ params, query: query.value, body: body.value, request, reply, principal })
    },
  })
}

type AnyEndpoint = Endpoint<z.ZodObject, z.ZodType, z.ZodType>

const operations: ReadonlyMap<AnyEndpoint, string> = new Map(
  Object.entries<AnyEndpoint>(api).map(([name, endpoint]) => [endpoint, name]),
)

/** What the OpenAPI document calls it. */
function operationOf(endpoint: AnyEndpoint): string {
  return operations.get(endpoint) ?? endpoint.path
}

/** Whether the database can be used is looked at about as often while it cannot. */
const RETRY_AFTER_S = '2'

/** Status and headers of a failure; returns its body. */
export function failureBody(reply: FastifyReply, failure: WebFailure): object {
  const status = statusOf[failure.code]
  if (status === 503) reply.header('retry-after', RETRY_AFTER_S)
  reply.code(status)
  return problemOf(failure)
}

/** Ends a request with a failure. */
export function fail(reply: FastifyReply, failure: WebFailure): FastifyReply {
  return reply.send(failureBody(reply, failure))
}
