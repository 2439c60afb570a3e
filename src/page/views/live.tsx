/** What arrives now, by session and prompt; the session that moved last stands on top. */
import { useState } from 'react'
import { Link } from 'wouter'
import type { LiveEvent } from '../../api/contract/live.ts'
import { formatCount, plural } from '../format/count.ts'
import { exactMoment, formatAgo } from '../format/moment.ts'
import { formatUsd } from '../format/usd.ts'
import { type Connection, useLiveFeed } from '../live-feed.ts'
import { useNow } from '../now.ts'
import { LiveRow } from '../parts/live-row.tsx'
import { Empty } from '../parts/state.tsx'
import { sessionPath } from '../session-path.ts'

const CONNECTIONS: Readonly<Record<Connection, string>> = {
  connecting: 'connecting …',
  connected: 'live',
  reconnecting: 'lost the connection, trying again …',
}
const MAX_ROWS = 40

export function LiveView() {
  const { connection, events, omitted } = useLiveFeed()
  const [frozen, setFrozen] = useState<readonly LiveEvent[]>()
  const shown = frozen ?? events
  const sessions = [...Map.groupBy(shown, ({ sessionKey }) => sessionKey).values()].toSorted(
    (a, b) => lastPosition(b) - lastPosition(a),
  )
  return (
    <>
      <div className="view-head">
        <h1>Live</h1>
        <span className={`connection connection-${connection}`} role="status">
          {CONNECTIONS[connection]}
        </span>
        <button
          type="button"
          aria-pressed={frozen !== undefined}
          onClick={() => setFrozen(frozen === undefined ? events : undefined)}
        >
          {frozen === undefined ? 'Pause' : 'Resume'}
        </button>
      </div>
      {omitted > 0 && (
        <p className="faint">
          {plural(omitted, 'record')} skipped: more arrived at once than can be read. All of them
          are stored; the page of each session has them.
        </p>
      )}
      {sessions.length === 0 && (
        <Empty>Nothing has arrived yet. New events appear here as they come in.</Empty>
      )}
      {sessions.map((ofSession) => (
        <LiveSession key={ofSession[0]?.sessionKey} events={ofSession} />
      ))}
    </>
  )
}

function lastPosition(events: readonly LiveEvent[]): number {
  return events.at(-1)?.position ?? 0
}

function LiveSession({ events }: { readonly events: readonly LiveEvent[] }) {
  const nowMs = useNow()
  const last = events.at(-1)
  if (last === undefined) return null
  const { sessionKey, sessionTitle, receivedMs } = last
  const costs = events.flatMap((event) => event.costUsd ?? [])
  const rows = events.slice(-MAX_ROWS)
  const prompts = Map.groupBy(rows, ({ promptId }) => promptId ?? '')
  return (
    <section
      className="panel live-session"
      // Titles are often alike; what is a landmark has to have a name of its own.
      aria-label={sessionTitle === null ? sessionKey : `${sessionTitle}, ${sessionKey}`}
    >
      <header className="panel-head">
        <h2>
          <Link href={sessionPath(sessionKey)}>{sessionTitle ?? sessionKey}</Link>
        </h2>
        <span className="panel-note">
          <time title={exactMoment(receivedMs)}>{formatAgo(receivedMs, nowMs)}</time> ·{' '}
          {plural(events.length, 'event')}
          {costs.length > 0 && ` · ${formatUsd(costs.reduce((sum, usd) => sum + usd, 0))}`}
        </span>
      </header>
      {events.length > rows.length && (
        <p className="faint">{formatCount(events.length - rows.length)} earlier</p>
      )}
      {[...prompts].map(([promptId, ofPrompt]) => (
        <ol key={promptId} className="live-prompt">
          {ofPrompt.map((event) => (
            <LiveRow key={event.position} event={event} />
          ))}
        </ol>
      ))}
    </section>
  )
}
