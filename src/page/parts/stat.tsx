/** One figure with its name, and what there is to say about it. */
import type { ReactNode } from 'react'

export interface StatProps {
  readonly label: string
  readonly value: ReactNode
  /** Exact figures, on hover. */
  readonly title?: string
  readonly note?: ReactNode
  readonly tone?: 'plain' | 'bad' | undefined
}

export function Stat({ label, value, title, note, tone = 'plain' }: StatProps) {
  return (
    <div className={`stat stat-${tone}`}>
      <dt>{label}</dt>
      <dd>
        <span className="stat-value" title={title}>
          {value}
        </span>
        {note !== undefined && <span className="stat-note">{note}</span>}
      </dd>
    </div>
  )
}

export function Stats({
  label,
  children,
}: {
  readonly label: string
  readonly children: ReactNode
}) {
  return (
    <dl className="stats" aria-label={label}>
      {children}
    </dl>
  )
}
