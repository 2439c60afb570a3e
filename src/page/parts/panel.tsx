/** A titled part of a view. */
import { type ReactNode, useId } from 'react'

export interface PanelProps {
  readonly title: string
  readonly note?: ReactNode
  /** At the end of the title's line. */
  readonly actions?: ReactNode
  readonly className?: string
  readonly children: ReactNode
}

export function Panel({ title, note, actions, className = '', children }: PanelProps) {
  const id = useId()
  return (
    <section className={`panel ${className}`} aria-labelledby={id}>
      <header className="panel-head">
        <h2 id={id}>{title}</h2>
        {note !== undefined && <span className="panel-note">{note}</span>}
        {actions !== undefined && <div className="panel-actions">{actions}</div>}
      </header>
      {children}
    </section>
  )
}
