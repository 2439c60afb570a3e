/** What stands where an answer is not there yet, did not come, or is empty. */
import type { ReactNode } from 'react'

export function Loading() {
  return (
    <p className="empty" role="status">
      Loading …
    </p>
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
