/** What stands where an answer is not there yet, did not come, or is empty. */
import type { ReactNode } from 'react'

export function Loading() {
  return (
    <p className="empty" role="status">
      Loading …
    </p>
  )
}

/**
 * Around what answers the question before, until the answer to the one asked now is there: what is shown
 * stays readable, and is marked in the frame after a choice.
 */
export function Awaited({
  isOld,
  children,
}: {
  readonly isOld: boolean
  readonly children: ReactNode
}) {
  return (
    <div className="awaited" aria-busy={isOld}>
      {children}
    </div>
  )
}

export function Failed({ error }: { readonly error: Error }) {
  return (
    <p className="notice notice-error" role="alert">
      {error.message}
    </p>
  )
}

export function Empty({ children }: { readonly children: ReactNode }) {
  return <p className="empty">{children}</p>
}
