/** The newest requests of agents, with what was refused of them. */
import type { IngestRequest } from '../../api/contract/delivery.ts'
import { formatBytes, formatCount } from '../format/count.ts'
import { exactMoment, formatClock } from '../format/moment.ts'
import { DataTable } from './data-table.tsx'

export function IngestTable({ requests }: { readonly requests: readonly IngestRequest[] }) {
  return (
    <DataTable
      caption="Ingest log"
      rows={requests}
      keyOf={({ timeMs }, index) => `${timeMs} ${index}`}
      columns={[
        {
          name: 'Time',
          cell: ({ timeMs }) => <time title={exactMoment(timeMs)}>{formatClock(timeMs)}</time>,
        },
        { name: 'Signal', cell: ({ signal }) => signal },
        { name: 'Receiver', isMinor: true, cell: ({ door }) => door },
        { name: 'Size', isNumber: true, cell: ({ bytes }) => formatBytes(bytes) },
        {
          name: 'Status',
          isNumber: true,
          cell: ({ status }) => <span className={status >= 400 ? 'bad' : ''}>{status}</span>,
        },
        {
          name: 'Refused',
          isNumber: true,
          cell: ({ rejected, internal = 0 }) => (
            <span className={rejected > internal ? 'bad' : 'faint'}>
              {formatCount(rejected - internal)}
            </span>
          ),
        },
        {
          name: 'Why',
          cell: ({ reasons, rejected, internal = 0, unused = 0 }) => (
            <span className={rejected > 0 && rejected === internal ? 'reason faint' : 'reason'}>
              {[...reasons, ...(unused > 0 ? [`${formatCount(unused)} points not used`] : [])].join(
                '; ',
              )}
            </span>
          ),
        },
      ]}
    />
  )
}
