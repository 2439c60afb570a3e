/** Langfuse's own client on our way to it: what it asks for, and the rules that it cannot leave. */
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { bundleLangfuseClient } from '../../../../scripts/bundle-langfuse-client.ts'
import { createLangfuseClient } from '../../../../src/exporters/langfuse/client.ts'
import type { LangfuseAccess } from '../../../../src/exporters/langfuse/connection.ts'
import { createLangfuseDeleter } from '../../../../src/exporters/langfuse/deleting-client.ts'
import { createLangfuseReader } from '../../../../src/exporters/langfuse/reading-client.ts'
import { compileSdk, sendingThrough } from '../../../../src/exporters/langfuse/sdk.ts'
import { PATIENCE_MS } from '../../../patience.ts'

const BASE = 'http://lf:3000/langfuse'
const KEYS = { publicKey: 'pk-lf-1', secretKey: 'sk-lf-verysecret' }
const CREDENTIALS = Buffer.from(`${KEYS.publicKey}:${KEYS.secretKey}`).toString('base64')
const SCORE = { id: 's', name: 'quality', value: 1, sessionId: 'x' }

interface Call {
  readonly url: string
  readonly init: RequestInit
}

type Respond = (call: Call) => Response | Promise<Response>

/** How the clients reach a server that answers so, and what it was asked. */
function accessTo(respond: Respond, timeoutMs = PATIENCE_MS) {
  const calls: Call[] = []
  const access: LangfuseAccess = {
    baseUrl: BASE,
    ...KEYS,
    timeoutMs,
    fetch: async (url, init = {}) => {
      const call = { url: url instanceof Request ? url.url : url.toString(), init }
      calls.push(call)
      return respond(call)
    },
  }
  return { access, calls }
}

const json = (body: unknown, status = 200) => Response.json(body, { status })
const page = (rows: readonly object[], cursor?: string) => json({ data: rows, meta: { cursor } })

/** Each thing that is done by REST, and the requests it takes where the server has one row of all. */
const uses: readonly [string, (access: LangfuseAccess) => Promise<unknown>, readonly string[]][] = [
  [
    'a score',
    (access) =>
      createLangfuseClient({ ...access, productVersion: '1' }).sendScore(JSON.stringify(SCORE)),
    ['POST /api/public/scores'],
  ],
  ['health', (access) => createLangfuseReader(access).health(), ['GET /api/public/health']],
  [
    'the write mode',
    (access) => createLangfuseReader(access).writeMode(),
    ['GET /api/public/observations?limit=1'],
  ],
  [
    'the project',
    (access) => createLangfuseReader(access).projectId(),
    ['GET /api/public/projects'],
  ],
  [
    'a trace',
    (access) => createLangfuseReader(access).hasTrace('t1'),
    ['GET /api/public/v2/observations?limit=1&traceId=t1'],
  ],
  [
    'the traces of a session',
    (access) => createLangfuseDeleter(access).traceIdsOf('a b&c'),
    ['GET /api/public/v2/observations?fields=core&limit=1000&sessionId=a%20b%26c'],
  ],
  [
    'deleting traces',
    (access) => createLangfuseDeleter(access).deleteTraces(['t1', 't2']),
    ['DELETE /api/public/traces'],
  ],
  [
    'deleting scores',
    (access) => createLangfuseDeleter(access).deleteSessionScores('s1'),
    ['GET /api/public/v3/scores?limit=100&sessionId=s1', 'DELETE /api/public/scores/one%2Frow'],
  ],
]

// What went past the `fetch` that is given would fail here.
const noWay: typeof fetch = () => Promise.reject(new Error('the global fetch was called'))
beforeEach(() => void vi.stubGlobal('fetch', noWay))
afterEach(() => void vi.unstubAllGlobals())

