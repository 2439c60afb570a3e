/** Items that were put aside, each with why; to be tried again or deleted. */
import { Link } from 'wouter'
import type { DeadItem, DeadSelection } from '../../api/contract/delivery.ts'
import { formatBytes, formatCount } from '../format/count.ts'
import { exactMoment, formatMoment } from '../format/moment.ts'
import { sessionPath } from '../session-path.ts'
import { useMay } from '../rights.ts'
import { ConfirmButton } from './confirm-button.tsx'
import { DataTable } from './data-table.tsx'
import { Panel } from './panel.tsx'

type Ids = DeadSelection['ids']

export interface DeadTableProps {
  readonly items: readonly DeadItem[]
  /** With those that are not listed. */
  readonly total: number
  readonly onRetry: (ids: Ids) => void
  readonly onDrop: (ids: Ids) => void
}

export function DeadTable({ items, total, onRetry, onDrop }: DeadTableProps) {
  const mayChange = useMay('admin')
  return (
    <Panel
      title="Dead items"
      note={
        total > items.length ? `the oldest ${items.length} of ${formatCount(total)}` : undefined
      }
      actions={
        mayChange ? (
          <>
            <button type="button" onClick={() => onRetry('all')}>
              Retry all
            </button>
            <ConfirmButton
              label="Drop all"
              question={`Drop ${formatCount(total)} dead items?`}
              onConfirm={() => onDrop('all')}
            >
              They will never be delivered. Their sessions stay stored here.
            </ConfirmButton>
          </>
        ) : undefined
      }
    >
      <DataTable
        caption="Dead items"
        rows={items}
        keyOf={({ id, exporter }) => `${exporter} ${id}`}
        columns={[
          {
            name: 'Created',
            cell: ({ createdMs }) => (
              <time title={exactMoment(createdMs)}>{formatMoment(createdMs)}</time>
            ),
          },
          {
            name: 'Session',
            cell: ({ sessionKey }) => (
              <Link href={sessionPath(sessionKey)} className="clip">
                {sessionKey}
              </Link>
            ),
          },
          { name: 'Exporter', isMinor: true, cell: ({ exporter }) => exporter },
          { name: 'Kind', isMinor: true, cell: ({ kind }) => kind },
          { name: 'Reason', cell: ({ reason }) => <span className="reason">{reason}</span> },
          { name: 'Attempts', isNumber: true, isMinor: true, cell: ({ attempts }) => attempts },
          { name: 'Size', isNumber: true, isMinor: true, cell: ({ bytes }) => formatBytes(bytes) },
          {
            name: 'Actions',
            cell: ({ id }) =>
              mayChange && (
                <span className="row-actions">
                  <button type="button" onClick={() => onRetry([id])}>
                    Retry
                  </button>
                  <button type="button" className="danger" onClick={() => onDrop([id])}>
                    Drop
                  </button>
                </span>
              ),
          },
        ]}
      />
    </Panel>
  )
}
