/**
 * What arrives, as it arrives. Asks for the newest first and opens the stream at the position
 * they end at; the browser itself comes back to the stream at the last position it saw. So no
 * record is missed or shown twice, and at most MAX_EVENTS are kept.
 */
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { api, LIVE_PATH } from '../contract/api.ts'
import { type LiveEvent, liveEvent } from '../contract/live.ts'
import { ask } from './ask.ts'

const MAX_EVENTS = 1000
const RETRY_MS = 3_000

export type Connection = 'connecting' | 'connected' | 'reconnecting'

export interface Live {
  readonly connection: Connection
  /** In order of arrival. */
  readonly events: readonly LiveEvent[]
}

export function useLiveFeed(): Live {
  const queries = useQueryClient()
  const [live, setLive] = useState<Live>({ connection: 'connecting', events: [] })

  useEffect(() => {
    let source: EventSource | undefined
    let retry: ReturnType<typeof setTimeout> | undefined
    let isOver = false

    const connect = (connection: Connection): void =>
      setLive(({ events }) => ({ connection, events }))

    const begin = async (): Promise<void> => {
      const { position, events } = await ask(api.liveRecent)
      if (isOver) return
      setLive({ connection: 'connecting', events })
      follow(position)
    }
    const beginAgain = (): void => {
      source?.close()
      retry = setTimeout(() => begin().catch(failed), RETRY_MS)
    }
    const failed = (): void => {
      if (isOver) return
      connect('reconnecting')
      void queries.invalidateQueries({ queryKey: ['me'] })
      beginAgain()
    }
    const follow = (position: number): void => {
      source = new EventSource(`${LIVE_PATH}?after=${position}`)
      source.addEventListener('open', () => connect('connected'))
      source.addEventListener('record', ({ data }: MessageEvent<string>) => {
        const event = liveEvent.safeParse(JSON.parse(data))
        if (event.success) setLive((before) => withEvent(before, event.data))
      })
      source.addEventListener('gap', beginAgain)
      source.addEventListener('error', () => {
        // While it tries again by itself, it goes on where it was.
        if (source?.readyState === EventSource.CLOSED) failed()
        else connect('reconnecting')
      })
    }

    begin().catch(failed)
    return () => {
      isOver = true
      clearTimeout(retry)
      source?.close()
    }
  }, [queries])

  return live
}

function withEvent({ connection, events }: Live, event: LiveEvent): Live {
  return { connection, events: [...events.slice(-(MAX_EVENTS - 1)), event] }
}
