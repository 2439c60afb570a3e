/** What whoever asks is told while the database is away: the same on every path, and not where it is. */
import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, expect, test } from 'vitest'
import { api } from '../../../src/api/contract/api.ts'
import { createWeb } from '../../../src/api/server.ts'
import { createSystemClock } from '../../../src/observability/clock.ts'
import { createKeyGuesses } from '../../../src/receivers/key-guesses.ts'
import { createFakeQueries } from '../../page/fake-queries.ts'

const SECRET = '10.20.30.40:5432'
const KEY = 'the-key-of-this-bridge'
const apps: FastifyInstance[] = []
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

const away = () =>
  Object.assign(new Error(`connect ECONNREFUSED ${SECRET}`), { code: 'ECONNREFUSED' })
const fails = async () => {
  throw away()
}

async function serve(isOutage: (error: unknown) => boolean): Promise<FastifyInstance> {
  const app = Fastify({ routerOptions: { maxParamLength: 4000 } })
  const clock = createSystemClock()
  const log = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} }
  const web = createFakeQueries(1_760_000_000_000).web()
  const queries = {
    ...web,
    bridgeState: fails,
    deleteSession: fails,
    scrub: fails,
    addBudget: fails,
  }
  await app.register(
    createWeb({
      queries: { ...queries, scrubSession: fails, retry: fails, drop: fails, removeBudget: fails },
      keys: { apiKey: KEY, accessToken: undefined, isOpen: false },
      guesses: createKeyGuesses(clock, log),
      administration: {
        keys: { list: fails, create: fails, rotate: fails, update: fails, revoke: fails },
        audit: { append: fails, list: fails },
      },
      outageOf: (error) => (isOutage(error) ? 'it is away' : undefined),
      pageDir: '/nowhere',
      version: '1.2.3',
      clock,
      log,
    }),
  )
  apps.push(app)
  return app
}

const bodies: Readonly<Record<string, object>> = {
  createKey: { name: 'n', scopes: ['ingest'] },
  updateKey: { recordsPerMinute: 5 },
  addBudget: { name: 'b', window: 'day', limitUsd: 5 },
  retry: { ids: 'all' },
  drop: { ids: 'all' },
}
/** Those that ask the store, or are written down in it. */
const asking = [
  ...['session', 'turns', 'events', 'deleteSession', 'scrubSession', 'scrub', 'delivery'],
  ...['retry', 'drop', 'addBudget', 'removeBudget', 'keys', 'createKey', 'rotateKey'],
  ...['updateKey', 'revokeKey', 'audit'],
] as const

const request = (name: (typeof asking)[number]) => {
  const { method, path } = api[name]
  const url = path.replaceAll(/\{key\}/g, 'claude-code%2Fs').replaceAll(':key', 'claude-code%2Fs')
  return {
    ...{ method, url, headers: { authorization: `Bearer ${KEY}` } },
    ...(method === 'POST' && { payload: bodies[name] ?? {} }),
  }
}

test.each(asking)('%s: the database is away', async (name) => {
  const app = await serve((error) => error instanceof Error && error.message.includes(SECRET))
  const answer = await app.inject(request(name))
  expect(answer.statusCode).toBe(503)
  expect(answer.json()).toEqual({ error: { code: 'unavailable', message: expect.any(String) } })
  expect(answer.headers).toMatchObject({
    'content-type': expect.stringContaining('application/json'),
    'retry-after': '2',
  })
  expect(answer.body).not.toContain(SECRET)
})

test.each(asking)('%s: anything else is a bug, which says nothing of itself', async (name) => {
  const app = await serve(() => false)
  const answer = await app.inject(request(name))
  expect(answer.statusCode).toBe(500)
  expect(answer.json()).toMatchObject({ error: { code: 'internal' } })
  expect(answer.body).not.toContain(SECRET)
})
