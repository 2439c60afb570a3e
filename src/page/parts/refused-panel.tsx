/** What the bridge refused since its start, by reason, with what to do about it. */
import type { Delivery } from '../../api/contract/delivery.ts'
import { byUrgency, refusalName, refusalTone } from '../../api/contract/refusal-words.ts'
import { formatCount } from '../format/count.ts'
import { DataTable } from './data-table.tsx'
import { Panel } from './panel.tsx'

type Refused = Delivery['ingest']['refused']

export function RefusedPanel({ refused }: { readonly refused: Refused }) {
  return (
    <Panel title="Refused" note="requests, and records within accepted requests, since startup">
      <DataTable
        caption="Refused"
        rows={byUrgency(refused)}
        keyOf={({ reason }) => reason}
        columns={[
          { name: 'Reason', cell: ({ reason }) => refusalName(reason) },
          {
            name: 'Count',
            isNumber: true,
            cell: ({ reason, count }) => (
              <span className={refusalTone(reason)}>{formatCount(count)}</span>
            ),
          },
          { name: 'What to do', cell: ({ remedy }) => <span className="reason">{remedy}</span> },
        ]}
      />
    </Panel>
  )
}
