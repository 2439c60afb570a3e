/** Which session this is, its way into Langfuse, and its deletion. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useLocation } from 'wouter'
import { api } from '../../api/contract/api.ts'
import type { Session } from '../../api/contract/session.ts'
import { ask } from '../ask.ts'
import { exactMoment, formatAgo, formatMoment } from '../format/moment.ts'
import { useNow } from '../now.ts'
import { useMay } from '../rights.ts'
import { ConfirmButton } from './confirm-button.tsx'
import { Failed } from './state.tsx'
import { UserName } from './user-name.tsx'

const CLOSE_REASONS: Readonly<Record<string, string>> = {
  idle: 'closed as idle',
  shutdown: 'closed when the bridge stopped',
  max_age: 'closed at its maximum age',
  limit: 'closed because too many were open',
  session_end: 'ended',
}

export function SessionHead({ data }: { readonly data: Session }) {
  const { session, agentVersion, langfuseUrl } = data
  const nowMs = useNow()
  const mayDelete = useMay('admin')
  const facts = [session.project, session.team].filter((fact) => fact !== null)
  return (
    <header className="session-head">
      <div>
        <Link href="/sessions" className="back">
          ← Sessions
        </Link>
        <h1>{session.title ?? session.sessionId}</h1>
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
          {formatMoment(session.firstMs)} –{' '}
          <time title={exactMoment(session.lastMs)}>{formatAgo(session.lastMs, nowMs)}</time>
          {' · '}
          {session.isOpen ? <span className="good">open</span> : closeText(session.closeReason)}
        </p>
      </div>
      <div className="session-actions">
        {langfuseUrl !== null && (
          <a className="button" href={langfuseUrl} target="_blank" rel="noreferrer">
            Open in Langfuse
          </a>
        )}
        {mayDelete && <DeleteSession sessionKey={session.key} />}
      </div>
    </header>
  )
}

function closeText(reason: string | null): string {
  return reason === null ? 'closed' : (CLOSE_REASONS[reason] ?? `closed (${reason})`)
}

function DeleteSession({ sessionKey }: { readonly sessionKey: string }) {
  const queries = useQueryClient()
  const [, navigate] = useLocation()
  const remove = useMutation({
    mutationFn: () => ask(api.deleteSession, { params: { key: sessionKey } }),
    onSuccess: () => {
      queries.removeQueries({ queryKey: ['session', sessionKey] })
      void queries.invalidateQueries()
      navigate('/sessions')
    },
  })
  return (
    <>
      <ConfirmButton
        label="Delete"
        question="Delete this session?"
        isDisabled={remove.isPending}
        onConfirm={() => remove.mutate()}
      >
        All its records on this machine are permanently deleted. What Langfuse already has stays
        there.
      </ConfirmButton>
      {remove.isError && <Failed error={remove.error} />}
    </>
  )
}
