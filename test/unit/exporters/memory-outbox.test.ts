/** The outbox of a replay, under the real delivery. */
import { expect, test } from 'vitest'
import { createDelivery } from '../../../src/exporters/delivery.ts'
import { createMemoryOutbox } from '../../../src/exporters/memory-outbox.ts'
import type { HttpOutcome } from '../../../src/exporters/http-verdict.ts'
import type { LangfuseClient } from '../../../src/exporters/langfuse/client.ts'
import { createSystemClock } from '../../../src/observability/clock.ts'
import { observation, score } from '../storage/arrivals.ts'
import { langfuseOver } from './rig.ts'

const answer = (status: number): HttpOutcome => ({ kind: 'answer', status, body: '{}' })

function stand(outcomes: readonly HttpOutcome[], refused = '') {
  const sent: string[] = []
  let calls = 0
  const client: LangfuseClient = {
    sendSpans: async (body) => {
      calls += 1
      const outcome = outcomes[calls - 1] ?? answer(200)
      const isRefused = refused !== '' && body.includes(refused)
      if (!isRefused && outcome.kind === 'answer' && outcome.status === 200) sent.push(body)
      return isRefused ? answer(400) : outcome
    },
    sendScore: async () => answer(200),
    probe: async () => answer(200),
  }
  const outbox = createMemoryOutbox(['observation', 'score'])
  const delivery = createDelivery({
    exporter: langfuseOver(client, createSystemClock()),
    outbox: outbox.lane,
    clock: createSystemClock(),
    random: () => 0,
    log: { info: () => {}, warn: () => {}, error: () => {} },
  })
  return { outbox, delivery, sent }
}

test('a failure of the moment is tried again, and nothing is left', async () => {
  const { outbox, delivery, sent } = stand([answer(503)])
  outbox.add([observation('a'), observation('b')])
  expect(await delivery.drain({ timeoutMs: 10_000 })).toBe(true)
  await delivery.stop()
  expect(sent).toHaveLength(1)
  expect([outbox.pending(), outbox.refused().items]).toEqual([0, 0])
})

test('what is refused is counted with its reason, its neighbours are delivered', async () => {
  const { outbox, delivery } = stand([], 'bad one')
  outbox.add([observation('a'), { ...observation('b'), name: 'bad one' }, observation('c')])
  expect(await delivery.drain({ timeoutMs: 10_000 })).toBe(true)
  await delivery.stop()
  expect(outbox.pending()).toBe(0)
  expect(outbox.refused()).toEqual({ items: 1, reasons: [expect.stringContaining('HTTP 400')] })
})

test('wrong keys end a drain at once, and everything waits', async () => {
  const { outbox, delivery } = stand([answer(401)])
  outbox.add([observation('a')])
  expect(await delivery.drain({ timeoutMs: 10_000 })).toBe(false)
  await delivery.stop()
  expect(outbox.pending()).toBe(1)
  expect(await outbox.lane('observation').nextDueMs()).toBeGreaterThan(Date.now())
})

test('a newer score takes the place of the one that waits, whatever becomes of that one', async () => {
  const outbox = createMemoryOutbox(['observation', 'score'])
  const valued = (value: number) => ({ ...score('quality'), value })
  outbox.add([observation('a'), valued(1), observation('quality')])
  const scores = outbox.lane('score')
  await scores.due(0, 10, 1e6)
  outbox.add([valued(2), { ...valued(3), sessionKey: 'claude-code/s2' }])
  await scores.retryLater([2], 5, 'HTTP 500')
  const due = await scores.due(5, 10, 1e6)
  expect(due.map(({ emission }) => emission.kind === 'score' && emission.value)).toEqual([2, 3])
  expect(outbox.pending()).toBe(4)
})
