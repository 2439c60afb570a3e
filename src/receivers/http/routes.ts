/**
 * The paths the HTTP door knows, and what is said about others. Whatever stands before the path
 * of a signal is left out: a client whose endpoint is `http://host:4318/some/path` posts to
 * `/some/path/v1/logs`.
 */
import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import type { Failure } from '../errors.ts'

export const LOGS_PATH = '/v1/logs'
export const METRICS_PATH = '/v1/metrics'
export const TRACES_PATH = '/v1/traces'
export const HOOKS_PATH = '/hooks/claude-code'
export const HEALTH_PATH = '/health'

const allowedMethods: ReadonlyMap<string, string> = new Map([
  [LOGS_PATH, 'POST'],
  [METRICS_PATH, 'POST'],
  [TRACES_PATH, 'POST'],
  [HOOKS_PATH, 'POST'],
  [HEALTH_PATH, 'GET, HEAD'],
])

const PREFIXED_SIGNAL = /^[^?]*(?=\/v1\/(?:logs|metrics|traces)(?:\?|$))/

/** The request's URL from the path of the signal on, if it has one. */
export function withoutBasePath({ url = '/' }: Pick<IncomingMessage, 'url'>): string {
  return url.replace(PREFIXED_SIGNAL, '')
}

/** Why no route takes this request: an unknown path, or a method that its path does not know. */
export function routeFailure(request: FastifyRequest): Failure {
  const path = request.url.replace(/\?.*$/s, '')
  const allow = allowedMethods.get(path)
  if (allow !== undefined) {
    const message = `${path} takes ${allow}, not ${request.method}`
    return { kind: 'method_not_allowed', message, allow }
  }
  const known = [...allowedMethods.keys()].join(', ')
  return { kind: 'not_found', message: `there is no ${path.slice(0, 100)}; known are ${known}` }
}
