/**
 * One live feed for all who follow it: what is new is read once, a few times a second, and the same
 * bytes go to every stream. A stream reads only as fast as its browser takes it. Where more comes than
 * a person can read, and for a stream that fell behind, the older part is left out, and said to be.
 */
import type { Visible } from '../domain/access.ts'
import type { Clock, Timer } from '../domain/clock.ts'
import { HEARTBEAT, HELLO } from './live-messages.ts'
import type { LiveChunk, LiveFeed } from './queries.ts'

/** Between two readings of what is new. */
const READ_EVERY_MS = 250
/** Events a second, over a while. A person reads ten. */
const EVENTS_PER_SECOND = 200
/** Events at once, after a quiet while: as many as the page keeps. */
const MAX_BURST = 1000
/** Events that a stream gets of what it missed. */
const MAX_CAUGHT_UP = 500
/** What streams that are a little behind can still be sent without another reading. */
const KEPT_BYTES = 1024 * 1024
/** Before a reading that failed is tried again. */
const RETRY_MS = 1000
/** Proxies and the server itself give up on connections that are silent for a minute. */
const HEARTBEAT_MS = 15_000

/** A hub for all who see the same, as long as somebody follows it. */
export interface LiveHubs {
  follow(
    visible: Visible,
    after: number | undefined,
    ended: AbortSignal,
  ): AsyncGenerator<Uint8Array, void>
}

export interface LiveHub {
  /** Messages from behind a position (or from now) on, until `ended`. */
  follow(after: number | undefined, ended: AbortSignal): AsyncGenerator<Uint8Array, void>
}

interface KeptChunk extends LiveChunk {
  /** The position behind which it begins. */
  readonly from: number
}

type Woken = 'news' | 'silence' | 'end'

