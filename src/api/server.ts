/**
 * The page and its JSON API as one Fastify plugin, beside the OTLP paths of the same server.
 * Guarantees for each of its paths: the access rule, the security headers, JSON errors, and
 * bodies of a few kilobytes at most. Knows neither SQL nor Langfuse; asks `WebQueries`. What the
 * store answers comes as bytes and goes out as they are: nothing of it is worked out here.
 */
import { Readable } from 'node:stream'
import fastifyHelmet from '@fastify/helmet'
import type { FastifyError, FastifyInstance, FastifyPluginAsync } from 'fastify'
import type { Clock } from '../domain/clock.ts'
import { jsonText } from '../domain/numbers.ts'
import { err } from '../domain/result.ts'
import type { Log } from '../observability/logger.ts'
import type { KeyGuesses } from '../receivers/key-guesses.ts'
import type { AuditLog } from '../domain/key-store.ts'
import { type AccessKeys, admit, createAccess, isAdmitted, principalOf } from './access.ts'
import { addAccessRoutes } from './access-routes.ts'
import { addQuestion, fail, failureBody } from './api-route.ts'
import { createAudit } from './audit.ts'
import { api, OPENAPI_ACCESS, OPENAPI_PATH } from './contract/api.ts'
import { addDataRoutes } from './data-routes.ts'
import { databaseAway, internal, notFound, type WebFailure } from './failure.ts'
import { addExportRoute } from './export-route.ts'
import { addKeyRoutes, type KeyManagement } from './key-routes.ts'
import { createLiveHubs } from './live-hub.ts'
import { addLiveRoute } from './live-route.ts'
import { type AnswerMcp, addMcpRoute } from './mcp-route.ts'
import type { Oidc } from './oidc.ts'
import { openApiDocument } from './openapi.ts'
import { addPageRoutes } from './page-routes.ts'
import { securityHeaders } from './security-headers.ts'
import { setupOf } from './setup.ts'
import type { WebQueries } from './queries.ts'

const MAX_BODY_BYTES = 64 * 1024
/** Headers that are of an answer which is not given. */
const OF_THE_ANSWER = ['content-length', 'content-disposition', 'content-encoding', 'etag'] as const

export interface WebDeps {
  readonly queries: WebQueries
  readonly keys: AccessKeys
  readonly guesses: KeyGuesses
  /** Absent where no keys are kept. */
  readonly administration?: Administration | undefined
  /** People log in by a provider; absent where there is none. */
  readonly oidc?: Oidc | undefined
  /** Absent where no MCP server is asked for. */
  readonly mcp?: AnswerMcp | undefined
  /** Why the store cannot be used, where an error is of that; absent where it cannot be away. */
  readonly outageOf?: ((error: unknown) => string | undefined) | undefined
  /** Folder of the built page. */
  readonly pageDir: string
  readonly version: string
  readonly clock: Clock
  readonly log: Log
}

/** Keys, and what is written down. */
export interface Administration {
  readonly keys: KeyManagement
  readonly audit: AuditLog
}

const NOT_KEPT = 'this bridge keeps no keys'
const noAdministration: Administration = {
  keys: {
    list: async () => [],
    create: async () => err(NOT_KEPT),
    rotate: async () => err(NOT_KEPT),
    update: async () => err(NOT_KEPT),
    revoke: async () => err(NOT_KEPT),
  },
  audit: { append: async () => {}, list: async () => [] },
}

/** A plugin to be registered on the HTTP server. */
export function createWeb(deps: WebDeps): FastifyPluginAsync {
  const {
    queries,
    keys,
    guesses,
    administration = noAdministration,
    oidc,
    mcp,
    outageOf = () => undefined,
    pageDir,
    version,
    clock,
    log,
  } = deps
  const access = createAccess({ ...keys, oidc }, guesses)
  /** What whoever asked is told of an error; its own text is for the log alone. */
  function failureOf(error: Partial<FastifyError>): WebFailure {
    const outage = outageOf(error)
    if (outage !== undefined) {
      log.warn({ reason: outage }, 'page request failed: the database cannot be used')
      return databaseAway
    }
    if ((error.statusCode ?? 500) < 500) return { code: 'malformed', message: error.message ?? '' }
    log.error({ err: error }, 'page request failed')
    return internal
  }

  /** Made when it is first asked for: making it takes more memory than all sessions do. */
  let document: ReturnType<typeof openApiDocument> | undefined

  const addData = async (app: FastifyInstance): Promise<void> => {
    // A route that does not say who may use it is a bug: the bridge does not start with it.
    app.addHook('onRoute', ({ url, config }) => {
      if (config?.access === undefined) throw new Error(`${url} does not say who may use it`)
    })
    app.addHook('onRequest', async (request, reply) => {
      const failure = await admit(access, request)
      if (failure === undefined) return
      // Awaited until it is sent: a hook that ends before that lets the request go on to its route.
      await fail(reply, failure)
    })
    app.addHook('preHandler', (request, reply, done) => {
      if (isAdmitted(request)) done()
      else fail(reply, internal)
    })
    const audit = createAudit(administration.audit, clock)
    app.addHook('onSend', async (request, reply, payload) => {
      try {
        await audit(request, reply)
        return payload
      } catch (error) {
        // Beyond the error handler: what is thrown here would be told as it is, with addresses of servers.
        if (payload instanceof Readable) payload.destroy()
        const failure = failureOf(error instanceof Error ? error : new Error(String(error)))
        for (const name of OF_THE_ANSWER) reply.removeHeader(name)
        reply.type('application/json; charset=utf-8')
        return jsonText(failureBody(reply, failure))
      }
    })
    addKeyRoutes(app, administration.keys, administration.audit)
    addDataRoutes(app, queries)
    addExportRoute(app, queries)
    addLiveRoute(app, createLiveHubs(queries.live, clock), {
      principalOf,
      isStill: (principal, request) => access.isStill(principal, request),
    })
    if (mcp !== undefined) addMcpRoute(app, { queries, clock }, mcp)
    addQuestion(app, queries, api.setup, ({ request }) => {
      const baseUrl = `${request.protocol}://${request.headers.host ?? 'localhost'}`
      return { name: 'setup', setup: setupOf(baseUrl, keys.apiKey !== undefined) }
    })
    app.get(OPENAPI_PATH, { config: { access: OPENAPI_ACCESS } }, async () => {
      document ??= openApiDocument(version)
      return document
    })
  }

  return async (app) => {
    takeJson(app)
    app.setErrorHandler((error: FastifyError, _request, reply) => {
      return fail(reply, failureOf(error))
    })
    app.addHook('onRequest', (request, reply, done) => {
      const failure = access.requestFailure(request)
      if (failure === undefined) done()
      else fail(reply, failure)
    })
    await app.register(fastifyHelmet, securityHeaders)
    addPageRoutes(app, pageDir)
    await app.register(async (scope) => {
      scope.addHook('onSend', (_request, reply, payload, done) => {
        reply.header('cache-control', 'no-store')
        done(null, payload)
      })
      scope.setReplySerializer((answer) => jsonText(answer))
      addAccessRoutes(scope, access, version, oidc)
      oidc?.addRoutes(scope)
      await scope.register(addData)
      scope.all('/api/*', { exposeHeadRoute: false }, async (request, reply) =>
        fail(reply, notFound('endpoint', `${request.method} ${request.url}`)),
      )
    })
  }
}

/** The server itself takes any body unread; the page's API takes small JSON only. */
function takeJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'string', bodyLimit: MAX_BODY_BYTES },
    app.getDefaultJsonParser('error', 'error'),
  )
}
