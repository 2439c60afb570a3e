/** What falls to each model, project, team or user: a table whose cost column draws itself. */
import type { ReactNode } from 'react'
import type { Share } from '../../api/contract/overview.ts'
import { formatCount } from '../format/count.ts'
import { costColumn, tokensColumn } from './columns.tsx'
import { DataTable } from './data-table.tsx'
import { Meter } from './meter.tsx'
import { Panel } from './panel.tsx'
import { UserName } from './user-name.tsx'

export interface ShareTableProps {
  readonly title: string
  /** What a row is: `Model`, `Team`, … */
  readonly of: string
  readonly shares: readonly Share[]
  readonly actions?: ReactNode
}

export function ShareTable({ title, of, shares, actions }: ShareTableProps) {
  const isUsers = of === 'User'
  const most = Math.max(...shares.map(({ costUsd }) => costUsd ?? 0), 0)
  return (
    <Panel title={title} actions={actions}>
      <DataTable
        caption={title}
        rows={shares}
        keyOf={({ name }, index) => `${index} ${name ?? ''}`}
        columns={[
          {
            name: of,
            cell: ({ name, costUsd }) => (
              <>
                {isUsers && name !== null ? (
                  <UserName userId={name} />
                ) : (
                  <span className={name === null ? 'faint' : 'name'}>{name ?? 'not named'}</span>
                )}
                <Meter part={costUsd ?? 0} whole={most} />
              </>
            ),
          },
          costColumn<Share>(({ modelCalls }) => modelCalls),
          tokensColumn,
          {
            name: 'Sessions',
            isNumber: true,
            isMinor: true,
            cell: ({ sessions }) => formatCount(sessions),
          },
        ]}
      />
    </Panel>
  )
}
