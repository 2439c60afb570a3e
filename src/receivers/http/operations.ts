/**
 * What operates the bridge asks of it: `/health` for people, `/health/live` and `/health/ready` for
 * orchestrators and load balancers, `/metrics` for Prometheus. The same on the server that agents
 * send to and on the one of METRICS_PORT.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Answers } from './answers.ts'
import { createHostCheck } from './guard.ts'
import { type HealthDeps, healthHandler } from './health-route.ts'
import { metricsHandler } from './metrics-route.ts'
import { HEALTH_PATH, LIVE_PATH, PROMETHEUS_PATH, READY_PATH } from './routes.ts'

/** Whether requests should be sent here, and why not. */
export type Readiness = 'ready' | 'starting' | 'draining' | 'unavailable'

/** What the rest of the process tells of itself. */
export interface OperationsDeps extends Pick<HealthDeps, 'health'> {
  readonly readiness: () => Readiness
  /** Absent where another server has it. */
  readonly scrape?: (() => Promise<string>) | undefined
}

type Deps = OperationsDeps & Omit<HealthDeps, 'health'>

export function addOperations(app: FastifyInstance, deps: Deps): void {
  const { apiKey, answers, readiness, scrape } = deps
  app.get(HEALTH_PATH, healthHandler(deps))
  // Neither tells anything about what is stored, so neither asks for the key.
  app.get(
    LIVE_PATH,
    probeHandler(apiKey, answers, () => [200, 'ok']),
  )
  app.get(
    READY_PATH,
    probeHandler(apiKey, answers, () => {
      const status = readiness()
      return [status === 'ready' ? 200 : 503, status]
    }),
  )
  if (scrape !== undefined) app.get(PROMETHEUS_PATH, metricsHandler({ ...deps, scrape }))
}

function probeHandler(
  apiKey: string | undefined,
  answers: Pick<Answers, 'fail'>,
  answer: () => readonly [code: number, status: string],
) {
  const hostFailure = createHostCheck(apiKey)
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const foreign = hostFailure(request.headers)
    if (foreign !== undefined) return answers.fail(request, reply, foreign)
    const [code, status] = answer()
    return reply
      .code(code)
      .header('content-type', 'application/json')
      .header('cache-control', 'no-store')
      .send(Buffer.from(JSON.stringify({ status })))
  }
}