/** `visible`: to those who follow. */
export function createLiveHub(feed: LiveFeed, clock: Clock, visible: Visible = 'all'): LiveHub {
  const wakers = new Set<(why: Woken) => void>()
  const missed = new Map<string, Promise<LiveChunk | undefined>>()
  let kept: KeptChunk[] = []
  let followers = 0
  let unsubscribe: (() => void) | undefined
  /** Up to where was read; undefined before the first reading. */
  let edge: number | undefined
  let isReading = false
  let isBehind = false
  let timer: Timer | undefined
  let readAtMs = Number.NEGATIVE_INFINITY
  const budget = createBudget(clock)

  function readSoon(): void {
    isBehind = true
    if (isReading || timer !== undefined) return
    const waitMs = Math.max(0, readAtMs + READ_EVERY_MS - clock.now())
    timer = clock.setTimer(() => void read(), waitMs)
  }

  async function read(): Promise<void> {
    timer = undefined
    isReading = true
    isBehind = false
    readAtMs = clock.now()
    const news = await feed.since(
      { position: edge, upTo: undefined, limit: budget.limit() },
      visible,
    )
    isReading = false
    if (followers === 0) return
    if (news.ok) keep(news.value)
    else {
      isBehind = true
      readAtMs = clock.now() + RETRY_MS - READ_EVERY_MS
    }
    for (const wake of wakers) wake('news')
    if (isBehind) readSoon()
  }

  function keep(chunk: LiveChunk): void {
    budget.spend(chunk.events)
    if (edge !== undefined && chunk.position > edge) {
      kept.push({ ...chunk, from: edge })
      let bytes = kept.reduce((sum, { bytes: { length } }) => sum + length, 0)
      while (bytes > KEPT_BYTES && kept.length > 1) bytes -= kept.shift()?.bytes.length ?? 0
    }
    edge = chunk.position
  }

  /** What is known to be behind a position, for a stream that goes on there. */
  function newsAfter(position: number): LiveChunk | Promise<LiveChunk | undefined> | undefined {
    if (edge === undefined || position >= edge) return undefined
    return kept.find(({ from }) => from === position) ?? catchUp(position, edge)
  }

  /** What a stream missed, read once for all that missed the same. */
  function catchUp(position: number, upTo: number): Promise<LiveChunk | undefined> {
    const name = `${position}|${upTo}`
    const known = missed.get(name)
    if (known !== undefined) return known
    const asked = feed.since({ position, upTo, limit: MAX_CAUGHT_UP }, visible).then((news) => {
      missed.delete(name)
      return news.ok ? news.value : undefined
    })
    missed.set(name, asked)
    return asked
  }

  function join(): void {
    followers += 1
    if (followers > 1) return
    unsubscribe = feed.onCommitted(readSoon)
    readSoon()
  }

  function leave(): void {
    followers -= 1
    if (followers > 0) return
    unsubscribe?.()
    timer?.cancel()
    timer = undefined
    kept = []
    edge = undefined
  }

  /** What happens next, from the moment of the call on. It is silent since then, however often it was woken. */
  function nextOf(ended: AbortSignal, silentSinceMs: number): Promise<Woken> {
    return new Promise((resolve) => {
      const settle = (why: Woken): void => {
        silence.cancel()
        wakers.delete(settle)
        ended.removeEventListener('abort', onEnd)
        resolve(why)
      }
      const onEnd = (): void => settle('end')
      const leftMs = Math.max(0, silentSinceMs + HEARTBEAT_MS - clock.now())
      const silence = clock.setTimer(() => settle('silence'), leftMs)
      wakers.add(settle)
      ended.addEventListener('abort', onEnd)
      if (ended.aborted) settle('end')
    })
  }

  /** What a stream at a position sends next; nothing when it was only woken. */
  async function step(
    position: number | undefined,
    ended: AbortSignal,
    silentSinceMs: number,
  ): Promise<Step> {
    const known = position === undefined ? undefined : newsAfter(position)
    // Not awaited where there is none: news that come meanwhile would wake nobody.
    const news = known === undefined ? undefined : await known
    if (news !== undefined) return news
    const woken = await nextOf(ended, silentSinceMs)
    return { position, bytes: encoded(woken === 'silence' ? HEARTBEAT : '') }
  }

  return {
    follow: async function* (after, ended) {
      join()
      try {
        yield encoded(HELLO)
        let sentMs = clock.now()
        let position = after
        while (!ended.aborted) {
          // A position beyond the newest is of another database.
          if (position === undefined || position > (edge ?? position)) position = edge
          const next: Step = await step(position, ended, sentMs)
          position = next.position
          if (next.bytes.length === 0) continue
          yield next.bytes
          sentMs = clock.now()
        }
      } finally {
        leave()
      }
    },
  }
}

export function createLiveHubs(feed: LiveFeed, clock: Clock): LiveHubs {
  const hubs = new Map<string, { readonly hub: LiveHub; followers: number }>()

  return {
    follow: async function* (visible, after, ended) {
      const name = JSON.stringify(visible)
      const known = hubs.get(name) ?? {
        hub: createLiveHub(feed, clock, visible),
        followers: 0,
      }
      hubs.set(name, known)
      known.followers += 1
      try {
        yield* known.hub.follow(after, ended)
      } finally {
        known.followers -= 1
        if (known.followers === 0) hubs.delete(name)
      }
    },
  }
}

interface Step {
  readonly position: number | undefined
  readonly bytes: Uint8Array
}

function encoded(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** How many events may be shown now: a bucket that fills over time. */
function createBudget(clock: Clock) {
  let tokens = MAX_BURST
  let filledAtMs = clock.now()
  return {
    /** At least one: the newest is always shown. */
    limit: (): number => {
      const nowMs = clock.now()
      tokens = Math.min(MAX_BURST, tokens + ((nowMs - filledAtMs) * EVENTS_PER_SECOND) / 1000)
      filledAtMs = nowMs
      return Math.max(1, Math.floor(tokens))
    },
    spend: (events: number): void => {
      tokens -= events
    },
  }
}
