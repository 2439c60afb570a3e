/** The page's paths on a server: who gets in, what every answer says to browsers, and errors. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createSystemClock } from '../../../src/observability/clock.ts'
import { api } from '../../../src/api/contract/api.ts'
import { isProof } from '../../../src/api/bridge-proof.ts'
import type { AccessKeys } from '../../../src/api/access.ts'
import { createWeb } from '../../../src/api/server.ts'
import type { StoreQueries } from '../../../src/api/queries.ts'
import type { Clock } from '../../../src/domain/clock.ts'
import { createKeyGuesses } from '../../../src/receivers/key-guesses.ts'
import { createFakeQueries } from '../../page/fake-queries.ts'
import { createManualClock, settle } from '../manual-clock.ts'

const NOW = 1_760_000_000_000
const KEY = 'the-key-of-this-bridge'
const TOKEN = 'the-token-of-this-data-folder'
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
  writeFileSync(join(pageDir, 'assets/index-abc.js.gz'), gzipSync('export {}'))
})
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()))
})
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

const open: AccessKeys = { apiKey: undefined, accessToken: TOKEN, isOpen: true }
const withToken: AccessKeys = { ...open, isOpen: false }
const withKey: AccessKeys = { ...withToken, apiKey: KEY }

async function serve(
  keys: AccessKeys = open,
  over: Partial<StoreQueries> = {},
  clock: Clock = createSystemClock(),
): Promise<FastifyInstance> {
  const app = Fastify({ routerOptions: { maxParamLength: 4000 } })
  const say = (_facts: object, message: string): void => void logged.push(message)
  const log = { error: say, warn: say, info: say, debug: say }
  const guesses = createKeyGuesses(clock, log)
  const deps = { queries: queries.web(over), keys, guesses, pageDir, version: '1.2.3', log, clock }
  await app.register(createWeb(deps))
  apps.push(app)
  return app
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` })

const headers = { host: '127.0.0.1:4318' }

/** Everything but the page's files and what says how to log in. */
const closed = [
  ...Object.entries(api)
    .filter(([name]) => !['me', 'login', 'logout'].includes(name))
    .map(([, { method, path }]) => ({ method, url: path })),
  { method: 'GET' as const, url: '/api/live' },
  { method: 'GET' as const, url: '/api/openapi.json' },
]

