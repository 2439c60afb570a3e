/**
 * What arrives, as it arrives. Asks for the newest first and opens the stream at the position
 * they end at; when the stream breaks, it goes on at the last position that was seen. So no
 * record is missed or shown twice but what the bridge says it left out, and at most MAX_EVENTS are
 * kept. Not by the browser's EventSource, which cannot send a key.
 */
import { useQueryClient } from '@tanstack/react-query'
import { EventSourceParserStream } from 'eventsource-parser/stream'
import { useEffect, useState } from 'react'
import { api, LIVE_PATH } from '../api/contract/api.ts'
import { type LiveEvent, liveEvent, liveGap } from '../api/contract/live.ts'
import { ask, AskError, askForStream } from './ask.ts'

const MAX_EVENTS = 1000
const RETRY_MS = 3_000
/** What comes within this is shown at once: a busy bridge sends hundreds of events in a message. */
const SHOW_EVERY_MS = 100

export type Connection = 'connecting' | 'connected' | 'reconnecting'

export interface Live {
  readonly connection: Connection
  /** In order of arrival. */
  readonly events: readonly LiveEvent[]
  /** Records that came beside these and were left out. */
  readonly omitted: number
}

export function useLiveFeed(): Live {
  const queries = useQueryClient()
  const [live, setLive] = useState<Live>({ connection: 'connecting', events: [], omitted: 0 })

  useEffect(() => {
    const over = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    let arrived: LiveEvent[] = []
    let omitted = 0
    let showing: ReturnType<typeof setTimeout> | undefined

    const connect = (connection: Connection): void =>
      setLive((before) => ({ ...before, connection }))

    const show = (): void => {
      const news = arrived
      const more = omitted
      arrived = []
      omitted = 0
      showing = undefined
      setLive((before) => ({
        ...before,
        events: [...before.events, ...news].slice(-MAX_EVENTS),
        omitted: before.omitted + more,
      }))
    }
    const showSoon = (): void => {
      showing ??= setTimeout(show, SHOW_EVERY_MS)
    }
    const take = (kind: string | undefined, data: string): void => {
      if (kind === 'record') {
        const event = liveEvent.safeParse(JSON.parse(data))
        if (event.success) arrived.push(event.data)
      } else if (kind === 'gap') {
        const gap = liveGap.safeParse(JSON.parse(data))
        omitted += gap.success ? gap.data.records : 0
      } else return
      showSoon()
    }

    const begin = async (): Promise<void> => {
      const { position, events } = await ask(api.liveRecent)
      if (over.signal.aborted) return
      setLive({ connection: 'connecting', events, omitted: 0 })
      await follow(position)
    }
    /** Follows until it is over; throws when the bridge refuses. */
    const follow = async (from: number): Promise<void> => {
      let position = from
      const receive = async (): Promise<void> => {
        const stream = await askForStream(`${LIVE_PATH}?after=${position}`, over.signal)
        connect('connected')
        for await (const { id, event, data } of messagesOf(stream)) {
          take(event, data)
          if (id !== undefined) position = Number(id)
        }
      }
      for (;;) {
        await receive().catch(unlessRefused)
        if (over.signal.aborted) return
        connect('reconnecting')
        await pause(RETRY_MS, over.signal)
      }
    }
    const start = (): void => {
      begin().catch(() => {
        if (over.signal.aborted) return
        connect('reconnecting')
        void queries.invalidateQueries({ queryKey: ['me'] })
        timer = setTimeout(start, RETRY_MS)
      })
    }

    start()
    return () => {
      over.abort()
      clearTimeout(timer)
      clearTimeout(showing)
    }
  }, [queries])

  return live
}

/** A connection that broke is no failure: the next one goes on. */
function unlessRefused(error: unknown): void {
  if (error instanceof AskError && error.status !== 0) throw error
}

/** The messages of a stream of Server-Sent Events; a stream that breaks throws. */
async function* messagesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
  const reader = stream
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream())
    .getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    reader.cancel().catch(() => {})
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
