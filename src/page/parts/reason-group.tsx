/** What has one reason, counted, and listed once it is opened. */
import { type ReactNode, useState } from 'react'
import { formatCount } from '../format/count.ts'

export interface ReasonGroupProps {
  readonly count: number
  readonly reason: string
  readonly note: string
  /** From the beginning, where there is one group alone. */
  readonly isOpen: boolean
  readonly children: ReactNode
}

export function ReasonGroup({ count, reason, note, isOpen, children }: ReasonGroupProps) {
  const [open, setOpen] = useState(isOpen)
  return (
    <li>
      <details open={open} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
        <summary>
          <strong className="bad">{formatCount(count)}</strong>
          <span className="reason">{reason === '' ? 'no reason given' : reason}</span>
          <span className="faint">{note}</span>
        </summary>
        {open && children}
      </details>
    </li>
  )
}
