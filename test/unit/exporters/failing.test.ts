import { describe, expect, it } from 'vitest'
import { createRig, score, span } from './rig.ts'
import { GONE, OK, status } from './scripted-client.ts'

describe('a destination that fails', () => {
  it('is left alone longer each time, and everything with it', async () => {
    const { client, outbox, delivery, advance, commit, started } = createRig()
    await started()
    client.answer(() => status(500))
    await commit(span('a'))
    const waitsMs = [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]
    for (const [index, waitMs] of waitsMs.entries()) {
      await commit(score('held like the rest'))
      await advance(waitMs - 1)
      expect(client.sent('spans')).toHaveLength(index + 1)
      await advance(1)
      expect(client.sent('spans')).toHaveLength(index + 2)
    }
    expect(client.sent('score')).toEqual([])
    expect(delivery.status()).toMatchObject({
      state: 'unreachable',
      lastError: 'HTTP 500: E500',
    })

    client.answer(() => OK)
    await advance(30_000)
    expect(outbox.pending()).toEqual([])
    expect(delivery.status()).toMatchObject({ state: 'connected', lastError: undefined })

    client.answer(() => status(500))
    await commit(span('b'))
    await advance(500) // a new row of failures, counted from the beginning
    expect(client.sent('spans').slice(-2)).toEqual([['b'], ['b']])
  })

  it.each([
    ['longer than the backoff', '20', 20_000],
    ['shorter than the backoff', '0', 500],
  ])('has its Retry-After obeyed when it is %s', async (_what, header, waitMs) => {
    const { client, advance, commit, started } = createRig()
    await started()
    client.answer(() => status(429, header))
    await commit(span('a'))
    client.answer(() => OK)
    await advance(waitMs - 1)
    expect(client.sent('spans')).toEqual([['a']])
    await advance(1)
    expect(client.sent('spans')).toEqual([['a'], ['a']])
  })

  it.each([
    ['throttles', status(429), 'connected'],
    ['fails', status(503), 'unreachable'],
    ['is another server', status(404), 'unreachable'],
    ['redirects', status(302), 'unreachable'],
    ['is not there', GONE, 'unreachable'],
    ['rejects the keys', status(401), 'unauthorized'],
    ['has suspended us', status(403), 'unauthorized'],
  ])('when it %s, shows it and keeps the data', async (_what, outcome, expected) => {
    const { client, outbox, delivery, commit, started } = createRig()
    await started()
    client.answer(() => outcome)
    await commit(span('a'), score('quality'))
    expect(delivery.status()).toMatchObject({ state: expected, delivered: 0, buried: 0 })
    expect(delivery.status().lastError).toBeDefined()
    expect(outbox.pending()).toHaveLength(2)
  })

  it('holds everything for wrong keys until they are right', async () => {
    const { client, outbox, delivery, advance, commit, started } = createRig()
    client.answer(() => status(401))
    await started()
    await commit(span('a'))
    await advance(29_999)
    expect(client.sent('spans')).toEqual([])
    client.answer(() => OK)
    await advance(1)
    expect(outbox.pending()).toEqual([])
    expect(delivery.status().state).toBe('connected')
  })

  it('is not let off by the scores it did take at the same moment', async () => {
    const { client, outbox, advance, started } = createRig()
    client.answer(({ names }) => (names.includes('b') ? status(429, '9') : OK))
    outbox.add(...['a', 'b', 'c', 'd', 'later'].map(score))
    await started()
    expect(
      outbox.pending().map(({ emission }) => emission.kind === 'score' && emission.name),
    ).toEqual(['b', 'later'])
    await advance(8_999)
    expect(client.sent('score')).toHaveLength(4)
    client.answer(() => OK)
    await advance(1)
    expect(client.sent('score').slice(4)).toEqual([['b'], ['later']])
  })

  it('is given the longest of the times asked for at the same moment', async () => {
    const { client, outbox, advance, started } = createRig()
    client.answer(({ names }) => status(503, names.includes('b') ? '9' : '2'))
    outbox.add(...['a', 'b', 'c'].map(score))
    await started()
    client.answer(() => OK)
    await advance(8_999)
    expect(outbox.pending()).toHaveLength(3)
    await advance(1)
    expect(outbox.pending()).toEqual([])
  })
})
