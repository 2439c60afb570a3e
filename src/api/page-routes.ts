/**
 * The built page: its document under each of the page's own paths, its files with names that hold
 * their content's hash and so may be kept for ever.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'

/** Paths of the page; `ui/app.tsx` routes the same ones. */
const PAGE_PATHS = ['/', '/sessions', '/sessions/*', '/live', '/delivery'] as const

const NOT_BUILT =
  'The page is not built: run `npm run build` in the folder of claude-telemetry, and reload.\n'

export async function addPageRoutes(app: FastifyInstance, pageDir: string): Promise<void> {
  if (!existsSync(join(pageDir, 'index.html'))) {
    for (const path of PAGE_PATHS) {
      app.get(path, async (_request, reply) =>
        reply.code(503).type('text/plain; charset=utf-8').send(NOT_BUILT),
      )
    }
    return
  }
  await app.register(fastifyStatic, {
    root: join(pageDir, 'assets'),
    prefix: '/assets/',
    wildcard: false,
    index: false,
    preCompressed: true,
    immutable: true,
    maxAge: '365d',
  })
  const options = { maxAge: 0, immutable: false, cacheControl: false }
  for (const path of PAGE_PATHS) {
    app.get(path, async (_request, reply) =>
      reply.header('cache-control', 'no-cache').sendFile('index.html', pageDir, options),
    )
  }
  app.get('/favicon.svg', async (_request, reply) =>
    reply.header('cache-control', 'max-age=86400').sendFile('favicon.svg', pageDir, options),
  )
}
