/** The feed from the store, and from a bridge that goes and comes back. */
import { expect, test } from 'vitest'
import type { BridgeApi, LiveMessage } from '../../../src/api/bridge-client.ts'
import { bridgeSource, type LiveSource, storeSource } from '../../../src/cli/live-source.ts'
import { err, ok } from '../../../src/domain/result.ts'
import type { LiveEvent } from '../../../src/api/contract/live.ts'

const event = (position: number) => ({ position }) as LiveEvent

async function first(count: number, source: LiveSource, from: number): Promise<unknown[]> {
  const seen: unknown[] = []
  for await (const one of source.following(from)) {
    seen.push(one === 'gap' ? one : one.position)
    if (seen.length === count) break
  }
  return seen
}

test('the store is read on from where it was, and paused at only when there is no more', async () => {
  const pauses: number[] = []
  const slices = [
    { events: [event(1), event(2)], position: 2, more: true },
    { events: [event(3)], position: 5, more: false },
    { events: [], position: 5, more: false },
    { events: [event(6)], position: 6, more: false },
  ]
  const asked: number[] = []
  const source = storeSource(
    {
      recent: async () => ({ position: 0, events: [] }),
      after: async (position) => {
        asked.push(position)
        return slices[asked.length - 1] ?? { events: [], position, more: false }
      },
    },
    async (ms) => void pauses.push(ms),
  )
  expect(await first(4, source, 0)).toEqual([1, 2, 3, 6])
  expect([asked, pauses]).toEqual([
    [0, 2, 5, 5],
    [500, 500],
  ])
})

test('a stream that ends or breaks is taken up behind its last event', async () => {
  const asked: number[] = []
  let lost = 0
  const streams = [
    ok(stream([1, 2], 'ends')),
    err('does not answer'),
    ok(stream(['gap', 7], 'breaks')),
    ok(stream([8], 'ends')),
  ]
  const bridge = {
    liveRecent: async () => ok({ position: 0, events: [] }),
    live: async (after: number) => {
      asked.push(after)
      return streams[asked.length - 1] ?? err('is over')
    },
  } as unknown as BridgeApi
  const source = await bridgeSource(
    bridge,
    async () => {},
    () => {
      lost += 1
    },
  )
  if (!source.ok) throw new Error(source.error)
  expect(await first(5, source.value, 0)).toEqual([1, 2, 'gap', 7, 8])
  expect([asked, lost]).toEqual([[0, 2, 2, 7], 3])
})

test('a bridge that does not answer is no source', async () => {
  const bridge = { liveRecent: async () => err('does not answer') } as unknown as BridgeApi
  expect(
    await bridgeSource(
      bridge,
      async () => {},
      () => {},
    ),
  ).toEqual(err('does not answer'))
})

async function* stream(
  of: readonly (number | 'gap')[],
  end: 'ends' | 'breaks',
): AsyncGenerator<LiveMessage, void> {
  for (const one of of) {
    yield one === 'gap' ? { kind: 'gap' } : { kind: 'event', event: event(one) }
  }
  if (end === 'breaks') throw new TypeError('terminated')
}
