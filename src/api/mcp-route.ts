/**
 * `POST /mcp`: the MCP server beside the JSON API, under the same rules: who may ask, what he sees, how
 * long a body may be. What it answers is worked out elsewhere and loaded with the first request.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { visibleTo } from '../domain/access.ts'
import type { Clock } from '../domain/clock.ts'
import { err, type Result } from '../domain/result.ts'
import { principalOf } from './access.ts'
import { fail } from './api-route.ts'
import { MCP_ACCESS, MCP_PATH } from './contract/api.ts'
import { tookTooLong, type WebFailure } from './failure.ts'
import type { JsonBytes, Question, WebQueries } from './queries.ts'

/** A request that was admitted, with the questions that it may ask. */
export interface McpRequest {
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
  readonly ask: (question: Question) => Promise<Result<JsonBytes, WebFailure>>
}

export interface McpAnswer {
  readonly status: number
  readonly contentType: string | undefined
  readonly body: Uint8Array
}

export type AnswerMcp = (request: McpRequest) => Promise<McpAnswer>

/** Below the minute after which the server hangs up on a connection where nothing moves. */
const TIMEOUT_MS = 45_000
/** What the transport reads of a request. */
const HEADERS = ['accept', 'content-type', 'mcp-protocol-version'] as const

const noStream: WebFailure = {
  code: 'method_not_allowed',
  message: 'this MCP server keeps no sessions and no streams: send each message by POST',
}

/** They would multiply the bound of an answer; the protocol dropped them in 2025-06-18. */
const noBatches: WebFailure = {
  code: 'malformed',
  message: 'batches of messages are not taken: send each message by itself',
}

export function addMcpRoute(
  app: FastifyInstance,
  { queries, clock }: { readonly queries: Pick<WebQueries, 'ask'>; readonly clock: Clock },
  answer: AnswerMcp,
): void {
  const config = { access: MCP_ACCESS, operation: 'mcp', audited: auditedCall }
  app.post(MCP_PATH, { config }, async (request, reply) => {
    if (Array.isArray(request.body)) return fail(reply, noBatches)
    const ending = new AbortController()
    const { signal } = ending
    reply.raw.once('close', () => ending.abort())
    // Not by AbortSignal.timeout, which would keep what listens to it for as long.
    const timer = clock.setTimer(() => ending.abort(), TIMEOUT_MS)
    const visible = visibleTo(principalOf(request))
    const answered = answer({
      headers: headersOf(request),
      body: request.body,
      ask: async (question) => {
        if (signal.aborted) return err(tookTooLong)
        const told = await queries.ask(question, visible, signal)
        return ending.signal.aborted ? err(tookTooLong) : told
      },
    })
    const { status, contentType, body } = await answered.finally(() => timer.cancel())
    if (contentType !== undefined) reply.type(contentType)
    return reply.code(status).send(body)
  })
  app.route({
    method: ['GET', 'DELETE'],
    url: MCP_PATH,
    exposeHeadRoute: false,
    config: { access: MCP_ACCESS, operation: 'mcp' },
    handler: async (_request, reply) => fail(reply.header('allow', 'POST'), noStream),
  })
}

function headersOf({ headers }: FastifyRequest): Record<string, string> {
  return Object.fromEntries(
    HEADERS.flatMap((name) => {
      const value = headers[name]
      return typeof value === 'string' ? [[name, value]] : []
    }),
  )
}

const MAX_TARGET_CHARS = 300

/** Which tool was called about which session; undefined for messages that read nothing. */
function auditedCall({ body }: FastifyRequest): string | undefined {
  const { method, params } = (body ?? {}) as {
    readonly method?: unknown
    readonly params?: unknown
  }
  if (method !== 'tools/call') return undefined
  const { name, arguments: given } = (params ?? {}) as {
    readonly name?: unknown
    readonly arguments?: unknown
  }
  const { session } = (given ?? {}) as { readonly session?: unknown }
  const target = typeof session === 'string' ? `${String(name)} ${session}` : String(name)
  return target.slice(0, MAX_TARGET_CHARS)
}
