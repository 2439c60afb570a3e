import { describe, expect, it, vi } from 'vitest'
import { createDrain } from '../../../src/exporters/drain.ts'
import { createManualClock, settle } from '../manual-clock.ts'
import { createRig, span } from './rig.ts'
import { GONE, OK, status } from './scripted-client.ts'

/** A rig in the middle of holding `a` back because of `outcome`. */
async function holding(outcome: typeof OK) {
  const rig = createRig()
  await rig.started()
  rig.client.answer(() => outcome)
  await rig.commit(span('a'))
  return rig
}

describe('drain', () => {
  it('is at once done when there is nothing', async () => {
    const { delivery, started } = createRig()
    await started()
    expect(await delivery.drain({ timeoutMs: 10_000 })).toBe(true)
  })

  it('sends everything there is, without a start as well', async () => {
    const { client, outbox, delivery } = createRig({ takeItems: 2 })
    outbox.add(...['a', 'b', 'c'].map(span))
    expect(await delivery.drain({ timeoutMs: 10_000 })).toBe(true)
    expect(client.sent('spans')).toEqual([['a', 'b'], ['c']])
    expect(client.probes()).toBe(0)
  })

  it.each([
    ['a backoff', status(503)],
    ['a backoff of an absent server', GONE],
    ['a hold for wrong keys', status(401)],
  ])('tries at once in the middle of %s', async (_what, outcome) => {
    const { client, outbox, delivery } = await holding(outcome)
    client.answer(() => OK)
    expect(await delivery.drain({ timeoutMs: 10_000 })).toBe(true)
    expect(outbox.pending()).toEqual([])
  })

  it.each([
    ['nothing answers', GONE],
    ['it is another server', status(404)],
    ['the keys are wrong', status(401)],
  ])('gives up after one try when %s', async (_what, outcome) => {
    const { client, delivery } = await holding(outcome)
    expect(await delivery.drain({ timeoutMs: 10_000 })).toBe(false)
    expect(client.sent('spans')).toHaveLength(2)
  })

  it('goes on while the server fails, as long as there is time', async () => {
    const { client, delivery, advance } = await holding(status(500))
    const drained = delivery.drain({ timeoutMs: 10_000 })
    await settle()
    expect(client.sent('spans')).toHaveLength(2)
    client.answer(() => OK)
    await advance(1_000)
    expect(await drained).toBe(true)
  })

  it('waits for a Retry-After that ends in time', async () => {
    const { client, delivery, advance } = await holding(status(429, '4'))
    client.answer(() => OK)
    const drained = delivery.drain({ timeoutMs: 10_000 })
    await advance(3_999)
    expect(client.sent('spans')).toHaveLength(1)
    await advance(1)
    expect(await drained).toBe(true)
  })

  it('does not wait for one that does not', async () => {
    const { client, delivery } = await holding(status(429, '60'))
    expect(await delivery.drain({ timeoutMs: 10_000 })).toBe(false)
    expect(client.sent('spans')).toHaveLength(1)
  })

  it('ends when the time is up, whatever is under way', async () => {
    const { client, outbox, delivery, advance } = createRig()
    client.answer(() => new Promise(() => {}))
    outbox.add(span('a'))
    const drained = delivery.drain({ timeoutMs: 10_000 })
    await advance(10_000)
    expect(await drained).toBe(false)
  })

  it('does not spend its time on asking how Langfuse is', async () => {
    const { client, delivery } = createRig()
    client.answer(() => new Promise(() => {}))
    expect(await delivery.drain({ timeoutMs: 10_000 })).toBe(true)
  })

  it('leaves to others what they hold, unless it is the last', async () => {
    const { outbox, client, delivery } = createRig()
    outbox.add(span('a'))
    outbox.withhold()
    expect(await delivery.drain({ timeoutMs: 10_000 })).toBe(true)
    expect(client.sent('spans')).toEqual([])
  })

  it('as the last, delivers what somebody held who is gone', async () => {
    const { outbox, client, delivery, advance } = createRig()
    outbox.add(span('a'))
    outbox.withhold()
    const drained = delivery.drain({ timeoutMs: 10_000, isLast: true })
    await advance(5_000)
    expect(client.sent('spans')).toEqual([])
    outbox.withhold(false)
    await advance(1_000)
    expect(await drained).toBe(true)
    expect(client.sent('spans')).toEqual([['a']])
  })

  it('as the last, waits no longer than it may for who holds something', async () => {
    const { outbox, delivery, advance } = createRig()
    outbox.add(span('a'))
    outbox.withhold()
    const drained = delivery.drain({ timeoutMs: 10_000, isLast: true })
    await advance(10_000)
    expect(await drained).toBe(false)
  })

  it('may be followed by another', async () => {
    const { client, outbox, delivery, advance } = createRig()
    const hanging = Promise.withResolvers<typeof OK>()
    client.answer(() => hanging.promise)
    outbox.add(span('a'))
    const first = delivery.drain({ timeoutMs: 1_000 })
    await advance(1_000)
    expect(await first).toBe(false)
    const second = delivery.drain({ timeoutMs: 1_000 })
    client.answer(() => OK)
    hanging.resolve(OK)
    expect(await second).toBe(true)
    expect(outbox.pending()).toEqual([])
  })

  it('is over once: a late turn does not end the next one', async () => {
    const clock = createManualClock(0)
    const onDone = vi.fn<() => void>()
    const drain = createDrain(clock, { timeoutMs: 1_000 }, onDone)
    await clock.advance(1_000)
    drain.consider({ kind: 'idle', restMs: 1, pending: false }, false)
    expect(await drain.done).toBe(false)
    expect(onDone).toHaveBeenCalledOnce()
  })

  it('is one, however often it is asked for', async () => {
    const { client, outbox, delivery } = createRig()
    outbox.add(span('a'))
    expect(
      await Promise.all([
        delivery.drain({ timeoutMs: 10_000 }),
        delivery.drain({ timeoutMs: 10_000 }),
      ]),
    ).toEqual([true, true])
    expect(client.sent('spans')).toEqual([['a']])
  })

  it('ends with an outbox that fails', async () => {
    const { outbox, delivery, started } = createRig()
    await started()
    outbox.breakDown(new Error('disk full'))
    expect(await delivery.drain({ timeoutMs: 10_000 })).toBe(false)
  })
})
