/** Items that were given up, by exporter and reason; to be tried again or deleted. */
import { Link } from 'wouter'
import type { DeadItem, DeadReason, DeadSelection } from '../../api/contract/delivery.ts'
import { formatBytes, formatCount, plural } from '../format/count.ts'
import { exactMoment, formatMoment } from '../format/moment.ts'
import { sessionPath } from '../session-path.ts'
import { useMay } from '../rights.ts'
import { ConfirmButton } from './confirm-button.tsx'
import { DataTable } from './data-table.tsx'
import { Paged } from './pager.tsx'
import { Panel } from './panel.tsx'
import { ReasonGroup } from './reason-group.tsx'

type Ids = DeadSelection['ids']

const PAGE_SIZE = 10

export interface DeadTableProps {
  /** The oldest of them. */
  readonly items: readonly DeadItem[]
  /** All of them by exporter and reason. */
  readonly reasons: readonly DeadReason[]
  readonly total: number
  /** The exporter's name for people. */
  readonly labelOf: (exporter: string) => string
  readonly onRetry: (ids: Ids) => void
  readonly onDrop: (ids: Ids) => void
}

export function DeadTable(props: DeadTableProps) {
  const { items, reasons, total, onRetry, onDrop } = props
  const mayChange = useMay('admin')
  return (
    <Panel
      title="Dead items"
      note={`${plural(total, 'item')} that exporters gave up`}
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
      <ul className="reasons">
        {reasons.map((group) => (
          <DeadReasonGroup
            key={`${group.exporter} ${group.reason}`}
            {...props}
            group={group}
            items={items.filter(
              ({ exporter, reason }) => exporter === group.exporter && reason === group.reason,
            )}
            isOpen={reasons.length === 1}
          />
        ))}
      </ul>
    </Panel>
  )
}

interface DeadReasonGroupProps extends DeadTableProps {
  readonly group: DeadReason
  readonly isOpen: boolean
}

function DeadReasonGroup({ group, items, labelOf, onRetry, onDrop, isOpen }: DeadReasonGroupProps) {
  const mayChange = useMay('admin')
  const { exporter, reason, count, oldestMs } = group
  const ids = items.map(({ id }) => id)
  const part = items.length < count ? `the oldest ${formatCount(items.length)}` : 'these'
  return (
    <ReasonGroup
      count={count}
      reason={reason}
      note={`${labelOf(exporter)} · since ${formatMoment(oldestMs)}`}
      isOpen={isOpen}
    >
      {items.length === 0 ? (
        <p className="faint">Older ones are listed first; retry or drop those to see these.</p>
      ) : (
        <>
          {mayChange && items.length > 1 && (
            <p className="row-actions">
              <button type="button" onClick={() => onRetry(ids)}>
                Retry {part}
              </button>
              <ConfirmButton
                label={`Drop ${part}`}
                question={`Drop ${plural(ids.length, 'dead item')}?`}
                onConfirm={() => onDrop(ids)}
              >
                They will never be delivered. Their sessions stay stored here.
              </ConfirmButton>
            </p>
          )}
          <Paged label="dead items" rows={items} size={PAGE_SIZE}>
            {(listed) => <ItemTable items={listed} onRetry={onRetry} onDrop={onDrop} />}
          </Paged>
        </>
      )}
    </ReasonGroup>
  )
}

function ItemTable({
  items,
  onRetry,
  onDrop,
}: Pick<DeadTableProps, 'items' | 'onRetry' | 'onDrop'>) {
  const mayChange = useMay('admin')
  return (
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
        { name: 'Kind', isMinor: true, cell: ({ kind }) => kind },
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
  )
}
