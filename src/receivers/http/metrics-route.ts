/**
 * `GET /metrics` for Prometheus. Who may read it is the rule of telemetry and data alike: a key
 * that reads everything where there is one, else clients of this machine.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { METRICS_CONTENT_TYPE } from '../../observability/metrics.ts'
import { allows } from '../../domain/access.ts'
import { mayNotScrape, unauthenticated } from '../errors.ts'
import type { KeyGuesses } from '../key-guesses.ts'
import type { KeyRing } from '../key-ring.ts'
import type { Answers } from './answers.ts'
import { createHostCheck } from './guard.ts'

export interface MetricsRouteDeps {
  readonly scrape: () => Promise<string>
  readonly apiKey: string | undefined
  readonly ring: Pick<KeyRing, 'lookUp'>
  readonly guesses: KeyGuesses
  readonly answers: Pick<Answers, 'fail'>
}

export function metricsHandler({ scrape, apiKey, ring, guesses, answers }: MetricsRouteDeps) {
  const hostFailure = createHostCheck(apiKey)

  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const foreign = hostFailure(request.headers)
    if (foreign !== undefined) return answers.fail(request, reply, foreign)
    const identified = await ring.lookUp(request.headers.authorization)
    const isTrusted =
      apiKey === undefined ||
      (identified.kind === 'principal' && allows(identified.principal, 'read:all'))
    if (!isTrusted) {
      if (identified.kind === 'unknown') {
        await guesses.wrong(request.raw.socket.remoteAddress, request.url)
      }
      const isKnown = identified.kind === 'principal'
      return answers.fail(request, reply, isKnown ? mayNotScrape : unauthenticated)
    }
    return reply
      .header('content-type', METRICS_CONTENT_TYPE)
      .header('cache-control', 'no-store')
      .send(Buffer.from(await scrape()))
  }
}