describe('open to this machine', () => {
  test('this machine gets in', async () => {
    const app = await serve()
    const answer = await app.inject({ url: '/api/me', headers })
    expect(answer.json()).toEqual({ version: '1.2.3', access: 'loopback', isLoggedIn: true })
    expect((await app.inject({ url: '/api/sessions', headers })).statusCode).toBe(200)
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

describe('without an API key', () => {
  test.each([
    ['another name for this machine', { headers: { host: 'evil.example' } }],
    ['another machine', { remoteAddress: '192.168.1.7', headers }],
  ])('%s is refused, page and data alike, token or not', async (_, request) => {
    for (const app of [await serve(open), await serve(withToken)]) {
      for (const url of ['/', '/api/me', '/api/sessions', '/assets/index-abc.js', '/api/none']) {
        const answer = await app.inject({
          ...request,
          url,
          headers: { ...request.headers, ...bearer(TOKEN) },
        })
        expect([url, answer.statusCode]).toEqual([url, 403])
        expect(answer.json()).toMatchObject({ error: { code: 'forbidden' } })
      }
    }
  })
})

describe.each([
  ['with an access token', withToken, 'token', 'claude-telemetry open'],
  ['with an API key', withKey, 'key', 'API_KEY'],
] as const)('%s', (_, keys, kind, says) => {
  const rightKey = keys.apiKey ?? `${keys.accessToken}`

  test('nothing but the page itself is open', async () => {
    const app = await serve(keys)
    expect((await app.inject({ url: '/', headers })).statusCode).toBe(200)
    const me = await app.inject({ url: '/api/me', headers })
    expect(me.json()).toEqual({ version: '1.2.3', access: kind, isLoggedIn: false })
    for (const request of closed) {
      const answer = await app.inject({ ...request, headers })
      expect([request.url, answer.statusCode]).toEqual([request.url, 401])
      expect(answer.json<{ error: { message: string } }>().error.message).toContain(says)
    }
  })

  test('a wrong key opens nothing', async () => {
    for (const request of closed) {
      const app = await serve(keys)
      for (const wrong of ['', 'x', `${rightKey}x`, rightKey.slice(1)]) {
        const answer = await app.inject({ ...request, headers: { ...headers, ...bearer(wrong) } })
        expect([request.url, answer.statusCode]).toEqual([request.url, 401])
      }
      await app.close()
    }
  })

  test('the right one lets in, and is kept in no cookie', async () => {
    const app = await serve(keys)
    const payload = { key: rightKey }
    const sent = { ...headers, ...bearer(rightKey) }
    const me = await app.inject({ url: '/api/me', headers: sent })
    expect(me.json()).toMatchObject({ isLoggedIn: true })
    expect((await app.inject({ url: '/api/sessions', headers: sent })).statusCode).toBe(200)
    const login = await app.inject({ method: 'POST', url: '/api/login', headers, payload })
    expect(login.json()).toEqual({ version: '1.2.3', access: kind, isLoggedIn: true })
    expect(login.headers['set-cookie']).toBeUndefined()
  })

  test('a page of another origin is refused with the right key, too', async () => {
    const app = await serve(keys)
    for (const foreign of [
      { origin: 'http://127.0.0.1:3000' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ]) {
      const sent = { ...headers, ...bearer(rightKey), ...foreign }
      for (const request of closed) {
        expect((await app.inject({ ...request, headers: sent })).statusCode).toBe(403)
      }
      const login = { method: 'POST', url: '/api/login', payload: { key: rightKey } } as const
      expect((await app.inject({ ...login, headers: sent })).statusCode).toBe(403)
    }
  })

  test('many wrong keys are slowed down, and lock nobody out', async () => {
    const clock = createManualClock(NOW)
    const app = await serve(keys, {}, clock)
    const tryKey = (key: string) =>
      app.inject({ method: 'POST', url: '/api/login', headers, payload: { key } })
    for (let n = 1; n <= 10; n += 1) expect((await tryKey(`wrong ${n}`)).statusCode).toBe(401)
    let late: number | undefined
    const held = tryKey('wrong again').then(({ statusCode }) => {
      late = statusCode
    })
    await expect.poll(() => clock.pendingTimers()).toBe(1)
    await settle()
    expect(late).toBeUndefined()
    expect((await tryKey(rightKey)).statusCode).toBe(200)
    await clock.advance(1_000)
    await held
    expect(late).toBe(429)
  })
})

describe('the proof that a bridge holds the access token', () => {
  const challenge = 'a-question-of-a-command'
  const proofOfServer = async (keys: AccessKeys, query = `?challenge=${challenge}`) => {
    const answer = await (await serve(keys)).inject({ url: `/api/me${query}`, headers })
    return answer.json<{ proof?: string }>().proof
  }

  test('is given to whoever asks, and holds for this question, token and port', async () => {
    const proof = (await proofOfServer(withToken)) ?? ''
    // What is injected comes in on no port.
    expect(isProof(proof, TOKEN, challenge, 0)).toBe(true)
    expect(isProof(proof, TOKEN, challenge, 4318)).toBe(false)
    expect(isProof(proof, TOKEN, 'another-question-of-it', 0)).toBe(false)
    expect(isProof(proof, 'another-token', challenge, 0)).toBe(false)
    expect(isProof('', TOKEN, challenge, 0)).toBe(false)
    expect(proof).not.toContain(TOKEN)
  })

  test('is given for an access token only, and when it is asked for', async () => {
    expect(await proofOfServer(withKey)).toBeUndefined()
    expect(await proofOfServer({ ...withToken, accessToken: undefined })).toBeUndefined()
    expect(await proofOfServer(withToken, '')).toBeUndefined()
  })
})

test('without a token that could be made, the page stays shut', async () => {
  const app = await serve({ ...withToken, accessToken: undefined })
  for (const authorization of ['Bearer undefined', 'Bearer ', 'Bearer']) {
    const answer = await app.inject({
      url: '/api/sessions',
      headers: { ...headers, authorization },
    })
    expect(answer.statusCode).toBe(401)
  }
})

test('a logout takes away the cookie of version 0.1', async () => {
  const app = await serve(withKey)
  const answer = await app.inject({ method: 'POST', url: '/api/logout', headers })
  expect(answer.cookies).toEqual([
    expect.objectContaining({ name: 'claude_telemetry_login', value: '', maxAge: 0 }),
  ])
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

  test.each([
    ['gzip, deflate, br, zstd', true],
    ['br;q=1.0, GZIP ; q=0.5', true],
    ['gzip;q=0.000, br', false],
    ['br, gzip;q=0', false],
    ['x-gzip2', false],
    ['identity', false],
    [undefined, false],
  ])('to who accepts %s files go out compressed: %s', async (accepted, isCompressed) => {
    const app = await serve()
    const sent = { ...headers, ...(accepted !== undefined && { 'accept-encoding': accepted }) }
    const asset = await app.inject({ url: '/assets/index-abc.js', headers: sent })
    expect(asset.headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      vary: 'accept-encoding',
    })
    expect(asset.headers['content-encoding']).toBe(isCompressed ? 'gzip' : undefined)
    const bytes = isCompressed ? gunzipSync(asset.rawPayload) : asset.rawPayload
    expect(bytes.toString('utf8')).toBe('export {}')
  })

  test('a page that is replaced on disk is served as it was until the bridge restarts', async () => {
    const app = await serve()
    const asset = join(pageDir, 'assets/index-abc.js.gz')
    renameSync(asset, `${asset}.away`)
    try {
      const answer = await app.inject({ url: '/assets/index-abc.js', headers })
      expect([answer.statusCode, answer.body]).toEqual([200, 'export {}'])
    } finally {
      renameSync(`${asset}.away`, asset)
    }
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
        .concat(name === 'find' ? '?q=text' : '')
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
    const app = await serve(open, {
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
    const app = await serve(open, { sessions: bad })
    const answer = await app.inject({ url: '/api/sessions?cursor=x', headers })
    expect(answer.json()).toMatchObject({ error: { code: 'malformed' } })
  })

  test('a bug is logged, and says nothing of itself', async () => {
    const broken = async () => {
      throw new Error('SQLITE_SECRET')
    }
    const app = await serve(open, { overview: broken })
    const answer = await app.inject({ url: '/api/overview', headers })
    expect(answer.statusCode).toBe(500)
    expect(answer.body).not.toContain('SQLITE_SECRET')
    expect(logged).toContain('page request failed')
  })

  test('what to export names this bridge, and never the key', async () => {
    const app = await serve(withKey)
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
    const clock = createSystemClock()
    const deps = {
      queries: queries.web(),
      keys: open,
      guesses: createKeyGuesses(clock, log),
      pageDir: join(pageDir, 'none'),
      version: '1',
      clock,
      log,
    }
    await app.register(createWeb(deps))
    const answer = await app.inject({ url: '/', headers })
    expect(answer.statusCode).toBe(503)
    expect(answer.body).toContain('npm run build')
  })
})
