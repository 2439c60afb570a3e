/** The server of METRICS_PORT: metrics and health, and nothing else. */
import { Server as TlsServer } from 'node:tls'
import Fastify, { type FastifyInstance } from 'fastify'
import type { KeyRing } from '../key-ring.ts'
import type { ServerTls } from '../tls.ts'
import { createAnswers } from './answers.ts'
import { createConnections } from './connections.ts'
import { type OperationsDeps, addOperations } from './operations.ts'
import { createRouteFailure, operationsMethods } from './routes.ts'
import { defaultTimeouts, hangUpWhileClosing, serverOptions } from './server-options.ts'
import { type HttpServerDeps, trackConnections } from './server.ts'

/** A scraper has one, a load balancer a few. */
const MAX_CONNECTIONS = 64

type Deps = Required<OperationsDeps> &
  Pick<HttpServerDeps, 'counters' | 'failureLog' | 'guesses' | 'clock'> & {
    readonly apiKey: string | undefined
    readonly ring: KeyRing
    readonly tls: ServerTls | undefined
  }

/** Builds the server; the caller listens and closes. */
export function createMetricsServer(deps: Deps): FastifyInstance {
  const stopping = new AbortController()
  const answers = createAnswers({ ...deps, stopping: stopping.signal })
  const tls = deps.tls?.optionsWithoutClients
  const options = serverOptions(answers, { ...deps, timeouts: defaultTimeouts, tls })
  const app: FastifyInstance = Fastify(options)
  const connections = createConnections(MAX_CONNECTIONS, deps.clock)
  const endHandshakes = trackConnections(app.server, connections)
  if (app.server instanceof TlsServer) deps.tls?.keepCurrent(app.server)
  const routeFailure = createRouteFailure(operationsMethods(true))
  app.setNotFoundHandler((request, reply) => answers.fail(request, reply, routeFailure(request)))
  app.addHook('preClose', (done) => {
    stopping.abort()
    endHandshakes()
    hangUpWhileClosing(app.server, defaultTimeouts.closingMs, () => connections.closeSlow())
    done()
  })
  addOperations(app, { ...deps, answers })
  return app
}
