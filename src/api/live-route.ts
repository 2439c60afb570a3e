/** `GET /api/live`: a bounded number of streams that end with their browser or with the bridge. */
import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { fail } from './api-route.ts'
import { LIVE_PATH } from './contract/api.ts'
import { liveQuery, position } from './contract/live.ts'
import type { WebFailure } from './failure.ts'
import type { LiveHub } from './live-hub.ts'
import { readQuery } from './read-query.ts'

const MAX_STREAMS = 200

const tooManyStreams: WebFailure = {
  code: 'too_many',
  message: `${MAX_STREAMS} pages follow the live feed already; close some of them`,
}

export function addLiveRoute(app: FastifyInstance, hub: LiveHub): void {
  const streams = new Set<AbortController>()
  app.addHook('preClose', (done) => {
    for (const stream of streams) stream.abort()
    done()
  })

  app.get(LIVE_PATH, { exposeHeadRoute: false }, async (request, reply) => {
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
      .send(Readable.from(hub.follow(after, stream.signal)))
  })
}
