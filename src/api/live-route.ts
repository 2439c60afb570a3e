/** `GET /api/live`: a bounded number of streams that end with their browser or with the bridge. */
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type Principal, visibleTo } from '../domain/access.ts'
import { fail } from './api-route.ts'
import { LIVE_ACCESS, LIVE_PATH } from './contract/api.ts'
import { liveQuery, position } from './contract/live.ts'
import type { WebFailure } from './failure.ts'
import type { LiveHubs } from './live-hub.ts'
import { readQuery } from './read-query.ts'

const MAX_STREAMS = 200

const tooManyStreams: WebFailure = {
  code: 'too_many',
  message: `${MAX_STREAMS} pages follow the live feed already; close some of them`,
}

/** Who follows, and whether he still may: a key may be revoked meanwhile. */
export interface Followers {
  principalOf(request: FastifyRequest): Principal
  isStill(principal: Principal, request: FastifyRequest): boolean
}

export function addLiveRoute(app: FastifyInstance, hubs: LiveHubs, followers: Followers): void {
  const streams = new Set<AbortController>()
  app.addHook('preClose', (done) => {
    for (const stream of streams) stream.abort()
    done()
  })

  const config = { access: LIVE_ACCESS, operation: 'live' }
  app.get(LIVE_PATH, { exposeHeadRoute: false, config }, async (request, reply) => {
    const query = readQuery(request.url, liveQuery)
    if (!query.ok) return fail(reply, query.error)
    if (streams.size >= MAX_STREAMS) return fail(reply, tooManyStreams)
    // A browser that comes back names where it was.
    const resumed = position.safeParse(request.headers['last-event-id'])
    const after = resumed.success ? resumed.data : query.value.after
    const stream = new AbortController()
    streams.add(stream)
    request.raw.once('close', () => {
      stream.abort()
      streams.delete(stream)
    })
    return reply
      .header('content-type', 'text/event-stream')
      .header('x-accel-buffering', 'no')
      .send(Readable.from(messages()))

    async function* messages(): AsyncGenerator<Uint8Array, void> {
      const principal = followers.principalOf(request)
      for await (const bytes of hubs.follow(visibleTo(principal), after, stream.signal)) {
        if (!followers.isStill(principal, request)) return
        yield bytes
      }
    }
  })
}
