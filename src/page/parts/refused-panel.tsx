/** What the bridge refused since its start, by reason, with what to do about it. */
import type { Delivery } from '../../api/contract/delivery.ts'
import { isToActOn } from '../../domain/refusal.ts'
import { formatCount } from '../format/count.ts'
import { DataTable } from './data-table.tsx'
import { Panel } from './panel.tsx'

type Refused = Delivery['ingest']['refused']

const NAMES: Readonly<Record<string, string>> = { not_work: 'internal to an agent' }

export function RefusedPanel({ refused }: { readonly refused: Refused }) {
  return (
    <Panel title="Refused" note="requests, and records within accepted requests, since startup">
      <DataTable
        caption="Refused"
        // What is to be done comes before what is not.
        rows={refused.toSorted((a, b) => Number(isToActOn(b.reason)) - Number(isToActOn(a.reason)))}
        keyOf={({ reason }) => reason}
        columns={[
          { name: 'Reason', cell: ({ reason }) => NAMES[reason] ?? reason.replaceAll('_', ' ') },
          {
            name: 'Count',
            isNumber: true,
            cell: ({ reason, count }) => (
              <span className={isToActOn(reason) ? 'bad' : 'faint'}>{formatCount(count)}</span>
            ),
          },
          { name: 'What to do', cell: ({ remedy }) => <span className="reason">{remedy}</span> },
        ]}
      />
    </Panel>
  )
}
