/** The live feed for many at once, over a feed and a clock that the tests hold in their hands. */
import { describe, expect, test } from 'vitest'
import { err, ok } from '../../../src/domain/result.ts'
import { liveChunk } from '../../../src/api/answers.ts'
import type { LiveEvent } from '../../../src/api/contract/live.ts'
import { readerEnded } from '../../../src/api/failure.ts'
import { createLiveHub } from '../../../src/api/live-hub.ts'
import type { LiveFeed, LiveQuestion } from '../../../src/api/queries.ts'
import { liveEvents } from '../../page/sample/live-events.ts'
import { sessionRows } from '../../page/sample/sessions.ts'
import { createManualClock, settle } from '../manual-clock.ts'

const [template] = liveEvents(0, sessionRows(0))

function createHub(count: number, hidden: (position: number) => boolean = () => false) {
  let newest = count
  const asked: LiveQuestion[] = []
  const listeners = new Set<() => void>()
  const clock = createManualClock(1_000_000)
  const knobs = { isFailing: false }
  const eventAt = (position: number): LiveEvent => ({ ...(template as LiveEvent), position })
  const feed: LiveFeed = {
    since: async (question) => {
      asked.push(question)
      if (knobs.isFailing) return err(readerEnded)
      const { position: from, upTo = newest, limit } = question
      const later = Array.from({ length: upTo - (from ?? upTo) }, (_, n) => (from ?? 0) + n + 1)
      const events = later.filter((one) => !hidden(one)).slice(-limit)
      const omitted = events.length < limit ? 0 : (events[0] ?? 0) - (from ?? 0) - 1
      const news = { events: events.map(eventAt), position: upTo, omitted }
      return ok(await liveChunk({ since: async () => news }, question))
    },
    onCommitted: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  const hub = createLiveHub(feed, clock)
  return {
    asked,
    clock,
    knobs,
    listeners,
    commit: async (more: number) => {
      newest += more
      for (const listener of listeners) listener()
      await clock.advance(250)
    },
    /** A stream that is read as fast as it comes. */
    follow: async (after?: number) => {
      const ended = new AbortController()
      const stream = hub.follow(after, ended.signal)
      let text = ''
      const isOver = (async () => {
        for await (const bytes of stream) text += new TextDecoder().decode(bytes)
        return true
      })()
      await clock.advance(0)
      return { text: () => text, ended, isOver }
    },
    /** A stream that is read a message at a time. */
    open: (after?: number) => hub.follow(after, new AbortController().signal),
  }
}

const idsOf = (text: string): number[] =>
  [...text.matchAll(/^id: (\d+)\nevent: record$/gm)].map(([, id]) => Number(id))
const gapsOf = (text: string): string[] =>
  [...text.matchAll(/^id: (\d+)\nevent: gap\ndata: (.*)$/gm)].map(([, id, data]) => `${id} ${data}`)

describe('the live stream', () => {
  test('goes on behind the position it is given, and with each commit', async () => {
    const given = createHub(5)
    const stream = await given.follow(3)
    expect(stream.text()).toContain(': connected')
    expect(idsOf(stream.text())).toEqual([4, 5])
    await given.commit(2)
    expect(idsOf(stream.text())).toEqual([4, 5, 6, 7])
  })

  test('without a position begins with what comes', async () => {
    const given = createHub(5)
    const stream = await given.follow()
    await given.commit(1)
    expect(idsOf(stream.text())).toEqual([6])
  })

  test('passes over hidden records', async () => {
    const given = createHub(6, (position) => position % 2 === 1)
    const stream = await given.follow(0)
    await given.commit(1)
    await given.commit(1)
    expect(idsOf(stream.text())).toEqual([2, 4, 6, 8])
    expect(gapsOf(stream.text())).toEqual([])
  })

  test('begins at the newest when the position is of another database', async () => {
    const given = createHub(3)
    const stream = await given.follow(900)
    await given.commit(1)
    expect(idsOf(stream.text())).toEqual([4])
  })

  test('says what it leaves out instead of sending very much to who was away', async () => {
    const given = createHub(20_000)
    const stream = await given.follow(0)
    expect(gapsOf(stream.text())).toEqual(['19500 {"records":19500}'])
    expect(idsOf(stream.text())).toHaveLength(500)
    await given.commit(1)
    expect(idsOf(stream.text()).at(-1)).toBe(20_001)
  })

  test('is kept alive in silence', async () => {
    const given = createHub(0)
    const stream = await given.follow(0)
    await given.clock.advance(15_000)
    expect(stream.text()).toContain(': alive\n\n')
  })

  test('is kept alive where others alone have news', async () => {
    // Of a team that nobody sends for.
    const given = createHub(0, () => true)
    const stream = await given.follow(0)
    for (let n = 0; n < 12; n += 1) {
      await given.commit(1)
      await given.clock.advance(2750)
    }
    expect(stream.text().match(/: alive/g)).toHaveLength(2)
  })

  test('ends at once when its browser has gone, and leaves nothing behind', async () => {
    const given = createHub(0)
    const first = await given.follow(0)
    const second = await given.follow(0)
    first.ended.abort()
    expect(await first.isOver).toBe(true)
    expect(given.listeners.size).toBe(1)
    second.ended.abort()
    expect(await second.isOver).toBe(true)
    expect(given.listeners.size + given.clock.pendingTimers()).toBe(0)
  })

  test('goes on after a reading that failed', async () => {
    const given = createHub(1)
    const stream = await given.follow(0)
    given.knobs.isFailing = true
    await given.commit(1)
    given.knobs.isFailing = false
    await given.clock.advance(1000)
    expect(idsOf(stream.text())).toEqual([1, 2])
  })
})

describe('many streams', () => {
  test('cost one reading each time something comes, and all get the same', async () => {
    const given = createHub(0)
    const streams = await Promise.all(Array.from({ length: 50 }, () => given.follow(0)))
    await given.commit(3)
    const before = given.asked.length
    await given.commit(3)
    expect(given.asked.length).toBe(before + 1)
    for (const stream of streams) expect(idsOf(stream.text())).toEqual([1, 2, 3, 4, 5, 6])
  })

  test('that missed the same cost one reading', async () => {
    const given = createHub(100)
    const streams = await Promise.all(Array.from({ length: 50 }, () => given.follow(40)))
    expect(given.asked.filter(({ position }) => position === 40)).toHaveLength(1)
    for (const stream of streams) expect(idsOf(stream.text())).toHaveLength(60)
  })

  test('are sent news a few times a second, however often something is committed', async () => {
    const given = createHub(0)
    await given.follow(0)
    const before = given.asked.length
    for (let n = 0; n < 100; n += 1) {
      for (const listener of given.listeners) listener()
      await given.clock.advance(10)
    }
    expect(given.asked.length - before).toBeLessThanOrEqual(5)
  })

  test('are sent no more than can be read, and told how much more there was', async () => {
    const given = createHub(0)
    const stream = await given.follow(0)
    for (let n = 0; n < 40; n += 1) await given.commit(2000)
    // A thousand at first, then two hundred a second.
    expect(idsOf(stream.text()).length).toBeLessThanOrEqual(1000 + 10 * 200)
    expect(idsOf(stream.text()).at(-1)).toBe(80_000)
    const omitted = gapsOf(stream.text()).map((gap) => Number(/\d+(?=}$)/.exec(gap)?.[0]))
    const sum = omitted.reduce((all, one) => all + one, 0)
    expect(sum + idsOf(stream.text()).length).toBe(80_000)
  })

  test('that are read slowly hold nothing but one message, and lose the rest', async () => {
    const given = createHub(0)
    const slow = given.open(0)
    await slow.next()
    const fast = await given.follow(0)
    const waiting = slow.next()
    await given.commit(1)
    await waiting
    for (let n = 0; n < 40; n += 1) await given.commit(1000)
    const { value } = await slow.next()
    const text = new TextDecoder().decode(value ?? new Uint8Array())
    expect(idsOf(fast.text()).at(-1)).toBe(40_001)
    expect(idsOf(text).at(-1)).toBeLessThanOrEqual(40_001)
    await slow.return(undefined)
    await settle()
  })
})
