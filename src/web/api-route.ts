/**
 * One endpoint of the contract as a Fastify route: reads what is asked by the contract's schemas,
 * and sends what the handler answers or why it cannot.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import type { Result } from '../domain/result.ts'
import type { Endpoint } from './contract/api.ts'
import { problemOf, statusOf, type WebFailure } from './failure.ts'
import { checked, readQuery } from './read-query.ts'

/** What was asked. `params` are decoded. */
export interface Asked<Q, B> {
  readonly params: Readonly<Record<'key' | 'turn', string>>
  readonly query: Q
  readonly body: B
  readonly request: FastifyRequest
  readonly reply: FastifyReply
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
  app.route({
    method: endpoint.method,
    url: endpoint.path,
    ...options,
    handler: async (request, reply) => {
      const query = readQuery(request.url, endpoint.query)
      if (!query.ok) return fail(reply, query.error)
      const body = checked(request.body ?? {}, endpoint.body)
      if (!body.ok) return fail(reply, body.error)
      const params = { key: '', turn: '', ...(request.params as Record<string, string>) }
      const asked = { params, query: query.value, body: body.value, request, reply }
      const answer = await handle(asked)
      return answer.ok ? reply.send(answer.value) : fail(reply, answer.error)
    },
  })
}

/** Ends a request with a failure. */
export function fail(reply: FastifyReply, failure: WebFailure): FastifyReply {
  return reply.code(statusOf[failure.code]).send(problemOf(failure))
}
