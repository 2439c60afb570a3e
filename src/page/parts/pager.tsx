/** Goes through a list page by page; nothing where one page has it all. */
import { type ReactNode, useState } from 'react'
import { formatCount } from '../format/count.ts'

export interface PagedProps<T> {
  /** What is gone through, for screen readers. */
  readonly label: string
  readonly rows: readonly T[]
  readonly size: number
  readonly children: (rows: readonly T[]) => ReactNode
}

export function Paged<T>({ label, rows, size, children }: PagedProps<T>) {
  const [wanted, setPage] = useState(0)
  // The list may have become shorter meanwhile.
  const page = Math.min(wanted, Math.max(0, Math.ceil(rows.length / size) - 1))
  const first = page * size
  const listed = rows.slice(first, first + size)
  return (
    <>
      {children(listed)}
      {rows.length > size && (
        <nav className="pager" aria-label={`Pages of ${label}`}>
          <button type="button" disabled={page === 0} onClick={() => setPage(page - 1)}>
            Previous
          </button>
          <span className="faint">
            {formatCount(first + 1)}–{formatCount(first + listed.length)} of{' '}
            {formatCount(rows.length)}
          </span>
          <button
            type="button"
            disabled={first + size >= rows.length}
            onClick={() => setPage(page + 1)}
          >
            Next
          </button>
        </nav>
      )}
    </>
  )
}
