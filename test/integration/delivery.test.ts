/** Delivery, the real client and real connections, against a Langfuse that misbehaves. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createDelivery, type Delivery } from '../../src/exporters/delivery.ts'
import { createLangfuseClient } from '../../src/exporters/langfuse/client.ts'
import { spanIdOf } from '../../src/exporters/ids.ts'
import { createMemoryOutbox } from '../unit/exporters/memory-outbox.ts'
import { langfuseOver, score, span } from '../unit/exporters/rig.ts'
import { PATIENCE_MS } from '../patience.ts'
import { START_MS } from '../unit/exporters/langfuse/sample-emissions.ts'
import { createManualClock } from '../unit/manual-clock.ts'
import type { Fault } from './langfuse-stand-in/fault.ts'
import {
  createLangfuseStandIn,
  type LangfuseStandIn,
  STAND_IN_KEYS,
} from './langfuse-stand-in/stand-in.ts'

const toEnd: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of toEnd.splice(0)) await end()
})

async function standIn(port = 0): Promise<LangfuseStandIn> {
  const server = await createLangfuseStandIn({ port })
  toEnd.push(() => server.close())
  return server
}

/** The time limit of a request is for the tests in which it is met. */
function deliveryTo(baseUrl: string, timeoutMs = PATIENCE_MS) {
  const clock = createManualClock(START_MS)
  const outbox = createMemoryOutbox()
  const client = createLangfuseClient({
    baseUrl,
    ...STAND_IN_KEYS,
    productVersion: '1.2.3',
    timeoutMs,
  })
  const log = { info: () => {}, warn: () => {}, error: () => {} }
  const exporter = langfuseOver(client, clock)
  const lane = outbox.lane
  const delivery = createDelivery({ exporter, outbox: lane, clock, random: () => 0.5, log })
  toEnd.push(() => delivery.stop())
  return { clock, outbox, delivery }
}

/** Polls: what happens on a connection has no other sign. */
function eventually(assertion: () => void): Promise<void> {
  return vi.waitFor(assertion, { interval: 5 })
}

function spanIds(...names: readonly string[]): string[] {
  return names.map((name) => spanIdOf(span(name).traceKey, name))
}

function putOff(delivery: Delivery): Promise<void> {
  return eventually(() => expect(delivery.status().retried).toBeGreaterThan(0))
}

it('delivers spans and scores, each once', async () => {
  const langfuse = await standIn()
  const { outbox, delivery } = deliveryTo(`${langfuse.url}/`)
  outbox.add(span('a'), { ...span('b'), parentKey: 'a', input: { x: [1] } }, score('quality'))
  delivery.start()
  await eventually(() => expect(outbox.pending()).toEqual([]))
  expect(langfuse.spans()).toMatchObject([
    { name: 'a', input: undefined, parentSpanId: undefined },
    { name: 'b', input: { x: [1] }, parentSpanId: spanIds('a')[0] },
  ])
  expect(langfuse.spans()[0]).toMatchObject({
    attributes: { 'langfuse.session.id': 's-1', 'langfuse.trace.name': 'conversation' },
    resource: { 'service.name': 'claude-telemetry' },
    scope: { name: 'claude-telemetry', version: '1.2.3' },
  })
  expect(langfuse.scores()).toMatchObject([{ name: 'quality', value: 87.5, sessionId: 's-1' }])
  const requests = langfuse.requests()
  expect(requests.map(({ kind }) => kind).toSorted()).toEqual(['scores', 'spans'])
  expect(requests.find(({ kind }) => kind === 'spans')?.headers).toMatchObject({
    'content-encoding': 'gzip',
    'x-langfuse-ingestion-version': '4',
    'x-langfuse-sdk-name': 'claude-telemetry',
    'x-langfuse-sdk-version': '1.2.3',
  })
  expect(delivery.status()).toMatchObject({ state: 'connected', delivered: 3 })
})

