/** Of a score with one id, whatever Langfuse answers, the newest is the last that is sent. */
import { expect, onTestFinished, test } from 'vitest'
import { createDelivery } from '../../../src/exporters/delivery.ts'
import type { HttpOutcome } from '../../../src/exporters/http-verdict.ts'
import type { LangfuseClient } from '../../../src/exporters/langfuse/client.ts'
import { settle } from '../manual-clock.ts'
import { nothing, score } from '../storage/arrivals.ts'
import { openStore } from '../storage/open-store.ts'
import { langfuseOver } from './rig.ts'
import { OK, status } from './scripted-client.ts'

async function rig() {
  const store = await openStore()
  const { clock } = store
  /** Values of the score in the order in which they were taken. */
  const taken: number[] = []
  let answer: (value: number) => HttpOutcome | Promise<HttpOutcome> = () => OK
  const client: LangfuseClient = {
    sendSpans: async () => OK,
    sendScore: async (body) => {
      const { value } = JSON.parse(body) as { readonly value: number }
      const outcome = await answer(value)
      if (outcome === OK) taken.push(value)
      return outcome
    },
    probe: async () => OK,
  }
  const delivery = createDelivery({
    exporter: langfuseOver(client, clock),
    outbox: (kind) => store.queue('langfuse', kind),
    clock,
    random: () => 0.5,
    log: { info: () => {}, warn: () => {}, error: () => {} },
  })
  onTestFinished(() => delivery.stop())
  delivery.start()
  await settle()
  return {
    store,
    clock,
    taken,
    delivery,
    answers: (next: typeof answer) => {
      answer = next
    },
    commit: async (value: number) => {
      const emissions = [{ ...score('quality'), value }]
      await store.sessions.commit([], [], () => ({ ...nothing, emissions }))
      delivery.notify()
      await settle()
    },
  }
}

test('an older one that was put off is not sent by a stop, behind the newer', async () => {
  const { store, taken, delivery, answers, commit } = await rig()
  answers(() => status(500))
  await commit(1)
  answers(() => OK)
  await commit(2)
  expect(taken).toEqual([])
  expect(await delivery.drain({ timeoutMs: 1000 })).toBe(true)
  expect(taken).toEqual([2])
  expect(await store.outbox.stats()).toMatchObject({ pending: 0 })
})

test('an older one that fails while the newer arrives is not put off', async () => {
  const { clock, taken, answers, commit } = await rig()
  const first = Promise.withResolvers<HttpOutcome>()
  answers((value) => (value === 1 ? first.promise : OK))
  await commit(1)
  await commit(2)
  first.resolve(status(503))
  await settle()
  await clock.advance(120_000)
  expect(taken).toEqual([2])
})

test('an older one that was refused cannot be sent by command once a newer was taken', async () => {
  const { store, clock, taken, answers, commit } = await rig()
  answers(() => status(400))
  await commit(1)
  expect(await store.outbox.stats()).toMatchObject({ pending: 0, dead: 1 })
  answers(() => OK)
  await commit(2)
  await store.deadItems.retry('all', clock.now())
  await clock.advance(60_000)
  expect(taken).toEqual([2])
})
