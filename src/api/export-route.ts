/**
 * `GET /api/sessions/:key/export`: one session as a file, sent part by part as the store tells it. It comes as
 * an attachment, so that what agents wrote never runs as a page of the bridge.
 */
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { visibleTo } from '../domain/access.ts'
import type { Result } from '../domain/result.ts'
import { principalOf } from './access.ts'
import { fail } from './api-route.ts'
import { EXPORT_ACCESS, EXPORT_PATH } from './contract/api.ts'
import { type ExportPart, exportQuery, type ExportQuery } from './contract/session-export.ts'
import type { WebFailure } from './failure.ts'
import type { WebQueries } from './queries.ts'
import { readQuery } from './read-query.ts'

/** A long session is told in several tries, each of which goes on where the last one stopped. */
const MAX_TRIES = 10

const TYPES = {
  html: { type: 'text/html; charset=utf-8', ending: 'html' },
  markdown: { type: 'text/markdown; charset=utf-8', ending: 'md' },
} as const

export function addExportRoute(app: FastifyInstance, queries: Pick<WebQueries, 'ask'>): void {
  const config = { access: EXPORT_ACCESS, operation: 'exportSession' }
  app.get(EXPORT_PATH, { exposeHeadRoute: false, config }, async (request, reply) => {
    const query = readQuery(request.url, exportQuery)
    if (!query.ok) return fail(reply, query.error)
    const { key = '' } = request.params as { readonly key?: string }
    const gone = new AbortController()
    reply.raw.once('close', () => gone.abort())
    const part = partsOf(queries, request, key, query.value, gone.signal)
    const first = await part(undefined)
    if (!first.ok) return fail(reply, first.error)
    const { type, ending } = TYPES[query.value.format]
    return reply
      .type(type)
      .header('content-disposition', `attachment; filename="${fileName(key)}.${ending}"`)
      .send(Readable.from(textOf(first.value, part)))
  })
}

type NextPart = (cursor: string | undefined) => Promise<Result<ExportPart, WebFailure>>

function partsOf(
  queries: Pick<WebQueries, 'ask'>,
  request: FastifyRequest,
  key: string,
  query: ExportQuery,
  signal: AbortSignal,
): NextPart {
  const visible = visibleTo(principalOf(request))
  return async (cursor) => {
    for (let tries = 1; ; tries += 1) {
      const answer = await queries.ask({ name: 'exportPart', key, query, cursor }, visible, signal)
      if (answer.ok) {
        const text = new TextDecoder().decode(answer.value)
        return { ok: true, value: JSON.parse(text) as ExportPart }
      }
      if (answer.error.code !== 'timeout' || tries >= MAX_TRIES || signal.aborted) return answer
    }
  }
}

/** Throws where a later part cannot be told: the connection breaks, and the file is not taken for whole. */
async function* textOf(first: ExportPart, next: NextPart): AsyncGenerator<string, void> {
  let part = first
  for (;;) {
    if (part.text !== '') yield part.text
    if (part.nextCursor === null) return
    const told = await next(part.nextCursor)
    if (!told.ok) throw new Error(`the export broke off: ${told.error.message}`)
    part = told.value
  }
}

/** Keys hold whatever agents call their sessions. */
function fileName(key: string): string {
  const id = key.slice(key.indexOf('/') + 1)
  return `session-${id.replace(/[^\w.-]+/g, '-').slice(0, 60)}`
}
