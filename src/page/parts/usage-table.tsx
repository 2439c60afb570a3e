/** What falls to each name of one or two groups: how much, which share, and what a session of it costs. */
import type { ReactNode } from 'react'
import type { UsageAnswer, UsageRow } from '../../api/contract/usage.ts'
import { formatCount, formatRatio, plural } from '../format/count.ts'
import { formatUsd } from '../format/usd.ts'
import { costColumn, tokensColumn } from './columns.tsx'
import { DataTable } from './data-table.tsx'
import { Meter } from './meter.tsx'
import { Panel } from './panel.tsx'
import { UserName } from './user-name.tsx'

/** Rows that are seen at once; more are a button away. */
const SHOWN = 10

export interface UsageTableProps {
  readonly usage: UsageAnswer
  /** To choose the second group. */
  readonly menu: ReactNode
}

export function UsageTable({ usage: { groups, rows, totals }, menu }: UsageTableProps) {
  const most = Math.max(...rows.map(({ costUsd }) => costUsd ?? 0), 0)
  const title = `By ${groups.map(({ label }) => label).join(' and ')}`
  return (
    <Panel title={title} actions={menu}>
      <DataTable
        caption={title}
        rows={rows}
        shown={SHOWN}
        keyOf={({ names }, index) => `${index} ${names.join(' ')}`}
        columns={[
          ...groups.map(({ name: group, label }, at) => ({
            name: label.charAt(0).toUpperCase() + label.slice(1),
            cell: ({ names, links, costUsd }: UsageRow) => (
              <>
                <GroupName group={group} name={names[at] ?? null} link={links?.[at] ?? null} />
                {at === 0 && <Meter part={costUsd ?? 0} whole={most} />}
              </>
            ),
          })),
          costColumn<UsageRow>(({ modelCalls }) => modelCalls),
          {
            name: 'Share',
            isNumber: true,
            isMinor: true,
            cell: ({ costUsd }: UsageRow) => {
              const whole = totals.costUsd ?? 0
              return formatRatio(costUsd === null || whole <= 0 ? null : costUsd / whole)
            },
          },
          tokensColumn,
          {
            name: 'Sessions',
            isNumber: true,
            isMinor: true,
            cell: ({ sessions }: UsageRow) => formatCount(sessions),
          },
          {
            name: 'Per session',
            isNumber: true,
            isMinor: true,
            cell: ({ costUsd, sessions }: UsageRow) => (
              <span title={`cost over ${plural(sessions, 'session')}`}>
                {costUsd === null || sessions === 0 ? '–' : formatUsd(costUsd / sessions)}
              </span>
            ),
          },
        ]}
      />
    </Panel>
  )
}

interface GroupNameProps {
  readonly group: string
  readonly name: string | null
  readonly link: string | null
}

function GroupName({ group, name, link }: GroupNameProps) {
  if (name === null) return <span className="faint">none</span>
  if (group === 'user') return <UserName userId={name} />
  // What an agent told may be any address; only pages of the web are led to.
  if (link !== null && /^https?:\/\//.test(link)) {
    return (
      <a className="name" href={link} target="_blank" rel="noreferrer">
        {name}
      </a>
    )
  }
  return <span className="name">{name}</span>
}