describe('a fault of a moment', () => {
  it.each<[string, Fault, number]>([
    ['500', { kind: 'status', status: 500 }, 500],
    ['502', { kind: 'status', status: 502, body: '<html>Bad gateway</html>' }, 500],
    ['429', { kind: 'status', status: 429, headers: { 'retry-after': '20' } }, 20_000],
    [
      '503 that names its time',
      { kind: 'status', status: 503, headers: { 'retry-after': '3' } },
      3_000,
    ],
    ['a reset connection', { kind: 'reset' }, 500],
    ['a server that hangs', { kind: 'hang' }, 500],
    ['another server for a moment', { kind: 'status', status: 404 }, 500],
    [
      'a redirect elsewhere',
      { kind: 'status', status: 307, headers: { location: 'http://127.0.0.1:9/' } },
      500,
    ],
  ])('%s: the spans are sent again in time, and arrive once', async (_what, fault, waitMs) => {
    const langfuse = await standIn()
    const isEndless = fault.kind === 'hang' || fault.kind === 'stall'
    const { clock, outbox, delivery } = deliveryTo(langfuse.url, isEndless ? 500 : PATIENCE_MS)
    langfuse.plan({ ...fault, on: 'spans' })
    outbox.add(span('a'), span('b'))
    delivery.start()
    await putOff(delivery)
    await clock.advance(waitMs - 1)
    expect(langfuse.requests()).toHaveLength(1)
    await clock.advance(1)
    await eventually(() => expect(outbox.pending()).toEqual([]))
    expect(langfuse.spans().map(({ spanId }) => spanId)).toEqual(spanIds('a', 'b'))
  })

  it.each<[string, Fault]>([
    ['cut off in the body', { kind: 'cut' }],
    ['garbled', { kind: 'garbled' }],
    ['never ended', { kind: 'stall' }],
  ])('an answer %s: the same spans come again', async (_what, fault) => {
    const langfuse = await standIn()
    const isEndless = fault.kind === 'hang' || fault.kind === 'stall'
    const { clock, outbox, delivery } = deliveryTo(langfuse.url, isEndless ? 500 : PATIENCE_MS)
    langfuse.plan({ ...fault, on: 'spans' })
    outbox.add(span('a'))
    delivery.start()
    await putOff(delivery)
    await clock.advance(500)
    await eventually(() => expect(outbox.pending()).toEqual([]))
    const [first, second, ...more] = langfuse.spans()
    expect(second).toEqual(first)
    expect(first?.spanId).toBe(spanIds('a')[0])
    expect(more).toEqual([])
  })

  it('that meets a score: it is replaced, not added', async () => {
    const langfuse = await standIn()
    const { clock, outbox, delivery } = deliveryTo(langfuse.url)
    langfuse.plan({ kind: 'cut', on: 'scores' })
    outbox.add(score('quality'))
    delivery.start()
    await putOff(delivery)
    await clock.advance(500)
    await eventually(() => expect(outbox.pending()).toEqual([]))
    expect(langfuse.scores()).toHaveLength(1)
    expect(langfuse.requests().filter(({ kind }) => kind === 'scores')).toHaveLength(2)
  })
})

it('holds everything for wrong keys, and goes on when they are right', async () => {
  const langfuse = await standIn()
  const { clock, outbox, delivery } = deliveryTo(langfuse.url)
  langfuse.setKeys({ publicKey: 'pk-lf-other', secretKey: 'sk-lf-other' })
  outbox.add(span('a'), score('quality'))
  delivery.start()
  await eventually(() => expect(delivery.status().retried).toBe(2))
  expect(delivery.status().state).toBe('unauthorized')
  langfuse.setKeys(STAND_IN_KEYS)
  await clock.advance(29_999)
  expect(langfuse.spans()).toEqual([])
  await clock.advance(1)
  await eventually(() => expect(outbox.pending()).toEqual([]))
  expect(langfuse.spanIdCounts()).toEqual(new Map([[spanIds('a')[0], 1]]))
  expect(delivery.status().state).toBe('connected')
})

it('isolates a span Langfuse refuses, with the reason; its neighbours arrive once', async () => {
  const langfuse = await standIn()
  const { outbox, delivery } = deliveryTo(langfuse.url)
  langfuse.refuseSpans(({ name }) => (name === 'bad' ? 'Invalid span: bad' : undefined))
  const good = Array.from({ length: 40 }, (_, index) => `s${index}`)
  outbox.add(...good.slice(0, 17).map(span), span('bad'), ...good.slice(17).map(span))
  delivery.start()
  await eventually(() => expect(outbox.pending()).toEqual([]))
  expect(outbox.dead()).toMatchObject([
    { emission: { key: 'bad' }, reason: 'HTTP 400: Invalid span: bad' },
  ])
  expect(langfuse.spanIdCounts()).toEqual(new Map(spanIds(...good).map((id) => [id, 1])))
})

it('waits for a server that is not there', async () => {
  const before = await standIn()
  await before.close()
  const { clock, outbox, delivery } = deliveryTo(before.url)
  outbox.add(span('a'))
  delivery.start()
  await putOff(delivery)
  expect(delivery.status()).toMatchObject({ state: 'unreachable' })
  expect(delivery.status().lastError).toContain('ECONNREFUSED')
  const after = await standIn(before.port)
  await clock.advance(500)
  await eventually(() => expect(outbox.pending()).toEqual([]))
  expect(after.spans()).toHaveLength(1)
})

it('stops in the middle of a request that hangs', async () => {
  const langfuse = await standIn()
  const { outbox, delivery } = deliveryTo(langfuse.url)
  langfuse.always(() => ({ kind: 'hang' }))
  outbox.add(span('a'))
  delivery.start()
  await eventually(() => expect(langfuse.requests()).toHaveLength(1))
  await delivery.stop()
  expect(outbox.pending()).toMatchObject([{ attempts: 0 }])
})