describe.each(uses)('%s', (_what, use, expected) => {
  test('is asked for as Langfuse names it, with our keys and no redirect', async () => {
    const { access, calls } = accessTo(() => page([{ id: 'one/row', traceId: 't1' }]))
    await use(access)
    expect(calls.map(({ url, init }) => `${init.method} ${url}`)).toEqual(
      expected.map((request) => request.replace(' ', ` ${BASE}`)),
    )
    for (const { init } of calls) {
      expect(init).toMatchObject({
        redirect: 'manual',
        headers: { authorization: `Basic ${CREDENTIALS}`, accept: 'application/json' },
      })
      const sender = new Headers(init.headers).get('x-langfuse-sdk-name')
      expect([null, 'claude-telemetry']).toContain(sender)
    }
  })

  test.each([
    ['a server that is busy', () => json({ message: 'busy' }, 503)],
    [
      'one that is too busy',
      () => new Response('', { status: 429, headers: { 'retry-after': '1' } }),
    ],
    ['no server', () => Promise.reject(new Error('refused'))],
    ['a redirect', () => Response.redirect('http://elsewhere/api', 307)],
  ])('asks %s once', async (_server, respond) => {
    const { access, calls } = accessTo(respond)
    await use(access)
    const urls = calls.map(({ url }) => url)
    expect(new Set(urls).size).toBe(urls.length)
    expect(urls.every((url) => url.startsWith(`${BASE}/`))).toBe(true)
  })

  test('never repeats a secret, never throws', async () => {
    for (const status of [200, 401, 500, 302]) {
      const { access } = accessTo(
        () => new Response(`you sent Basic ${CREDENTIALS} (${KEYS.secretKey})`, { status }),
      )
      const said = JSON.stringify((await use(access)) ?? null)
      expect(said).not.toContain(CREDENTIALS)
      expect(said).not.toContain(KEYS.secretKey)
    }
  })
})

describe('an answer', () => {
  test('keeps what the verdict on a score needs', async () => {
    const headers = { 'retry-after': '7', location: 'https://elsewhere/' }
    const { access } = accessTo(() => new Response('busy', { status: 429, headers }))
    const client = createLangfuseClient({ ...access, productVersion: '1' })
    expect(await client.sendScore(JSON.stringify(SCORE))).toEqual({
      kind: 'answer',
      status: 429,
      body: 'busy',
      retryAfter: '7',
      location: 'https://elsewhere/',
    })
  })

  test('must be whole within the time, its body too', async () => {
    const { access } = accessTo(({ init }) => {
      const body = new ReadableStream({
        start: (controller) => {
          controller.enqueue(Buffer.from('{"id":'))
          init.signal?.addEventListener('abort', () => controller.error(new Error('aborted')))
        },
      })
      return new Response(body)
    }, 50)
    const client = createLangfuseClient({ ...access, productVersion: '1' })
    const outcome = await client.sendScore(JSON.stringify(SCORE))
    expect(outcome).toMatchObject({ kind: 'answer', status: 200, body: undefined })
  })

  test('is not waited for when the caller stops', async () => {
    const { access } = accessTo(({ init }) => Promise.reject(init.signal?.reason as Error))
    const client = createLangfuseClient({ ...access, productVersion: '1' })
    const stop = AbortSignal.abort(new Error('stopping'))
    const outcome = await client.sendScore(JSON.stringify(SCORE), stop)
    expect(outcome).toEqual({ kind: 'no_answer', error: `${BASE}: stopping` })
  })

  test('belongs to the one who asked, also with many at a time', async () => {
    const projects = Array.from({ length: 20 }, (_, index) => `project-${index}`)
    const asked = projects.map(async (id, index) => {
      const { access } = accessTo(async () => {
        for (let turn = 0; turn < 20 - index; turn += 1) await Promise.resolve()
        return page([{ id }])
      })
      return createLangfuseReader(access).projectId()
    })
    expect(await Promise.all(asked)).toEqual(projects)
  })

  test('of a server that is not well tells its version and its time', async () => {
    const date = 'Sat, 21 Nov 2026 09:00:00 GMT'
    const { access } = accessTo(() =>
      Response.json({ status: 'down', version: '4.16.0' }, { status: 503, headers: { date } }),
    )
    expect(await createLangfuseReader(access).health()).toEqual({
      kind: 'answer',
      status: 503,
      version: '4.16.0',
      dateMs: Date.UTC(2026, 10, 21, 9),
    })
  })
})

