/** A chart, and the same figures as a table for whoever would rather read them. */
import { type ReactNode, useState } from 'react'
import { Panel } from './panel.tsx'

export interface ChartPanelProps {
  readonly title: string
  readonly note?: ReactNode
  readonly actions?: ReactNode
  readonly chart: ReactNode
  readonly table: ReactNode
}

export function ChartPanel({ title, note, actions, chart, table }: ChartPanelProps) {
  const [isTable, setTable] = useState(false)
  return (
    <Panel
      title={title}
      note={note}
      actions={
        <>
          {actions}
          <button type="button" aria-pressed={isTable} onClick={() => setTable(!isTable)}>
            Table
          </button>
        </>
      }
    >
      {isTable ? table : chart}
    </Panel>
  )
}
