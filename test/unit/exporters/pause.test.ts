/** What a destination asked for by Retry-After holds for the next process, too. */
import { describe, expect, it, onTestFinished } from 'vitest'
import { createDelivery } from '../../../src/exporters/delivery.ts'
import { createAlertSender } from '../../../src/alerts/alert-sender.ts'
import type { Alert } from '../../../src/domain/alert.ts'
import type { DestinationPause } from '../../../src/domain/destination-pause.ts'
import { err, ok } from '../../../src/domain/result.ts'
import { START_MS } from './langfuse/sample-emissions.ts'
import { createManualClock, settle } from '../manual-clock.ts'
import { createMemoryOutbox } from './memory-outbox.ts'
import { langfuseOver, score, span } from './rig.ts'
import { createScriptedClient, OK, status } from './scripted-client.ts'

function keptPause(): DestinationPause & { readonly untilMs: () => Promise<number> } {
  let kept = 0
  return {
    untilMs: async () => kept,
    set: async (untilMs) => {
      kept = untilMs
    },
  }
}

const log = { info: () => {}, warn: () => {}, error: () => {} }

/** Processes one after the other, over one outbox. */
function world() {
  const clock = createManualClock(START_MS)
  const outbox = createMemoryOutbox()
  const client = createScriptedClient()
  const pause = keptPause()
  return {
    clock,
    outbox,
    client,
    pause,
    start: async () => {
      const delivery = createDelivery({
        exporter: langfuseOver(client, clock),
        outbox: outbox.lane,
        pause: (account) => (account.endsWith(' score') ? keptPause() : pause),
        clock,
        random: () => 0.5,
        log,
      })
      onTestFinished(() => delivery.stop())
      delivery.start()
      await settle()
      return delivery
    },
  }
}

describe('Langfuse', () => {
  it('is left alone until then, for what never failed, for what is new, and for probes', async () => {
    const { client, outbox, clock, start } = world()
    client.answer(() => status(429, '20'))
    outbox.add(span('a'))
    const first = await start()
    expect(client.requests()).toHaveLength(1)
    await first.stop()
    outbox.add(span('b'), score('c'))
    client.answer(() => OK)
    const second = await start()
    second.notify()
    await clock.advance(19_999)
    expect(client.requests()).toHaveLength(1)
    await clock.advance(1)
    expect(client.sent('spans').slice(1)).toEqual([['a', 'b']])
    expect(outbox.pending()).toEqual([])
  })

  it('is left alone by a drain, too', async () => {
    const { client, outbox, clock, start } = world()
    client.answer(() => status(503, '20'))
    outbox.add(span('a'))
    await (await start()).stop()
    client.answer(() => OK)
    const second = await start()
    const drained = second.drain({ timeoutMs: 5_000 })
    await clock.advance(5_000)
    expect(await drained).toBe(false)
    expect(client.requests()).toHaveLength(1)
  })

  it('may ask for it when it is only probed', async () => {
    const { client, clock, start, pause } = world()
    client.answer(() => status(429, '45'))
    await (await start()).stop()
    expect(await pause.untilMs()).toBe(START_MS + 45_000)
    await clock.advance(44_000)
    await start()
    expect(client.probes()).toBe(1)
    await clock.advance(1_000)
    expect(client.probes()).toBe(2)
  })

  it('is not left alone for our own backoff: a restart tries at once', async () => {
    const { client, outbox, start } = world()
    client.answer(() => status(500))
    outbox.add(span('a'))
    await (await start()).stop()
    outbox.add(span('b'))
    client.answer(() => OK)
    await start()
    expect(client.sent('spans')).toEqual([['a'], ['b']])
  })

  it('is not left alone for days because the clock was set back', async () => {
    const { client, outbox, clock, pause, start } = world()
    await pause.set(START_MS + 5 * 86_400_000)
    outbox.add(span('a'))
    await start()
    await clock.advance(3_600_000)
    expect(client.sent('spans')).toEqual([['a']])
  })
})

describe('the webhook of budgets', () => {
  it('is left alone until then, for the other alerts as well', async () => {
    const clock = createManualClock(START_MS)
    const pause = keptPause()
    const waiting = ['a', 'b']
    const posted: number[] = []
    let isReady = false
    const alert: Alert = {
      kind: 'budget',
      scope: 'day',
      subject: '',
      date: '2026-11-21',
      threshold: 80,
      limitUsd: 10,
      spentUsd: 8.5,
      atMs: START_MS,
    }
    const start = async () => {
      const sender = createAlertSender({
        queue: {
          next: async () => {
            const [id] = waiting
            return id === undefined ? undefined : { id, alert, attempts: 0, notBeforeMs: 0 }
          },
          putOff: async () => void waiting.reverse(),
          settle: async () => void waiting.shift(),
        },
        channel: {
          name: 'webhook',
          label: 'budget webhook',
          check: async () => ok(undefined),
          send: async () => {
            posted.push(clock.now() - START_MS)
            return isReady ? ok(undefined) : err({ reason: 'HTTP 429', retryAfterMs: 60_000 })
          },
        },
        pause,
        clock,
        random: () => 0.5,
        log,
      })
      sender.start()
      await settle()
      return sender
    }
    const first = await start()
    await first.stop(0)
    isReady = true
    const second = await start()
    onTestFinished(() => second.stop(0))
    await clock.advance(59_999)
    expect(posted).toEqual([0])
    await clock.advance(1)
    expect(posted).toEqual([0, 60_000, 60_000])
  })
})
