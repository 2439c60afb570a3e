import { describe, expect, it } from 'vitest'
import { createRig, span } from './rig.ts'
import { GONE, OK, status } from './scripted-client.ts'

describe('its view of Langfuse', () => {
  it('is asked for at the start, and every 30 s without news', async () => {
    const { client, delivery, advance, commit, started } = createRig()
    expect(delivery.status().state).toBe('unreachable')
    await started()
    expect(delivery.status().state).toBe('connected')
    expect(client.probes()).toBe(1)
    await advance(20_000)
    await commit(span('a')) // news
    await advance(29_999)
    expect(client.probes()).toBe(1)
    client.answer(() => GONE)
    await advance(1)
    expect(client.probes()).toBe(2)
    expect(delivery.status()).toMatchObject({
      state: 'unreachable',
      lastError: 'connect ECONNREFUSED',
    })
    client.answer(() => OK)
    await advance(30_000)
    expect(delivery.status().state).toBe('connected')
  })

  it('does not hold back what is committed after a failed probe', async () => {
    const { client, outbox, commit, started } = createRig()
    client.answer(() => GONE)
    await started()
    client.answer(() => OK)
    await commit(span('a'))
    expect(outbox.pending()).toEqual([])
  })

  it('is logged when it changes', async () => {
    const { client, logged, advance, started } = createRig()
    await started()
    await advance(30_000)
    client.answer(() => status(401))
    await advance(30_000)
    await advance(30_000)
    client.answer(() => OK)
    await advance(30_000)
    expect(logged).toEqual(['Langfuse connected', 'Langfuse unauthorized', 'Langfuse connected'])
  })

  it('says when something was last delivered', async () => {
    const { clock, delivery, advance, commit, started } = createRig()
    await started()
    expect(delivery.status().lastDeliveredMs).toBeUndefined()
    await advance(5_000)
    const deliveredMs = clock.now()
    await commit(span('a'))
    await advance(5_000)
    expect(delivery.status().lastDeliveredMs).toBe(deliveredMs)
  })
})
