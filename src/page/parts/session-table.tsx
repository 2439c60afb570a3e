/** Sessions as rows; columns that the list sorts by get buttons. */
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import type { SESSION_SORTS, SessionRow } from '../../api/contract/session-list.ts'
import { formatCount } from '../format/count.ts'
import { formatDuration } from '../format/duration.ts'
import { exactMoment, formatAgo } from '../format/moment.ts'
import { useNow } from '../now.ts'
import { sessionPath } from '../session-path.ts'
import { costColumn, tokensColumn } from './columns.tsx'
import { type Column, DataTable } from './data-table.tsx'
import { UserName } from './user-name.tsx'

export type SessionSort = (typeof SESSION_SORTS)[number]

/** What sessions are sorted by, as a person says it. */
export const SORT_NAMES: Readonly<Record<SessionSort, string>> = {
  last: 'Last seen',
  first: 'Started',
  cost: 'Cost',
  tokens: 'Tokens',
  duration: 'Length',
  errors: 'Errors',
  prompts: 'Prompts',
  calls: 'Model calls',
  tools: 'Tools',
  title: 'Session',
  user: 'User',
  project: 'Project',
  team: 'Team',
  agent: 'Agent',
}

export interface Sorting {
  readonly sort: SessionSort
  readonly order: 'asc' | 'desc'
  readonly onSort: (sort: SessionSort) => void
}

export interface SessionTableProps {
  readonly caption: string
  readonly sessions: readonly SessionRow[]
  readonly sorting?: Sorting
}

const toolsColumn: SortedColumn = {
  name: 'Tools',
  sort: 'tools',
  isNumber: true,
  isMinor: true,
  cell: ({ toolResults }) => formatCount(toolResults),
}

type SortedColumn = Column<SessionRow> & { readonly sort?: SessionSort }

export function SessionTable({ caption, sessions, sorting }: SessionTableProps) {
  const nowMs = useNow()
  const columns: readonly SortedColumn[] = [
    { name: 'Session', sort: 'title', cell: (row) => <SessionName row={row} /> },
    {
      name: 'Project',
      sort: 'project',
      isMinor: true,
      cell: ({ project, team }) => [project, team].filter((one) => one !== null).join(' · '),
    },
    {
      name: 'User',
      sort: 'user',
      isMinor: true,
      cell: ({ userId }) => <UserName userId={userId} />,
    },
    { ...costColumn<SessionRow>(({ modelCalls }) => modelCalls), sort: 'cost' },
    { ...tokensColumn, sort: 'tokens', isMinor: true },
    {
      name: 'Prompts',
      sort: 'prompts',
      isNumber: true,
      isMinor: true,
      cell: (row) => formatCount(row.prompts),
    },
    ...(sorting === undefined ? [] : [toolsColumn]),
    {
      name: 'Errors',
      sort: 'errors',
      isNumber: true,
      cell: ({ errors }) => (
        <span className={errors > 0 ? 'bad' : 'faint'}>{formatCount(errors)}</span>
      ),
    },
    {
      name: 'Length',
      sort: 'duration',
      isNumber: true,
      isMinor: true,
      cell: ({ firstMs, lastMs }) => formatDuration(lastMs - firstMs),
    },
    ...(sorting === undefined
      ? []
      : [
          {
            name: 'Started',
            sort: 'first' as const,
            isNumber: true,
            isMinor: true,
            cell: ({ firstMs }: SessionRow) => (
              <time title={exactMoment(firstMs)}>{formatAgo(firstMs, nowMs)}</time>
            ),
          },
        ]),
    {
      name: 'Last seen',
      sort: 'last',
      isNumber: true,
      cell: ({ lastMs }) => <time title={exactMoment(lastMs)}>{formatAgo(lastMs, nowMs)}</time>,
    },
  ]
  return (
    <DataTable
      caption={caption}
      rows={sessions}
      keyOf={({ key }) => key}
      columns={columns.map(({ sort, ...column }) => ({
        ...column,
        ...sortable(column.name, sort, sorting),
      }))}
    />
  )
}

function SessionName({ row }: { readonly row: SessionRow }) {
  const { key, title, sessionId, isOpen, agent } = row
  return (
    <Link href={sessionPath(key)} className="session-name">
      <span className="session-title">
        {isOpen && (
          <span className="dot" title="open">
            <span className="sr-only">open: </span>
          </span>
        )}
        {title ?? sessionId}
      </span>
      <span className="session-id">{title === null ? agent : `${agent} · ${sessionId}`}</span>
    </Link>
  )
}

function sortable(
  name: string,
  sort: SessionSort | undefined,
  sorting: Sorting | undefined,
): { readonly head?: ReactNode; readonly sorted?: 'ascending' | 'descending' } {
  if (sort === undefined || sorting === undefined) return {}
  const isSorted = sorting.sort === sort
  const arrow = sorting.order === 'desc' ? '↓' : '↑'
  return {
    head: (
      <button type="button" className="sort" onClick={() => sorting.onSort(sort)}>
        {name}
        <span aria-hidden="true">{isSorted ? ` ${arrow}` : ''}</span>
      </button>
    ),
    ...(isSorted && { sorted: sorting.order === 'desc' ? 'descending' : 'ascending' }),
  }
}
