/** The page's paths on a server: who gets in, what every answer says to browsers, and errors. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createSystemClock } from '../../../src/observability/clock.ts'
import { api } from '../../../src/api/contract/api.ts'
import { createWeb } from '../../../src/api/server.ts'
import type { StoreQueries } from '../../../src/api/queries.ts'
import { createFakeQueries } from '../../page/fake-queries.ts'

const NOW = 1_760_000_000_000
const KEY = 'the-key-of-this-bridge'
const queries = createFakeQueries(NOW)
const sessionKey = queries.firstKey
const folders: string[] = []
const apps: FastifyInstance[] = []
const logged: string[] = []
let pageDir = ''

beforeAll(() => {
  pageDir = mkdtempSync(join(tmpdir(), 'page-'))
  folders.push(pageDir)
  mkdirSync(join(pageDir, 'assets'))
  writeFileSync(join(pageDir, 'index.html'), '<!doctype html><title>page</title>')
  writeFileSync(join(pageDir, 'favicon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>')
  writeFileSync(join(pageDir, 'assets/index-abc.js'), 'export {}')
  writeFileSync(join(pageDir, 'assets/index-abc.js.br'), 'compressed')
})
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()))
})
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

async function serve(apiKey?: string, over: Partial<StoreQueries> = {}): Promise<FastifyInstance> {
  const app = Fastify({ routerOptions: { maxParamLength: 4000 } })
  const say = (_facts: object, message: string): void => void logged.push(message)
  const log = { error: say, warn: say, info: say, debug: say }
  const deps = { queries: queries.web(over), apiKey, pageDir, version: '1.2.3', log }
  await app.register(createWeb({ ...deps, clock: createSystemClock() }))
  apps.push(app)
  return app
}

const headers = { host: '127.0.0.1:4318' }

describe('without an API key', () => {
  test('this machine gets in', async () => {
    const app = await serve()
    const answer = await app.inject({ url: '/api/me', headers })
    expect(answer.json()).toEqual({ version: '1.2.3', access: 'loopback', isLoggedIn: true })
    expect((await app.inject({ url: '/api/sessions', headers })).statusCode).toBe(200)
  })

  test.each([
    ['another name for this machine', { headers: { host: 'evil.example' } }],
    ['another machine', { remoteAddress: '192.168.1.7', headers }],
  ])('%s is refused, page and data alike', async (_, request) => {
    const app = await serve()
    for (const url of [
      '/',
      '/api/me',
      '/api/sessions',
      '/assets/index-abc.js',
      '/api/openapi.json',
    ]) {
      const answer = await app.inject({ url, ...request })
      expect([url, answer.statusCode]).toEqual([url, 403])
      expect(answer.json()).toMatchObject({ error: { code: 'forbidden' } })
    }
  })

  test('a page of another origin gets no data and changes nothing', async () => {
    const app = await serve()
    const foreign = { ...headers, origin: 'http://127.0.0.1:3000', 'sec-fetch-site': 'same-site' }
    const url = `/api/sessions/${encodeURIComponent(sessionKey)}`
    const asked = [
      { method: 'GET', url },
      { method: 'DELETE', url },
      { method: 'POST', url: '/api/delivery/drop', payload: { ids: 'all' } },
    ] as const
    for (const request of asked) {
      const answer = await app.inject({ ...request, headers: foreign })
      expect([request.method, answer.statusCode]).toEqual([request.method, 403])
    }
    expect(queries.deleted).toEqual([])
  })
})

describe('with an API key', () => {
  test('nothing but page and login is open', async () => {
    const app = await serve(KEY)
    expect((await app.inject('/')).statusCode).toBe(200)
    expect((await app.inject('/api/me')).json()).toMatchObject({ access: 'key', isLoggedIn: false })
    const open = new Set(['me', 'login', 'logout'])
    for (const [name, { method, path }] of Object.entries(api)) {
      if (open.has(name)) continue
      const answer = await app.inject({ method, url: path })
      expect([name, answer.statusCode]).toEqual([name, 401])
    }
    for (const url of ['/api/live', '/api/openapi.json']) {
      expect([url, (await app.inject(url)).statusCode]).toEqual([url, 401])
    }
  })

  test('a login sets a cookie that lets in, and a logout takes it away', async () => {
    const app = await serve(KEY)
    const login = await app.inject({ method: 'POST', url: '/api/login', payload: { key: KEY } })
    expect(login.json()).toMatchObject({ isLoggedIn: true })
    const [cookie] = login.cookies
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', path: '/' })
    expect(cookie?.secure).toBeUndefined()
    const cookies = { [cookie?.name ?? '']: cookie?.value ?? '' }
    expect((await app.inject({ url: '/api/sessions', cookies })).statusCode).toBe(200)
    const restarted = await serve(KEY)
    expect((await restarted.inject({ url: '/api/sessions', cookies })).statusCode).toBe(200)
    const foreign = { origin: 'https://evil.example' }
    const forged = await app.inject({ url: '/api/sessions', cookies, headers: foreign })
    expect(forged.statusCode).toBe(403)
    const logout = await app.inject({ method: 'POST', url: '/api/logout', cookies })
    expect(logout.cookies[0]).toMatchObject({ name: cookie?.name, value: '' })
  })

  test('the cookie is for https only where https is seen', async () => {
    const app = await serve(KEY)
    const login = await app.inject({
      method: 'POST',
      url: '/api/login',
      payload: { key: KEY },
      headers: { 'x-forwarded-proto': 'https' },
    })
    expect(login.cookies[0]).toMatchObject({ secure: true })
  })

  test('the key itself lets in, as it does for telemetry', async () => {
    const app = await serve(KEY)
    const authorization = `Bearer ${KEY}`
    expect(
      (await app.inject({ url: '/api/sessions', headers: { authorization } })).statusCode,
    ).toBe(200)
  })

  test('a wrong key is refused, and not for ever tried again', async () => {
    const app = await serve(KEY)
    const tryKey = (key: string) =>
      app.inject({ method: 'POST', url: '/api/login', payload: { key } })
    const first = await tryKey('wrong')
    expect(first.statusCode).toBe(401)
    expect(first.cookies).toEqual([])
    for (let attempt = 2; attempt <= 10; attempt += 1) await tryKey(`wrong ${attempt}`)
    const late = await tryKey(KEY)
    expect(late.statusCode).toBe(429)
    expect(late.json()).toMatchObject({ error: { code: 'too_many' } })
  })
})

describe('answers', () => {
  test.each(['/', '/sessions', '/sessions/claude-code%2Fabc', '/live', '/delivery'])(
    '%s is the page, under a strict policy',
    async (url) => {
      const answer = await (await serve()).inject({ url, headers })
      expect(answer.body).toContain('<title>page</title>')
      expect(answer.headers).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-cache',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'SAMEORIGIN',
        'referrer-policy': 'no-referrer',
        'content-security-policy':
          "default-src 'self';img-src 'self' data:;object-src 'none';base-uri 'none';form-action 'self';frame-ancestors 'none'",
      })
    },
  )

  test('files with a hash in their name are kept for ever, data never', async () => {
    const app = await serve()
    const asset = await app.inject({ url: '/assets/index-abc.js', headers })
    expect(asset.headers['cache-control']).toBe('public, max-age=31536000, immutable')
    expect(asset.body).toBe('export {}')
    const data = await app.inject({ url: '/api/overview', headers })
    expect(data.headers['cache-control']).toBe('no-store')
  })

  test('files go out compressed to who takes that', async () => {
    const app = await serve()
    const accepting = { ...headers, 'accept-encoding': 'gzip, deflate, br, zstd' }
    const asset = await app.inject({ url: '/assets/index-abc.js', headers: accepting })
    expect(asset.headers).toMatchObject({
      'content-encoding': 'br',
      'content-type': expect.stringContaining('javascript'),
    })
    expect(asset.body).toBe('compressed')
  })

  test('every endpoint keeps to the contract', async () => {
    const app = await serve()
    for (const [name, endpoint] of Object.entries(api)) {
      if (endpoint.method !== 'GET') continue
      const url = endpoint.path
        .replace(':key', encodeURIComponent(sessionKey))
        .replace(':turn', 'prompt-1')
        .replace(':item', '3')
        .replace(':id', '1')
      const answer = await app.inject({ url, headers })
      expect([name, answer.statusCode]).toEqual([name, 200])
      expect([name, endpoint.answer.safeParse(answer.json()).error]).toEqual([name, undefined])
    }
  })

  test.each([
    ['/', '\\', '?', '#', '%', '%2F', '..', ' ', 'ü', '🙂', '"', "'"],
    ['claude-code/../../etc/passwd'],
    [`claude-code/${'ü'.repeat(200)}`],
  ])('a session is found whatever its key holds: %s', async (...parts) => {
    const odd = `claude-code/${parts.join('')}`
    const asked: string[] = []
    const app = await serve(undefined, {
      session: async (key) => {
        asked.push(key)
        return undefined
      },
    })
    const answer = await app.inject({ url: `/api/sessions/${encodeURIComponent(odd)}`, headers })
    expect(answer.statusCode).toBe(404)
    expect(asked).toEqual([odd])
  })

  test.each([
    ['GET', '/api/nothing', undefined, 404, 'not_found'],
    ['POST', '/api/overview', {}, 404, 'not_found'],
    ['GET', '/api/sessions/none', undefined, 404, 'not_found'],
    ['DELETE', '/api/sessions/none', undefined, 404, 'not_found'],
    [
      'GET',
      `/api/sessions/${encodeURIComponent(sessionKey)}/turns/none`,
      undefined,
      404,
      'not_found',
    ],
    ['GET', '/api/overview?bucket=minute', undefined, 400, 'malformed'],
    ['GET', '/api/sessions?limit=9999', undefined, 400, 'malformed'],
    ['GET', '/api/live?after=x', undefined, 400, 'malformed'],
    ['POST', '/api/delivery/retry', { ids: 'some' }, 400, 'malformed'],
    ['POST', '/api/delivery/retry', '{', 400, 'malformed'],
    ['POST', '/api/delivery/retry', '{"__proto__":{"a":1},"ids":"all"}', 400, 'malformed'],
    ['POST', '/api/delivery/retry', JSON.stringify({ ids: 'x'.repeat(70_000) }), 400, 'malformed'],
    ['POST', '/api/login', { key: 'x' }, 409, 'conflict'],
  ] as const)('%s %s %s is refused with %s', async (method, url, payload, status, code) => {
    const app = await serve()
    const answer = await app.inject({
      method,
      url,
      headers: { ...headers, ...(payload !== undefined && { 'content-type': 'application/json' }) },
      ...(payload !== undefined && { payload }),
    })
    expect(answer.json()).toEqual({ error: { code, message: expect.any(String) } })
    expect(answer.statusCode).toBe(status)
  })

  test('a cursor of another question is refused', async () => {
    const bad = async () => ({ ok: false, error: 'bad_cursor' }) as const
    const app = await serve(undefined, { sessions: bad })
    const answer = await app.inject({ url: '/api/sessions?cursor=x', headers })
    expect(answer.json()).toMatchObject({ error: { code: 'malformed' } })
  })

  test('a bug is logged, and says nothing of itself', async () => {
    const broken = async () => {
      throw new Error('SQLITE_SECRET')
    }
    const app = await serve(undefined, { overview: broken })
    const answer = await app.inject({ url: '/api/overview', headers })
    expect(answer.statusCode).toBe(500)
    expect(answer.body).not.toContain('SQLITE_SECRET')
    expect(logged).toContain('a request of the page failed')
  })

  test('what to export names this bridge, and never the key', async () => {
    const app = await serve(KEY)
    const authorization = `Bearer ${KEY}`
    const answer = await app.inject({
      url: '/api/setup',
      headers: { authorization, host: 'box:4318' },
    })
    expect(answer.json()).toMatchObject({ hasArrived: true, healthUrl: 'http://box:4318/health' })
    expect(answer.body).toContain('OTEL_EXPORTER_OTLP_HEADERS')
    expect(answer.body).not.toContain(KEY)
  })

  test('a page that was not built says how to build it', async () => {
    const app = Fastify()
    apps.push(app)
    const log = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} }
    const deps = {
      queries: queries.web(),
      apiKey: undefined,
      pageDir: join(pageDir, 'none'),
      version: '1',
      log,
    }
    await app.register(createWeb({ ...deps, clock: createSystemClock() }))
    const answer = await app.inject({ url: '/', headers })
    expect(answer.statusCode).toBe(503)
    expect(answer.body).toContain('npm run build')
  })
})
