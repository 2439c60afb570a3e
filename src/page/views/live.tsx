/** What arrives now, by session and prompt; the session that moved last stands on top. */
import { useState } from 'react'
import { Link } from 'wouter'
import type { LiveEvent } from '../../api/contract/live.ts'
import { userName } from '../../api/contract/user-name.ts'
import { formatCount, plural } from '../format/count.ts'
import { exactMoment, formatAgo, formatClock } from '../format/moment.ts'
import { formatUsd } from '../format/usd.ts'
import { type Connection, useLiveFeed } from '../live-feed.ts'
import {
  foldedText,
  foldNoise,
  isShown,
  LIVE_FIELDS,
  type LiveFilter,
  liveFilterOf,
} from '../live-filter.ts'
import { useNow } from '../now.ts'
import { LiveRow } from '../parts/live-row.tsx'
import { Empty } from '../parts/state.tsx'
import { sessionPath } from '../session-path.ts'
import { useSearch } from '../use-search.ts'

const CONNECTIONS: Readonly<Record<Connection, string>> = {
  connecting: 'connecting …',
  connected: 'live',
  reconnecting: 'lost the connection, trying again …',
}
const MAX_ROWS = 40

/** What was there when somebody paused. */
interface Frozen {
  readonly events: readonly LiveEvent[]
  readonly atMs: number
}

export function LiveView() {
  const { connection, events, omitted } = useLiveFeed()
  const [frozen, setFrozen] = useState<Frozen>()
  const [search] = useSearch()
  const filter = liveFilterOf(search)
  const all = frozen?.events ?? events
  const shown = all.filter((event) => isShown(event, filter))
  const waiting = frozen === undefined ? 0 : countBehind(events, lastPosition(frozen.events))
  const sessions = [...Map.groupBy(shown, ({ sessionKey }) => sessionKey).values()].toSorted(
    (a, b) => lastPosition(b) - lastPosition(a),
  )
  return (
    <>
      <div className="view-head">
        <h1>Live</h1>
        {frozen === undefined && (
          <span className={`connection connection-${connection}`} role="status">
            {CONNECTIONS[connection]}
          </span>
        )}
        {frozen === undefined && (
          <button type="button" onClick={() => setFrozen({ events, atMs: Date.now() })}>
            Pause
          </button>
        )}
        <LiveFilters events={all} filter={filter} />
      </div>
      {frozen !== undefined && (
        <div className="paused" role="status">
          <strong>Paused</strong>
          <span>
            at {formatClock(frozen.atMs)}
            {waiting > 0 ? `, ${plural(waiting, 'new event')} since` : ', nothing new since'}
          </span>
          <button type="button" onClick={() => setFrozen(undefined)}>
            Resume
          </button>
        </div>
      )}
      {omitted > 0 && (
        <p className="faint">
          {plural(omitted, 'record')} skipped: more arrived at once than can be read. All of them
          are stored; the page of each session has them.
        </p>
      )}
      {sessions.length === 0 && (
        <Empty>
          {all.length === 0
            ? 'Nothing has arrived yet. New events appear here as they come in.'
            : 'No event matches these filters. New ones that do appear here.'}
        </Empty>
      )}
      <div className={frozen === undefined ? 'live-sessions' : 'live-sessions live-frozen'}>
        {sessions.map((ofSession) => (
          <LiveSession key={ofSession[0]?.sessionKey} events={ofSession} />
        ))}
      </div>
    </>
  )
}

function lastPosition(events: readonly LiveEvent[]): number {
  return events.at(-1)?.position ?? 0
}

function countBehind(events: readonly LiveEvent[], position: number): number {
  return events.filter((event) => event.position > position).length
}

interface LiveFiltersProps {
  readonly events: readonly LiveEvent[]
  readonly filter: LiveFilter
}

/** Menus of what there is to choose between; a choice stays in the address bar. */
function LiveFilters({ events, filter }: LiveFiltersProps) {
  const [, setSearch] = useSearch()
  const set = (name: string, value: string): void =>
    setSearch(
      (before) => {
        if (value === '') before.delete(name)
        else before.set(name, value)
      },
      { replace: true },
    )
  return (
    <div className="picker">
      {LIVE_FIELDS.map(({ name, of }) => {
        const chosen = filter[name] ?? ''
        const found = new Set(events.flatMap((event) => of(event) ?? []))
        if (found.size < 2 && chosen === '') return null
        if (chosen !== '') found.add(chosen)
        return (
          <select
            key={name}
            aria-label={name}
            value={chosen}
            onChange={({ target }) => set(name, target.value)}
          >
            <option value="">any {name}</option>
            {[...found].toSorted().map((value) => (
              <option key={value} value={value}>
                {name === 'user' ? userName(value) : value}
              </option>
            ))}
          </select>
        )
      })}
      <button
        type="button"
        aria-pressed={filter.areErrors}
        onClick={() => set('errors', filter.areErrors ? '' : '1')}
      >
        Errors only
      </button>
    </div>
  )
}

function LiveSession({ events }: { readonly events: readonly LiveEvent[] }) {
  const nowMs = useNow()
  const last = events.at(-1)
  if (last === undefined) return null
  const { sessionKey, sessionTitle, receivedMs, project } = last
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
          {project !== null && project !== undefined && ` · ${project}`}
        </span>
      </header>
      {events.length > rows.length && (
        <p className="faint">{formatCount(events.length - rows.length)} earlier</p>
      )}
      {[...prompts].map(([promptId, ofPrompt]) => (
        <ol key={promptId} className="live-prompt">
          {foldNoise(ofPrompt).map((item) =>
            'event' in item ? (
              <LiveRow key={item.event.position} event={item.event} />
            ) : (
              <FoldedRow key={item.folded[0].position} events={item.folded} />
            ),
          )}
        </ol>
      ))}
    </section>
  )
}

/** What an agent tells of itself when it starts, as one line that opens. */
function FoldedRow({ events }: { readonly events: readonly LiveEvent[] }) {
  return (
    <li>
      <details>
        <summary className="faint">
          {formatCount(events.length)} notices: {foldedText(events)}
        </summary>
        <ol>
          {events.map((event) => (
            <LiveRow key={event.position} event={event} />
          ))}
        </ol>
      </details>
    </li>
  )
}
