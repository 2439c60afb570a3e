/**
 * The built page: its document under each of the page's own paths, its files with names that hold
 * their content's hash and so may be kept for ever. They are compressed in the package, and kept in
 * memory (some 200 kB), so that a bridge serves the page of its own version when another is installed
 * over it.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { FastifyInstance } from 'fastify'

/** Paths of the page; `ui/app.tsx` routes the same ones. */
const PAGE_PATHS = ['/', '/sessions', '/sessions/*', '/live', '/delivery'] as const

const NOT_BUILT =
  'The page is not built: run `npm run build` in the folder of claude-telemetry, and reload.\n'

const COMPRESSED = '.gz'

/** Of the files that `npm run build` writes into `assets`. */
const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
}

/** `gzip` of an Accept-Encoding header, unless its weight is zero (RFC 9110, 12.5.3). */
const ACCEPTS_GZIP = /(?:^|,)\s*gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))[^,]*)?(?:,|$)/i

const decompress = promisify(gunzip)

/** Reads the built page from `pageDir`; without one, its paths say how to build it. */
export function addPageRoutes(app: FastifyInstance, pageDir: string): void {
  if (!existsSync(join(pageDir, 'index.html'))) {
    for (const path of PAGE_PATHS) {
      app.get(path, async (_request, reply) =>
        reply.code(503).type('text/plain; charset=utf-8').send(NOT_BUILT),
      )
    }
    return
  }
  const document = readFileSync(join(pageDir, 'index.html'))
  for (const path of PAGE_PATHS) {
    app.get(path, async (_request, reply) =>
      reply.header('cache-control', 'no-cache').type('text/html; charset=utf-8').send(document),
    )
  }
  const icon = readFileSync(join(pageDir, 'favicon.svg'))
  app.get('/favicon.svg', async (_request, reply) =>
    reply.header('cache-control', 'max-age=86400').type('image/svg+xml').send(icon),
  )
  for (const file of readdirSync(join(pageDir, 'assets'))) {
    if (file.endsWith(COMPRESSED)) addAsset(app, join(pageDir, 'assets'), file)
  }
}

function addAsset(app: FastifyInstance, folder: string, file: string): void {
  const name = file.slice(0, -COMPRESSED.length)
  const type = TYPES[extname(name)]
  if (type === undefined) throw new Error(`The page has a file of an unknown type: ${name}`)
  const compressed = readFileSync(join(folder, file))
  app.get(`/assets/${name}`, async (request, reply) => {
    reply
      .header('cache-control', 'public, max-age=31536000, immutable')
      .header('vary', 'accept-encoding')
      .type(type)
    const accepted = request.headers['accept-encoding']
    if (accepted === undefined || !ACCEPTS_GZIP.test(accepted)) return decompress(compressed)
    reply.header('content-encoding', 'gzip')
    return compressed
  })
}
