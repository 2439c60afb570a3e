/** The OTLP exporter over real connections: what arrives, and what answers mean. */
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createDelivery } from '../../src/exporters/delivery.ts'
import { createOtlpClient, type OtlpProtocol } from '../../src/exporters/otlp/otlp-client.ts'
import { createOtlpExporter } from '../../src/exporters/otlp/otlp-exporter.ts'
import { PATIENCE_MS } from '../patience.ts'
import { sampleObservation, START_MS } from '../unit/exporters/langfuse/sample-emissions.ts'
import { createMemoryOutbox } from '../unit/exporters/memory-outbox.ts'
import { span } from '../unit/exporters/rig.ts'
import { createManualClock } from '../unit/manual-clock.ts'
import { createOtlpReceiver } from './otlp-receiver.ts'

const toEnd: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of toEnd.splice(0)) await end()
})

async function rig(protocol: OtlpProtocol = 'http/protobuf') {
  const receiver = await createOtlpReceiver()
  toEnd.push(() => receiver.close())
  const clock = createManualClock(START_MS)
  const outbox = createMemoryOutbox()
  const logged: string[] = []
  const write = (_fields: object, message: string) => void logged.push(message)
  const exporter = createOtlpExporter({
    client: createOtlpClient({
      endpoint: `${receiver.url}/`,
      headers: { 'x-tenant': 'red', authorization: 'Bearer secret-token' },
      protocol,
      timeoutMs: PATIENCE_MS,
      setting: 'EXPORT_OTLP_ENDPOINT',
      now: () => clock.now(),
    }),
    address: receiver.url,
    credentials: '',
    protocol,
    productVersion: '1.2.3',
  })
  const delivery = createDelivery({
    exporter,
    outbox: outbox.lane,
    clock,
    random: () => 0.5,
    log: { info: write, warn: write, error: write },
  })
  toEnd.push(() => delivery.stop())
  return { receiver, clock, outbox, delivery, logged }
}

const eventually = (assertion: () => void) =>
  vi.waitFor(assertion, { interval: 5, timeout: PATIENCE_MS })

describe.each<OtlpProtocol>(['http/protobuf', 'http/json'])('over %s', (protocol) => {
  test('spans arrive once, as they are, with the headers', async () => {
    const { receiver, outbox, delivery } = await rig(protocol)
    outbox.add(
      sampleObservation({ key: 'a', type: 'generation', model: 'claude-opus-5', costUsd: 0.25 }),
      sampleObservation({ key: 'b', parentKey: 'a', type: 'tool', name: 'Bash' }),
    )
    delivery.start()
    await eventually(() => expect(outbox.pending()).toEqual([]))
    expect(receiver.spans()).toMatchObject([
      { name: 'chat claude-opus-5', attributes: { 'claude_telemetry.cost_usd': 0.25 } },
      { name: 'execute_tool Bash', parentSpanId: receiver.spans()[0]?.spanId },
    ])
    expect(receiver.requests()[0]).toMatchObject({
      'x-tenant': 'red',
      'content-encoding': 'gzip',
      'content-type': protocol === 'http/json' ? 'application/json' : 'application/x-protobuf',
    })
  })

  test('what was rejected in part is not sent again, and is said', async () => {
    const { receiver, outbox, delivery, logged } = await rig(protocol)
    receiver.always(() => ({ kind: 'partial', rejected: 1 }))
    outbox.add(span('a'), span('b'), span('c'))
    delivery.start()
    await eventually(() => expect(outbox.pending()).toEqual([]))
    expect(receiver.spans()).toHaveLength(3)
    expect(outbox.dead()).toEqual([])
    expect(delivery.status()).toMatchObject({ delivered: 3, rejectedInPart: 1 })
    expect(logged).toContain('OTLP rejected part of a request')
  })

  test('what was rejected altogether is put aside with the reason', async () => {
    const { receiver, outbox, delivery } = await rig(protocol)
    receiver.always(() => ({ kind: 'partial', rejected: 2 }))
    outbox.add(span('a'), span('b'))
    delivery.start()
    await eventually(() => expect(outbox.pending()).toEqual([]))
    expect(outbox.dead().map(({ reason }) => reason)).toEqual([
      'rejected 2 of 2: too old',
      'rejected 2 of 2: too old',
    ])
  })
})

test('a lost answer repeats the same spans', async () => {
  const { receiver, clock, outbox, delivery } = await rig()
  let isLost = false
  receiver.always(() => {
    if (isLost) return undefined
    isLost = true
    return { kind: 'lose' }
  })
  outbox.add(span('a'))
  delivery.start()
  await eventually(() => expect(delivery.status().retried).toBe(1))
  await clock.advance(500)
  await eventually(() => expect(outbox.pending()).toEqual([]))
  const [first, second] = receiver.spans()
  expect(second).toEqual(first)
})

test.each([500, 400, 404, 503])(
  'a server that answers %i to everything loses nothing',
  async (status) => {
    const { receiver, outbox, delivery } = await rig()
    receiver.always(() => ({ kind: 'status', status, body: 'Bearer secret-token is not liked' }))
    outbox.add(span('a'), span('b'))
    delivery.start()
    await eventually(() => expect(delivery.status().retried).toBeGreaterThan(0))
    expect(outbox.dead()).toEqual([])
    expect(outbox.pending()).toHaveLength(2)
    expect(delivery.status().lastError).not.toContain('secret-token')
  },
)
