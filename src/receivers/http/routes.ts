/**
 * The paths the HTTP server knows, and what is said about others. Whatever stands before the path
 * of a signal is left out: a client whose endpoint is `http://host:4318/some/path` posts to
 * `/some/path/v1/logs`. So are slashes at its end.
 */
import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { STATUS_LINE_PATH } from '../../domain/status-line.ts'
import type { Failure } from '../errors.ts'

export const LOGS_PATH = '/v1/logs'
export const METRICS_PATH = '/v1/metrics'
export const TRACES_PATH = '/v1/traces'
export const HEALTH_PATH = '/health'
export const LIVE_PATH = '/health/live'
export const READY_PATH = '/health/ready'
export const PROMETHEUS_PATH = '/metrics'

/** Where an agent posts its hooks. */
export function hooksPath(agent: string): string {
  return `/hooks/${agent}`
}

/** Where an agent's status line asks. */
export function statusLinePath(agent: string): string {
  return `${STATUS_LINE_PATH}/${agent}`
}

const PREFIXED_SIGNAL = /^[^?]*(\/v1\/(?:logs|metrics|traces))\/*(?=\?|$)/
const SLASHES_AFTER_PATH = /^(\/hooks\/[a-z0-9-]+|\/health(?:\/live|\/ready)?|\/metrics)\/+(?=\?|$)/

/** As nearly all requests have it. */
const signalPaths: ReadonlySet<string> = new Set([LOGS_PATH, METRICS_PATH, TRACES_PATH])

/** The request's URL with the path of its route, if it has one of those above. */
export function routedUrl({ url = '/' }: Pick<IncomingMessage, 'url'>): string {
  if (signalPaths.has(url)) return url
  return url.replace(PREFIXED_SIGNAL, '$1').replace(SLASHES_AFTER_PATH, '$1')
}

/** Paths with the methods that each takes. */
export type AllowedMethods = ReadonlyMap<string, string>

/** What operates the bridge asks of it. Metrics may have a server of their own. */
export function operationsMethods(hasMetrics: boolean): AllowedMethods {
  const paths = [HEALTH_PATH, LIVE_PATH, READY_PATH, ...(hasMetrics ? [PROMETHEUS_PATH] : [])]
  return new Map(paths.map((path) => [path, 'GET, HEAD']))
}

/** Where agents send to. */
export function intakeMethods(hookAgents: readonly string[]): AllowedMethods {
  return new Map([
    [LOGS_PATH, 'POST'],
    [METRICS_PATH, 'POST'],
    [TRACES_PATH, 'POST'],
    ...hookAgents.map((agent) => [hooksPath(agent), 'POST'] as const),
    ...hookAgents.map((agent) => [statusLinePath(agent), 'POST'] as const),
  ])
}

/** Why no route takes a request: an unknown path, or a method that its path does not know. */
export function createRouteFailure(methods: AllowedMethods): (request: FastifyRequest) => Failure {
  const known = [...methods.keys()].join(', ')
  return (request) => {
    const path = request.url.replace(/\?.*$/s, '')
    const allow = methods.get(path)
    if (allow !== undefined) {
      const message = `${path} takes ${allow}, not ${request.method}`
      return { kind: 'method_not_allowed', message, allow }
    }
    const hint =
      request.method === 'POST'
        ? '. The endpoint of one signal, such as OTEL_EXPORTER_OTLP_LOGS_ENDPOINT, is used as is and needs the path; OTEL_EXPORTER_OTLP_ENDPOINT gets it added'
        : ''
    const message = `there is no ${path.slice(0, 100)}; known are ${known}${hint}`
    return { kind: 'not_found', message }
  }
}
