/**
 * Where the live feed comes from: the running bridge's stream where one answers, else the stored
 * data, looked at again and again. Both tell the same events under the same positions.
 */
import type { BridgeApi } from '../api/bridge-client.ts'
import { err, ok, type Result } from '../domain/result.ts'
import type { LiveEvent, LiveRecent } from '../api/contract/live.ts'
import type { StoredFeed } from '../api/queries.ts'

export interface LiveSource {
  recent(limit: number): Promise<LiveRecent>
  /** What comes after a position, for ever; `gap` where something had to be left out. */
  following(position: number): AsyncIterable<LiveEvent | 'gap'>
}

/** Waits that long. */
export type Pause = (ms: number) => Promise<void>

const POLL_MS = 500
const RECONNECT_MS = 1000
const SLICE = 200

/** The stored data as a source. */
export function storeSource(feed: Pick<StoredFeed, 'recent' | 'after'>, pause: Pause): LiveSource {
  return {
    recent: (limit) => feed.recent(limit),
    following: async function* (from) {
      let position = from
      for (;;) {
        const slice = await feed.after(position, SLICE)
        position = slice.position
        yield* slice.events
        if (!slice.more) await pause(POLL_MS)
      }
    },
  }
}

/** The stream of a bridge, taken up again where it ended; an error when none answers now. */
export async function bridgeSource(
  bridge: BridgeApi,
  pause: Pause,
  onLost: () => void,
): Promise<Result<LiveSource, string>> {
  const first = await bridge.liveRecent(1)
  if (!first.ok) return err(first.error)
  return ok({
    recent: async (limit) => {
      const recent = await bridge.liveRecent(limit)
      return recent.ok ? recent.value : first.value
    },
    following: async function* (from) {
      let position = from
      for (;;) {
        const stream = await bridge.live(position)
        if (stream.ok) {
          for await (const message of untilBroken(stream.value)) {
            if (message.kind === 'gap') yield 'gap'
            else {
              position = message.event.position
              yield message.event
            }
          }
        }
        onLost()
        await pause(RECONNECT_MS)
      }
    },
  })
}

/** A stream ends by its connection breaking, too. */
async function* untilBroken<T>(stream: AsyncIterable<T>): AsyncGenerator<T, void> {
  try {
    yield* stream
  } catch (error) {
    if (!(error instanceof Error)) throw error
  }
}
