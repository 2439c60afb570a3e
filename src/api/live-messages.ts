/** The live feed as the text of Server-Sent Events. */
import { jsonText } from '../domain/numbers.ts'
import type { LiveEvent } from './contract/live.ts'
import type { LiveNews } from './queries.ts'

/** The first message of a stream. */
export const HELLO = 'retry: 2000\n: connected\n\n'
/** Keeps a silent connection open. */
export const HEARTBEAT = ': alive\n\n'

/** What was left out, and then each event; nothing when there is neither. */
export function newsMessages({ events, position, omitted }: LiveNews): string {
  const messages = events.map(eventMessage)
  if (omitted === 0) return messages.join('')
  const gapEnd = events[0] === undefined ? position : events[0].position - 1
  return `${gapMessage(gapEnd, omitted)}${messages.join('')}`
}

function eventMessage(event: LiveEvent): string {
  return `id: ${event.position}\nevent: record\ndata: ${jsonText(event)}\n\n`
}

/** Where a browser that comes back after it goes on, and how many records it never got. */
function gapMessage(position: number, records: number): string {
  return `id: ${position}\nevent: gap\ndata: ${JSON.stringify({ records })}\n\n`
}
