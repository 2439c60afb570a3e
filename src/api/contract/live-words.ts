/** What an event of the live feed says, as the page and the command line write it. Pure. */
import type { LiveEvent } from './live.ts'

export interface LiveWords {
  /** Whom or what it is about. */
  readonly subject: string | null
  /** What was said, or what went wrong. */
  readonly text: string | null
}

/** What agents are told to have used that named no model. */
const UNKNOWN = 'unknown'

/** Both are null of no event: one that has neither is called by its name. */
export function liveWords({
  kind,
  subject,
  text,
  name,
}: Pick<LiveEvent, 'kind' | 'subject' | 'text' | 'name'>): LiveWords {
  if (kind === 'prompt' && subject === null && text === null) {
    return { subject: null, text: 'not recorded' }
  }
  // Who answers is told by the call.
  if (kind === 'answer' && text !== null) return { subject: null, text }
  if (kind === 'error' && text !== null) {
    return { subject: subject === null || subject === UNKNOWN ? null : `${subject}:`, text }
  }
  return { subject: subject ?? (text === null ? name : null), text }
}
