/** Stands below something that was cut, and fetches all of it. */
import type { UseQueryResult } from '@tanstack/react-query'
import { Failed } from './state.tsx'

export interface WholeButtonProps {
  readonly what: string
  /** The query that fetches it, once it is wanted. */
  readonly query: UseQueryResult
  readonly onWanted: () => void
}

export function WholeButton({ what, query, onWanted }: WholeButtonProps) {
  if (query.isSuccess) {
    return (
      <p className="faint">
        It is still truncated; <code>claude-telemetry export</code> has the full text.
      </p>
    )
  }
  return (
    <>
      {query.isError && <Failed error={query.error} />}
      <p className="more">
        <button type="button" disabled={query.isFetching} onClick={onWanted}>
          Show the whole {what}
        </button>
      </p>
    </>
  )
}
