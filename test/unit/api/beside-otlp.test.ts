/** The page beside the OTLP paths of the real HTTP server. */
import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { createSystemClock } from '../../../src/observability/clock.ts'
import { defaultTimeouts } from '../../../src/receivers/http/server-options.ts'
import { createKeyGuesses } from '../../../src/receivers/key-guesses.ts'
import { createWeb } from '../../../src/api/server.ts'
import { createFakeQueries } from '../../page/fake-queries.ts'
import { createStand, jsonType, logsBody } from '../receivers/stand.ts'

function createDoor(settings: Pick<Parameters<typeof createStand>[0] & object, 'timeouts'> = {}) {
  const queries = createFakeQueries(1_760_000_000_000)
  const log = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} }
  const clock = createSystemClock()
  const deps = {
    queries: queries.web(),
    keys: { apiKey: undefined, accessToken: undefined, isOpen: true },
    guesses: createKeyGuesses(clock, log),
    pageDir: '/nowhere',
    version: '1',
    clock,
    log,
  }
  return { queries, ...createStand({ ...settings, web: createWeb(deps) }) }
}

test('telemetry goes on as before', async () => {
  const { app, ingestLogs } = createDoor()
  const payload = logsBody('claude_code.user_prompt')
  const logs = await app.inject({ method: 'POST', url: '/v1/logs', headers: jsonType, payload })
  expect(logs.statusCode).toBe(200)
  expect(ingestLogs).toHaveBeenCalledOnce()
  const prefixed = { method: 'POST', url: '/api/v1/logs', headers: jsonType, payload } as const
  expect((await app.inject(prefixed)).statusCode).toBe(200)
  expect((await app.inject('/health')).statusCode).toBe(200)
})

test.each([
  ['/nothing', 404, { code: 5 }],
  ['/v1/logs', 405, { code: 12 }],
  ['/api/nothing', 404, { error: { code: 'not_found' } }],
])('%s is answered by whoever it belongs to', async (url, status, body) => {
  const { app } = createDoor()
  const answer = await app.inject(url)
  expect(answer.statusCode).toBe(status)
  expect(answer.json()).toMatchObject(body)
})

test('a body the page takes is read, and one that is too large is not', async () => {
  const { app, queries } = createDoor()
  const post = (ids: unknown) =>
    app.inject({ method: 'POST', url: '/api/delivery/retry', payload: { ids } })
  expect((await post([7])).statusCode).toBe(200)
  expect(queries.retried).toEqual([[7]])
  expect((await post('x'.repeat(100_000))).statusCode).toBe(400)
})

test('a stream ends when the server closes', async () => {
  const { app, queries } = createDoor()
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const response = await fetch(`${url}/api/live?after=0`)
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  queries.arrive(1, { text: 'the last one' })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  while (!text.includes('the last one')) text += (await reader?.read())?.value ?? ''
  expect(queries.followers()).toBe(1)
  await app.close()
  expect((await reader?.read())?.done).toBe(true)
  expect(queries.followers()).toBe(0)
})

test('a deletion may take longer than a connection may be still', async () => {
  const stallMs = 100
  const { app, queries } = createDoor({ timeouts: { ...defaultTimeouts, stallMs } })
  Object.assign(queries, {
    deleteSession: async () => {
      await delay(stallMs * 5)
      return { records: 1 }
    },
  })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  onTestFinished(() => app.close())
  const path = `${url}/api/sessions/${encodeURIComponent(queries.firstKey)}`
  const answer = await fetch(path, { method: 'DELETE' })
  expect(answer.status).toBe(200)
})
