/**
 * The live feed as the text of Server-Sent Events. Reads the store in order from a position on,
 * only as fast as the browser takes it, so nothing is lost, doubled or piled up.
 */
import type { Clock, Timer } from '../domain/clock.ts'
import { jsonText } from '../domain/decimal.ts'
import type { LiveEvent } from './contract/live.ts'
import type { LiveFeed } from './web-queries.ts'

/** Proxies and the server itself give up on connections that are silent for a minute. */
const HEARTBEAT_MS = 15_000
const SLICE = 200
/** Who is further behind than this is told so instead of being sent all of it. */
const MAX_BEHIND = 10_000

const HELLO = 'retry: 2000\n: connected\n\n'
const HEARTBEAT = ': alive\n\n'

/** Messages from behind `after` (or from now) on, until `ended`. */
export async function* liveMessages(
  feed: LiveFeed,
  after: number | undefined,
  clock: Clock,
  ended: AbortSignal,
): AsyncGenerator<string, void> {
  const waker = createWaker(feed, clock, ended)
  try {
    const newest = (await feed.recent(1)).position
    const isTooFarBehind = after !== undefined && newest - after > MAX_BEHIND
    // A position beyond the newest is of another database: begin at the newest.
    let position = after === undefined || isTooFarBehind || after > newest ? newest : after
    yield isTooFarBehind ? `${HELLO}${gapMessage(newest)}` : HELLO
    while (!ended.aborted) {
      const woken = waker.next()
      const slice = await feed.after(position, SLICE)
      position = slice.position
      if (slice.events.length > 0) yield slice.events.map(recordMessage).join('')
      if (!slice.more && (await woken) === 'silence') yield HEARTBEAT
    }
  } finally {
    waker.stop()
  }
}

function recordMessage(event: LiveEvent): string {
  return `id: ${event.position}\nevent: record\ndata: ${jsonText(event)}\n\n`
}

function gapMessage(position: number): string {
  return `id: ${position}\nevent: gap\ndata: {}\n\n`
}

interface Waker {
  /** Resolves with the next commit from now on, after silence, or at the end. */
  next(): Promise<'commit' | 'silence' | 'end'>
  stop(): void
}

function createWaker(feed: LiveFeed, clock: Clock, ended: AbortSignal): Waker {
  let timer: Timer | undefined
  let wake: (why: 'commit' | 'silence' | 'end') => void = () => {}
  const onEnd = (): void => wake('end')
  const unsubscribe = feed.onCommitted(() => wake('commit'))
  ended.addEventListener('abort', onEnd)
  return {
    next: () => {
      timer?.cancel()
      return new Promise((resolve) => {
        wake = resolve
        timer = clock.setTimer(() => resolve('silence'), HEARTBEAT_MS)
        if (ended.aborted) resolve('end')
      })
    },
    stop: () => {
      timer?.cancel()
      unsubscribe()
      ended.removeEventListener('abort', onEnd)
    },
  }
}