describe('a list', () => {
  /** As long as those of 4.16 with the fields `core`. */
  const row = (traceId: string) => ({ id: 'x'.repeat(200), traceId, projectId: 'p'.repeat(100) })

  test('is read to its end, page by page, however long a page is', async () => {
    const rows = Array.from({ length: 1000 }, (_, index) => row(`trace-${index >> 1}`))
    const { access } = accessTo(({ url }) =>
      url.includes('cursor=a%2Bb%3D') ? page([row('last')]) : page(rows, 'a+b='),
    )
    const listed = await createLangfuseDeleter(access).traceIdsOf('s1')
    expect(listed.ok && listed.value).toHaveLength(501)
    expect(listed.ok && listed.value.at(-1)).toBe('last')
  })

  test.each([
    ["that is another program's page", () => new Response('<html>hello</html>')],
    ['that broke off', () => new Response('{"data":[{"id":"1","traceId":"t1"},')],
    ['without rows', () => json({ data: 'none', meta: {} })],
    ['that is none', () => json([])],
    ['that redirects', () => Response.redirect('http://elsewhere/', 302)],
    ['that is refused', () => json({ message: 'no' }, 401)],
  ])('%s is an error, and not an empty one', async (_what, respond) => {
    const deleter = createLangfuseDeleter(accessTo(respond).access)
    expect(await deleter.traceIdsOf('s1')).toMatchObject({ ok: false })
    expect(await deleter.deleteSessionScores('s1')).toMatchObject({ ok: false })
    const found = await createLangfuseReader(accessTo(respond).access).hasTrace('t1')
    expect(found).toHaveProperty('error')
  })

  test.each([
    ['whose cursor stays the same', () => page([row('t1')], 'same')],
    [
      'whose cursors go round',
      ({ url }: Call) => page([row('t1')], url.includes('=a') ? 'b' : 'a'),
    ],
    ['whose cursor is no text', () => json({ data: [row('t1')], meta: { cursor: 7 } })],
  ])('%s is an error, and not a whole one', async (_what, respond) => {
    const { access, calls } = accessTo(respond)
    const deleter = createLangfuseDeleter(access)
    expect(await deleter.traceIdsOf('s1')).toMatchObject({ ok: false })
    expect(await deleter.deleteSessionScores('s1')).toMatchObject({ ok: false })
    expect(calls.every(({ init }) => init.method === 'GET')).toBe(true)
    expect(calls.length).toBeLessThan(10)
  })

  test('that never ends is an error, by cursor and by page', async () => {
    let cursor = 0
    const endless = createLangfuseDeleter(accessTo(() => page([row('t1')], `${cursor++}`)).access)
    expect(await endless.traceIdsOf('s1')).toMatchObject({ ok: false })
    const full = Array.from({ length: 100 }, (_, id) => ({ id: `${id}` }))
    const older = accessTo(({ url }) => (url.includes('/v2/') ? json({}, 404) : page(full)))
    expect(await createLangfuseDeleter(older.access).traceIdsOf('s1')).toMatchObject({ ok: false })
  })

  test('of scores that the server does not have is not taken for an empty one', async () => {
    const { access } = accessTo(() => json({}, 404))
    expect(await createLangfuseDeleter(access).deleteSessionScores('s1')).toEqual({
      ok: true,
      value: undefined,
    })
  })

  test('of traces comes from the older path where a server has no other', async () => {
    const { access, calls } = accessTo(({ url }) => {
      if (url.includes('/v2/')) return json({ error: 'NotFoundError' }, 404)
      return page(
        url.includes('page=1')
          ? Array.from({ length: 100 }, (_, id) => ({ id: `${id}` }))
          : [{ id: 'z' }],
      )
    })
    const listed = await createLangfuseDeleter(access).traceIdsOf('s1')
    expect(listed.ok && listed.value).toHaveLength(101)
    expect(calls.map(({ url }) => new URL(url).pathname)).toEqual([
      '/langfuse/api/public/v2/observations',
      '/langfuse/api/public/traces',
      '/langfuse/api/public/traces',
    ])
  })
})

describe('the package', () => {
  const root = join(import.meta.dirname, '../../../..')

  test('is not loaded by importing anything', () => {
    const importing = globSync('src/**/*.{ts,tsx}', { cwd: root }).filter((file) => {
      const text = readFileSync(join(root, file), 'utf8')
      const statements = text.split(/^import /m).slice(1)
      return (
        /import\('@langfuse/.test(text) ||
        statements.some((statement) => /^(?!type )[^']*'@langfuse\//.test(statement))
      )
    })
    expect(importing).toEqual([])
  })

  test(
    'comes into the build as the client alone, with its licence and our fetch',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'langfuse-client-'))
      onTestFinished(() => rmSync(folder, { recursive: true }))
      const file = join(folder, 'client.cjs')
      await bundleLangfuseClient(file)
      const text = readFileSync(file, 'utf8')
      expect(text).toContain('Copyright (c) 2023-2026 Langfuse GmbH')
      expect(text).not.toMatch(/\brequire\(/)
      expect(text.length).toBeLessThan(300_000)
      const { LangfuseAPIClient } = await compileSdk(file)
      const send = vi.fn<typeof fetch>(async () => json({ id: 's' }))
      const client = new LangfuseAPIClient({ environment: BASE })
      expect(await sendingThrough(send, () => client.scores.create(SCORE))).toEqual({ id: 's' })
      expect(send).toHaveBeenCalledTimes(1)
    },
    PATIENCE_MS,
  )
})
