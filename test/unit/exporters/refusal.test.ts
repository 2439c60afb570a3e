import { describe, expect, it } from 'vitest'
import { createRig, score, span } from './rig.ts'
import { GONE, OK, status } from './scripted-client.ts'

/** Matches a text that contains `part`. */
function containing(part: string): unknown {
  return expect.stringContaining(part)
}

describe('a refusal', () => {
  const names = Array.from({ length: 13 }, (_, index) => `s${index}`)
  const refusing =
    (...bad: readonly string[]) =>
    (request: { names: readonly string[] }) =>
      request.names.some((name) => bad.includes(name)) ? status(400) : OK

  it.each([
    ['the first', ['s0']],
    ['one in the middle', ['s6']],
    ['the last', ['s12']],
    ['several', ['s1', 's2', 's11']],
    ['all', names],
  ])('isolates %s, and the neighbours arrive once', async (_what, bad) => {
    const { client, outbox, delivery, commit, started } = createRig()
    await started()
    client.answer(refusing(...bad))
    await commit(...names.map(span))
    const arrived = client
      .sent('spans')
      .filter((batch) => !batch.some((name) => bad.includes(name)))
    expect(arrived.flat().toSorted()).toEqual(
      names.filter((name) => !bad.includes(name)).toSorted(),
    )
    expect(outbox.pending()).toEqual([])
    expect(outbox.dead().map(({ emission, reason }) => [emission.key, reason])).toEqual(
      bad.map((name) => [name, 'HTTP 400: E400']),
    )
    expect(delivery.status()).toMatchObject({
      state: 'connected',
      delivered: names.length - bad.length,
      buried: bad.length,
    })
  })

  it('of a score concerns that score alone', async () => {
    const { client, outbox, commit, started } = createRig()
    await started()
    client.answer(refusing('b'))
    await commit(score('a'), score('b'), score('c'))
    expect(outbox.dead().map(({ emission }) => emission.key)).toEqual(['b'])
    expect(outbox.pending()).toEqual([])
  })

  it('of a single span that is too large puts it aside', async () => {
    const { client, outbox, commit, started } = createRig()
    await started()
    client.answer(() => status(413))
    await commit(span('huge'))
    expect(outbox.dead()).toMatchObject([{ reason: 'HTTP 413: E413' }])
  })

  it('by someone who refuses everything buries nothing', async () => {
    const { client, outbox, delivery, started } = createRig()
    client.answer(() => status(400))
    outbox.add(span('a'), span('b'), score('c'))
    await started()
    expect(outbox.dead()).toEqual([])
    expect(outbox.pending()).toHaveLength(3)
    expect(delivery.status()).toMatchObject({
      state: 'unreachable',
      lastError: containing('LANGFUSE_HOST'),
    })
  })

  it('is interrupted by a failure, and goes on where it was', async () => {
    const { client, outbox, advance, commit, started } = createRig()
    await started()
    client.answer(({ names: sent }) => {
      if (sent.length === 4) return status(400)
      return sent.includes('a') ? OK : GONE
    })
    await commit(...['a', 'b', 'c', 'd'].map(span))
    expect(outbox.pending().map(({ emission }) => emission.key)).toEqual(['c', 'd'])
    client.answer(() => OK)
    await advance(500)
    expect(client.sent('spans')).toEqual([
      ['a', 'b', 'c', 'd'],
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ])
    expect(outbox.pending()).toEqual([])
  })

  it('is not followed by the second half when the first one fails', async () => {
    const { client, outbox, commit, started } = createRig()
    await started()
    client.answer(({ names: sent }) => (sent.length === 4 ? status(400) : GONE))
    await commit(...['a', 'b', 'c', 'd'].map(span))
    expect(client.sent('spans')).toEqual([
      ['a', 'b', 'c', 'd'],
      ['a', 'b'],
    ])
    expect(outbox.pending().map(({ attempts }) => attempts)).toEqual([1, 1, 0, 0])
  })

  it('is forgotten when delivery stops before it is confirmed', async () => {
    const { client, outbox, delivery, started } = createRig()
    client.answer(({ kind }) => (kind === 'probe' ? new Promise(() => {}) : status(400)))
    outbox.add(span('a'))
    await started()
    await delivery.stop()
    expect(outbox.dead()).toEqual([])
    expect(outbox.pending()).toMatchObject([{ attempts: 0 }])
  })
})
