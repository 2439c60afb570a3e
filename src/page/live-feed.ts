/**
 * What arrives, as it arrives. Asks for the newest first and opens the stream at the position
 * they end at; the browser itself comes back to the stream at the last position it saw. So no
 * record is missed or shown twice but what the bridge says it left out, and at most MAX_EVENTS are
 * kept.
 */
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { api, LIVE_PATH } from '../api/contract/api.ts'
import { type LiveEvent, liveEvent, liveGap } from '../api/contract/live.ts'
import { ask } from './ask.ts'

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
    let source: EventSource | undefined
    let timer: ReturnType<typeof setTimeout> | undefined
    let isOver = false
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

    const begin = async (): Promise<void> => {
      const { position, events } = await ask(api.liveRecent)
      if (isOver) return
      setLive({ connection: 'connecting', events, omitted: 0 })
      follow(position)
    }
    const failed = (): void => {
      if (isOver) return
      connect('reconnecting')
      void queries.invalidateQueries({ queryKey: ['me'] })
      source?.close()
      timer = setTimeout(() => begin().catch(failed), RETRY_MS)
    }
    const follow = (position: number): void => {
      source = new EventSource(`${LIVE_PATH}?after=${position}`)
      source.addEventListener('open', () => connect('connected'))
      source.addEventListener('record', ({ data }: MessageEvent<string>) => {
        const event = liveEvent.safeParse(JSON.parse(data))
        if (!event.success) return
        arrived.push(event.data)
        showSoon()
      })
      source.addEventListener('gap', ({ data }: MessageEvent<string>) => {
        const gap = liveGap.safeParse(JSON.parse(data))
        omitted += gap.success ? gap.data.records : 0
        showSoon()
      })
      source.addEventListener('error', () => {
        // While it tries again by itself, it goes on where it was.
        if (source?.readyState === EventSource.CLOSED) failed()
        else connect('reconnecting')
      })
    }

    begin().catch(failed)
    return () => {
      isOver = true
      clearTimeout(timer)
      clearTimeout(showing)
      source?.close()
    }
  }, [queries])

  return live
}
