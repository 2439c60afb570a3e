/** The stand-in is only worth something if it refuses what a Langfuse refuses. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLangfuseStandIn, type LangfuseStandIn, STAND_IN_KEYS } from './stand-in.ts'

const { publicKey, secretKey } = STAND_IN_KEYS
const authorization = `Basic ${Buffer.from(`${publicKey}:${secretKey}`).toString('base64')}`
const good = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), name: 'good', attributes: [] }

let langfuse: LangfuseStandIn
beforeAll(async () => {
  langfuse = await createLangfuseStandIn()
})
afterAll(() => langfuse.close())

async function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${langfuse.url}${path}`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  const answer: unknown = await response.json()
  return { status: response.status, answer }
}

function exporting(...spans: readonly unknown[]) {
  return { resourceSpans: [{ scopeSpans: [{ spans }] }] }
}

describe('an export', () => {
  const path = '/api/public/otel/v1/traces'

  it.each([
    ['no trace id', { ...good, traceId: undefined }],
    ['a short trace id', { ...good, traceId: 'abc' }],
    ['a trace id of zeros', { ...good, traceId: '0'.repeat(32) }],
    ['a span id that is no hex', { ...good, spanId: 'x'.repeat(16) }],
    ['a malformed parent', { ...good, parentSpanId: 'p' }],
    ['attributes that are no array', { ...good, attributes: {} }],
    ['events that are no array', { ...good, events: 'none' }],
    ['a span that is none', null],
  ])('with %s is refused whole', async (_what, bad) => {
    const { status, answer } = await post(path, exporting(good, bad))
    expect(status).toBe(400)
    expect(answer).toHaveProperty('error')
    expect(langfuse.spans()).toEqual([])
  })

  it.each([
    ['wrong keys', { authorization: 'Basic eDp5' }, 401],
    ['another content type', { 'content-type': 'text/plain' }, 400],
    ['a later ingestion version', { 'x-langfuse-ingestion-version': '5' }, 400],
  ])('with %s is refused', async (_what, headers, status) => {
    expect(await post(path, exporting(good), headers)).toMatchObject({ status })
    expect(langfuse.spans()).toEqual([])
  })

  it('of good spans is kept, and of none is welcome', async () => {
    const attributes = [
      { key: 'langfuse.observation.input', value: { stringValue: '{"a":1}' } },
      { key: 'langfuse.trace.tags', value: { arrayValue: { values: [{ stringValue: 't' }] } } },
    ]
    expect(await post(path, exporting({ ...good, attributes }, good))).toEqual({
      status: 200,
      answer: {},
    })
    expect(await post(path, { resourceSpans: [] })).toEqual({ status: 200, answer: {} })
    expect(langfuse.spans()[0]).toMatchObject({
      name: 'good',
      input: { a: 1 },
      attributes: { 'langfuse.trace.tags': ['t'] },
    })
    expect(langfuse.spanIdCounts()).toEqual(new Map([[good.spanId, 2]]))
  })
})

it('replaces a score of the same id, and refuses one without a target', async () => {
  const path = '/api/public/scores'
  const score = { id: 's-1', name: 'quality', sessionId: 'x' }
  await post(path, { ...score, value: 1 })
  expect(await post(path, { ...score, value: 2 })).toEqual({ status: 200, answer: { id: 's-1' } })
  expect(await post(path, { name: 'quality', value: 3 })).toMatchObject({ status: 400 })
  expect(langfuse.scores()).toMatchObject([{ id: 's-1', value: 2 }])
})

it('refuses traces on the retired endpoint, inside a 207', async () => {
  const batch = [
    { id: '1', type: 'trace-create', body: {} },
    { id: '2', type: 'sdk-log', body: {} },
  ]
  expect(await post('/api/public/ingestion', { batch })).toMatchObject({
    status: 207,
    answer: { successes: [{ id: '2', status: 201 }], errors: [{ id: '1', status: 400 }] },
  })
})

it('is healthy, and knows no other address', async () => {
  expect((await fetch(`${langfuse.url}/api/public/health`)).status).toBe(200)
  expect(await post('/api/public/traces', {})).toMatchObject({ status: 404 })
})
