/** The stream of the live feed over a feed that the tests hold in their hands. */
import { describe, expect, test } from 'vitest'
import type { Clock } from '../../../src/domain/clock.ts'
import type { LiveEvent } from '../../../src/web/contract/live.ts'
import { liveMessages } from '../../../src/web/live-messages.ts'
import type { LiveFeed } from '../../../src/web/web-queries.ts'
import { liveEvents } from '../../page/sample/live-events.ts'
import { sessionRows } from '../../page/sample/sessions.ts'

const [template] = liveEvents(0, sessionRows(0))

function createFeed(count: number, hidden: (position: number) => boolean = () => false) {
  let newest = count
  const listeners = new Set<() => void>()
  const timers = new Set<() => void>()
  const eventAt = (position: number): LiveEvent => ({ ...(template as LiveEvent), position })
  const feed: LiveFeed = {
    recent: async () => ({ position: newest, events: [] }),
    after: async (position, limit) => {
      const to = Math.min(position + limit, newest)
      const positions = Array.from({ length: to - position }, (_, index) => position + 1 + index)
      return {
        events: positions.filter((one) => !hidden(one)).map(eventAt),
        position: to,
        more: to < newest,
      }
    },
    onCommitted: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  const clock: Clock = {
    now: () => 0,
    setTimer: (callback) => {
      timers.add(callback)
      return { cancel: () => timers.delete(callback) }
    },
  }
  return {
    feed,
    clock,
    listeners,
    timers,
    commit: (more: number) => {
      newest += more
      for (const listener of listeners) listener()
    },
    elapse: () => {
      for (const timer of [...timers]) timer()
    },
  }
}

function follow(given: ReturnType<typeof createFeed>, after?: number) {
  const ended = new AbortController()
  const messages = liveMessages(given.feed, after, given.clock, ended.signal)
  const next = async (): Promise<string> => {
    const { value } = await messages.next()
    return value ?? 'end'
  }
  return { next, ended, messages }
}

const idsOf = (text: string): number[] =>
  [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id))

describe('the live stream', () => {
  test('goes on behind the position it is given, and with each commit', async () => {
    const given = createFeed(5)
    const { next } = follow(given, 3)
    expect(await next()).toContain(': connected')
    expect(idsOf(await next())).toEqual([4, 5])
    const later = next()
    given.commit(2)
    expect(idsOf(await later)).toEqual([6, 7])
  })

  test('without a position begins with what comes', async () => {
    const given = createFeed(5)
    const { next } = follow(given)
    await next()
    const first = next()
    given.commit(1)
    expect(idsOf(await first)).toEqual([6])
  })

  test('misses nothing that is committed while it reads', async () => {
    const given = createFeed(1)
    let reads = 0
    const feed: LiveFeed = {
      ...given.feed,
      after: async (position, limit) => {
        const slice = await given.feed.after(position, limit)
        reads += 1
        if (reads === 1) given.commit(1)
        return slice
      },
    }
    const { next } = follow({ ...given, feed }, 0)
    await next()
    expect(idsOf(await next())).toEqual([1])
    expect(idsOf(await next())).toEqual([2])
  })

  test('sends much in slices, each once and in order', async () => {
    const given = createFeed(450)
    const { next } = follow(given, 0)
    await next()
    const ids = [...idsOf(await next()), ...idsOf(await next()), ...idsOf(await next())]
    expect(ids).toEqual(Array.from({ length: 450 }, (_, index) => index + 1))
  })

  test('passes over hidden records', async () => {
    const given = createFeed(6, (position) => position % 2 === 1)
    const { next } = follow(given, 0)
    await next()
    expect(idsOf(await next())).toEqual([2, 4, 6])
  })

  test('says that there is a gap instead of sending very much', async () => {
    const given = createFeed(20_000)
    const { next } = follow(given, 0)
    expect(await next()).toContain('id: 20000\nevent: gap\n')
  })

  test('begins at the newest when the position is of another database', async () => {
    const given = createFeed(3)
    const { next } = follow(given, 900)
    await next()
    const first = next()
    given.commit(1)
    expect(idsOf(await first)).toEqual([4])
  })

  test('is kept alive in silence', async () => {
    const given = createFeed(0)
    const { next } = follow(given, 0)
    await next()
    const beat = next()
    await expect.poll(() => given.timers.size).toBe(1)
    given.elapse()
    expect(await beat).toBe(': alive\n\n')
  })

  test('ends at once when its browser has gone, and leaves nothing behind', async () => {
    const given = createFeed(0)
    const { next, ended } = follow(given, 0)
    await next()
    const last = next()
    await expect.poll(() => given.timers.size).toBe(1)
    ended.abort()
    expect(await last).toBe('end')
    expect(given.listeners.size + given.timers.size).toBe(0)
  })
})
