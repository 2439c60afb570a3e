/** The way of an MCP request: how long it may take, and what of it is read. */
import fastify from 'fastify'
import { expect, test } from 'vitest'
import { tookTooLong, type WebFailure } from '../../../src/api/failure.ts'
import { addMcpRoute, type McpRequest } from '../../../src/api/mcp-route.ts'
import type { WebQueries } from '../../../src/api/queries.ts'
import { err, ok, type Result } from '../../../src/domain/result.ts'
import { createManualClock } from '../manual-clock.ts'

function routed(ask: WebQueries['ask'], answer: (request: McpRequest) => Promise<unknown>) {
  const app = fastify()
  const clock = createManualClock(0)
  addMcpRoute(app, { queries: { ask }, clock }, async (request) => {
    const body = new TextEncoder().encode(JSON.stringify(await answer(request)))
    return { status: 200, contentType: 'application/json', body }
  })
  // A chain sends nothing before it is waited for.
  const post = async (headers: Record<string, string> = {}) =>
    app.inject({ method: 'POST', url: '/mcp', headers, payload: { jsonrpc: '2.0' } })
  return { clock, post }
}

test('what takes too long fails in time, and so does all that is asked after', async () => {
  const asked: string[] = []
  const ask: WebQueries['ask'] = ({ name }, _, signal) =>
    new Promise<Result<Uint8Array, WebFailure>>((resolve) => {
      asked.push(name)
      if (name === 'fleet') resolve(ok(new Uint8Array()))
      else signal.addEventListener('abort', () => resolve(err({ code: 'internal', message: 'x' })))
    })
  const { clock, post } = routed(ask, async (request) => {
    const inTime = await request.ask({ name: 'fleet', query: { days: 1, silentDays: 1 } })
    const late = await request.ask({ name: 'budgets' })
    return [inTime.ok, late, await request.ask({ name: 'budgets' })]
  })
  const answer = post()
  await expect.poll(() => asked).toEqual(['fleet', 'budgets'])
  await clock.advance(45_000)
  const late = { ok: false, error: tookTooLong }
  expect((await answer).json()).toEqual([true, late, late])
  expect(asked).toEqual(['fleet', 'budgets'])
})

test('of the headers, only those of the protocol reach the server of MCP', async () => {
  const { post } = routed(
    async () => ok(new Uint8Array()),
    async ({ headers }) => headers,
  )
  const answer = await post({
    authorization: 'Bearer x',
    cookie: 'y',
    accept: 'application/json',
    'mcp-protocol-version': '2025-06-18',
  })
  expect(answer.json()).toEqual({
    accept: 'application/json',
    'content-type': 'application/json',
    'mcp-protocol-version': '2025-06-18',
  })
})
