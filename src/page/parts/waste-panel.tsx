/** Where the session spent money or time to no purpose; nothing where it did not. */
import { useQuery } from '@tanstack/react-query'
import { api } from '../../api/contract/api.ts'
import { isWorthShowing, wasteWords } from '../../api/contract/waste-words.ts'
import { ask } from '../ask.ts'
import { formatCount } from '../format/count.ts'
import { formatDuration } from '../format/duration.ts'
import { formatUsd } from '../format/usd.ts'
import { DataTable } from './data-table.tsx'
import { Panel } from './panel.tsx'

interface WastePanelProps {
  readonly sessionKey: string
  /** It may still grow. */
  readonly isOpen: boolean
}

export function WastePanel({ sessionKey, isOpen }: WastePanelProps) {
  const { data } = useQuery({
    queryKey: ['session', sessionKey, 'waste'],
    queryFn: ({ signal }) => ask(api.waste, { params: { key: sessionKey }, signal }),
    refetchInterval: isOpen ? 30_000 : false,
  })
  const findings = data?.findings.filter(isWorthShowing) ?? []
  if (findings.length === 0) return null
  const kinds = [...new Set(findings.map(({ kind }) => kind))]
  return (
    <Panel title="Waste" note="what it cost to no purpose, the most expensive first">
      <DataTable
        caption="Waste"
        rows={findings}
        keyOf={({ kind, subject }) => `${kind} ${subject}`}
        columns={[
          { name: 'Kind', cell: ({ kind }) => wasteWords[kind].title },
          { name: 'What', cell: ({ subject }) => <span className="name">{subject}</span> },
          { name: 'Times', isNumber: true, cell: ({ count }) => formatCount(count) },
          {
            name: 'Cost',
            isNumber: true,
            cell: ({ usd }) => (usd === null ? '–' : formatUsd(usd)),
          },
          {
            name: 'Tokens',
            isNumber: true,
            isMinor: true,
            cell: ({ tokens }) => (tokens === null ? '–' : formatCount(tokens)),
          },
          {
            name: 'Time',
            isNumber: true,
            isMinor: true,
            cell: ({ ms }) => (ms === null ? '–' : formatDuration(ms)),
          },
        ]}
      />
      <ul>
        {kinds.map((kind) => (
          <li key={kind} className="faint">
            {wasteWords[kind].title}: {wasteWords[kind].advice}
          </li>
        ))}
      </ul>
    </Panel>
  )
}
