/** Spans and scores are lanes of their own. */
import { expect, it } from 'vitest'
import { settle } from '../manual-clock.ts'
import { createRig, score, span } from './rig.ts'
import { OK, status } from './scripted-client.ts'

it('scores that hang hold back no spans', async () => {
  const { client, outbox, commit, started } = createRig()
  client.answer(({ kind }) => (kind === 'score' ? new Promise(() => {}) : OK))
  outbox.add(...Array.from({ length: 50 }, (_, index) => score(`s${index}`)))
  await started()
  await commit(span('a'))
  await commit(span('b'))
  expect(client.sent('spans')).toEqual([['a'], ['b']])
})

it('scores that fail hold back no spans, not even when asked for patience', async () => {
  const { client, outbox, delivery, commit, started } = createRig()
  client.answer(({ kind }) => (kind === 'score' ? status(429, '600') : OK))
  outbox.add(score('quality'))
  await started()
  await commit(span('a'))
  expect(client.sent('spans')).toEqual([['a']])
  expect(delivery.status()).toMatchObject({ delivered: 1, lastError: 'HTTP 429: E429' })
})

it('spans that fail hold back scores, which follow as soon as they are taken', async () => {
  const { client, outbox, advance, commit, started } = createRig()
  await started()
  client.answer(() => status(503))
  await commit(span('a'), score('quality'))
  client.answer(() => OK)
  await advance(500)
  expect(outbox.pending()).toEqual([])
})

it('more scores go at once while all goes well, fewer when the server has enough', async () => {
  const { client, outbox, advance, commit, started } = createRig()
  let atOnce = 0
  const most: number[] = []
  let isBusy = false
  client.answer(async ({ kind }) => {
    if (kind !== 'score') return OK
    atOnce += 1
    most.push(atOnce)
    await settle()
    atOnce -= 1
    return isBusy ? status(429) : OK
  })
  outbox.add(...Array.from({ length: 150 }, (_, index) => score(`s${index}`)))
  await started()
  for (let round = 0; round < 40; round += 1) await advance(1)
  expect(Math.max(...most)).toBe(16)
  isBusy = true
  most.length = 0
  await commit(...Array.from({ length: 100 }, (_, index) => score(`t${index}`)))
  for (let round = 0; round < 120; round += 1) await advance(1_000)
  expect(most.slice(-5)).toEqual([1, 1, 1, 1, 1])
})
