/** Records that could not be assigned, kept for a while; to be tried again or deleted. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { api } from '../../api/contract/api.ts'
import type { DeadSelection, Delivery, QuarantineItem } from '../../api/contract/delivery.ts'
import { ask } from '../ask.ts'
import { formatBytes, formatCount, plural } from '../format/count.ts'
import { exactMoment, formatMoment } from '../format/moment.ts'
import { useMay } from '../rights.ts'
import { ConfirmButton } from './confirm-button.tsx'
import { DataTable } from './data-table.tsx'
import { Paged } from './pager.tsx'
import { Panel } from './panel.tsx'
import { ReasonGroup } from './reason-group.tsx'
import { Failed } from './state.tsx'

const PAGE_SIZE = 10

export function QuarantinePanel({ quarantine }: { readonly quarantine: Delivery['quarantine'] }) {
  const { records, bytes, dropped, items } = quarantine
  const mayChange = useMay('admin')
  const queries = useQueryClient()
  const onSuccess = () => queries.invalidateQueries({ queryKey: ['delivery'] })
  const retry = useMutation({
    mutationFn: (body: DeadSelection) => ask(api.retryQuarantine, { body }),
    onSuccess,
  })
  const drop = useMutation({
    mutationFn: (body: DeadSelection) => ask(api.dropQuarantine, { body }),
    onSuccess,
  })
  const failure = retry.error ?? drop.error
  const left = retry.data?.left ?? 0
  const gone =
    dropped === 0
      ? ''
      : `, ${formatCount(dropped)} deleted for lack of space or because of their age`
  const groups = [...Map.groupBy(items, ({ message }) => message)]
  return (
    <Panel
      title="Quarantine"
      note={`${plural(records, 'record')} that could not be assigned, ${formatBytes(bytes)}${gone}`}
      actions={
        mayChange ? (
          <>
            <button type="button" onClick={() => retry.mutate({ ids: 'all' })}>
              Retry all
            </button>
            <ConfirmButton
              label="Drop all"
              question={`Drop ${formatCount(records)} records?`}
              onConfirm={() => drop.mutate({ ids: 'all' })}
            >
              A later version will not be able to process them.
            </ConfirmButton>
          </>
        ) : undefined
      }
    >
      {failure !== null && <Failed error={failure} />}
      {left > 0 && <p className="notice">{plural(left, 'record')} still cannot be assigned.</p>}
      <ul className="reasons">
        {groups.map(([message, ofReason]) => (
          <ReasonGroup
            key={message}
            count={ofReason.length}
            reason={message}
            note={[...new Set(ofReason.map(({ signal }) => signal))].join(', ')}
            isOpen={groups.length === 1}
          >
            <Paged label="the quarantine" rows={ofReason} size={PAGE_SIZE}>
              {(listed) => <RecordTable items={listed} />}
            </Paged>
          </ReasonGroup>
        ))}
      </ul>
      {records > items.length && (
        <p className="faint">
          The oldest {formatCount(items.length)} of {formatCount(records)} are listed.
        </p>
      )}
    </Panel>
  )
}

function RecordTable({ items }: { readonly items: readonly QuarantineItem[] }) {
  return (
    <DataTable
      caption="Quarantine"
      rows={items}
      keyOf={({ id }) => id}
      columns={[
        {
          name: 'Received',
          cell: ({ receivedMs }) => (
            <time title={exactMoment(receivedMs)}>{formatMoment(receivedMs)}</time>
          ),
        },
        { name: 'Signal', isMinor: true, cell: ({ signal }) => signal },
        { name: 'Name', cell: ({ name }) => <span className="clip">{name}</span> },
        { name: 'Size', isNumber: true, isMinor: true, cell: (item) => formatBytes(item.bytes) },
      ]}
    />
  )
}
