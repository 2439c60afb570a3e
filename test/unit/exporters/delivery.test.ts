import { describe, expect, it } from 'vitest'
import { createDeliveries } from '../../../src/exporters/deliveries.ts'
import { langfuse } from '../../../src/exporters/langfuse/definition.ts'
import { createManualClock, settle } from '../manual-clock.ts'
import { createMemoryOutbox } from './memory-outbox.ts'
import { createRig, span } from './rig.ts'

describe('an outbox that fails', () => {
  it('is waited for', async () => {
    const { client, outbox, logged, advance, commit, started } = createRig()
    await started()
    outbox.breakDown(new Error('disk full'))
    for (const name of ['a', 'b', 'c']) await commit(span(name))
    expect(logged.filter((line) => line.includes('cannot read the outbox'))).toHaveLength(1)
    outbox.breakDown()
    await advance(5_000)
    expect(client.sent('spans')).toEqual([['a', 'b', 'c']])
    expect(outbox.pending()).toEqual([])
  })
})

describe('stop', () => {
  it('drops what is under way and leaves it in the outbox as it was', async () => {
    const { client, outbox, delivery, commit, started } = createRig()
    await started()
    client.answer(() => new Promise(() => {}))
    await commit(span('a'))
    await delivery.stop()
    await commit(span('b'))
    expect(outbox.pending().map(({ attempts }) => attempts)).toEqual([0, 0])
    expect(client.sent('spans')).toEqual([['a']])
  })

  it('ends a rest and a drain', async () => {
    const { client, clock, outbox, delivery, started } = createRig()
    await started()
    client.answer(() => new Promise(() => {}))
    outbox.add(span('a'))
    const drained = delivery.drain({ timeoutMs: 10_000 })
    await settle()
    await delivery.stop()
    expect(await drained).toBe(false)
    expect(clock.pendingTimers()).toBe(0)
    expect(await delivery.drain({ timeoutMs: 10_000 })).toBe(false)
  })
})

describe('without keys', () => {
  it('nothing is sent and everything stays', async () => {
    const outbox = createMemoryOutbox()
    outbox.add(span('a'))
    const log = { info: () => {}, warn: () => {}, error: () => {} }
    const deliveries = createDeliveries({
      exporters: [{ definition: langfuse, exporter: undefined }],
      outbox: (_exporter, kind) => outbox.lane(kind),
      pause: () => ({ untilMs: async () => 0, set: async () => {} }),
      clock: createManualClock(0),
      random: Math.random,
      log,
    })
    deliveries.start()
    deliveries.notify()
    await deliveries.drain({ timeoutMs: 1_000 })
    await deliveries.stop()
    expect(outbox.pending()).toHaveLength(1)
    expect(deliveries.status()).toMatchObject([
      { name: 'langfuse', state: 'unconfigured', delivered: 0 },
    ])
  })
})
