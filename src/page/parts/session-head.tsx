/** Which session this is, the ways to its neighbours, and what can be done with it. */
import { Link } from 'wouter'
import type { Session } from '../../api/contract/session.ts'
import { exactMoment, formatAgo, formatStretch, isLately } from '../format/moment.ts'
import { FileList } from './file-list.tsx'
import { useNow } from '../now.ts'
import { SessionMenu } from './session-menu.tsx'
import { SessionNeighbours } from './session-neighbours.tsx'
import { UserName } from './user-name.tsx'

const CLOSE_REASONS: Readonly<Record<string, string>> = {
  idle: 'closed as idle',
  shutdown: 'closed when the bridge stopped',
  max_age: 'closed at its maximum age',
  limit: 'closed because too many were open',
  session_end: 'ended',
}

export function SessionHead({ data }: { readonly data: Session }) {
  const { session, agentVersion } = data
  const nowMs = useNow()
  // Longer ago, the moment itself stands there already.
  const isRecent = isLately(session.lastMs, nowMs)
  const facts = [session.project, session.team].filter((fact) => fact !== null)
  return (
    <header className="session-head">
      <div>
        <Link href="/sessions" className="back">
          ← Sessions
        </Link>
        <h1>{session.title ?? <span className="faint">No prompt recorded</span>}</h1>
        <p className="faint">
          <code>{session.sessionId}</code> · {`${session.agent} ${agentVersion ?? ''}`.trim()}
          {session.userId !== null && (
            <>
              {' · '}
              <UserName userId={session.userId} />
            </>
          )}
          {facts.map((fact) => ` · ${fact}`)}
        </p>
        <p className="faint">
          {formatStretch(session.firstMs, session.lastMs)}
          {isRecent && (
            <>
              {' · '}
              <time title={exactMoment(session.lastMs)}>{formatAgo(session.lastMs, nowMs)}</time>
            </>
          )}
          {' · '}
          {session.isOpen ? <span className="good">open</span> : closeText(session.closeReason)}
        </p>
        <FileList files={data.files} omittedFiles={data.omittedFiles} />
      </div>
      <div className="session-actions">
        <SessionNeighbours session={session} />
        <SessionMenu data={data} />
      </div>
    </header>
  )
}

function closeText(reason: string | null): string {
  return reason === null ? 'closed' : (CLOSE_REASONS[reason] ?? `closed (${reason})`)
}
