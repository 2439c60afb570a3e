/** All budgets with what was spent of them; nothing where none is set. */
import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { api } from '../../api/contract/api.ts'
import type { BudgetState } from '../../api/contract/budgets.ts'
import { ask } from '../ask.ts'
import { formatRatio } from '../format/count.ts'
import { formatMoment } from '../format/moment.ts'
import { formatUsd } from '../format/usd.ts'
import { sessionPath } from '../session-path.ts'
import { budgetKey, budgetName } from './budget-banner.tsx'
import { DataTable } from './data-table.tsx'
import { Meter } from './meter.tsx'
import { Panel } from './panel.tsx'

export function BudgetPanel() {
  const { data } = useQuery({ queryKey: ['budgets'], queryFn: () => ask(api.budgets) })
  if (data === undefined || data.budgets.length === 0) return null
  return (
    <Panel title="Budgets">
      <DataTable
        caption="Budgets"
        rows={data.budgets}
        keyOf={budgetKey}
        columns={[
          { name: 'For', cell: (budget) => <BudgetName budget={budget} /> },
          { name: 'Spent', isNumber: true, cell: ({ spentUsd }) => formatUsd(spentUsd) },
          { name: 'Budget', isNumber: true, cell: ({ limitUsd }) => formatUsd(limitUsd) },
          {
            name: 'Left',
            isNumber: true,
            cell: ({ leftUsd, limitUsd, spentUsd }) =>
              formatUsd(leftUsd ?? Math.max(0, limitUsd - spentUsd)),
          },
          {
            name: 'Part',
            isNumber: true,
            cell: ({ spentUsd, limitUsd, level }) => (
              <span className={level === 'ok' ? '' : 'bad'}>
                {formatRatio(limitUsd > 0 ? spentUsd / limitUsd : null)}
              </span>
            ),
          },
          { name: 'At this pace', cell: ({ forecast }) => <Forecast forecast={forecast} /> },
        ]}
      />
    </Panel>
  )
}

function BudgetName({ budget }: { readonly budget: BudgetState }) {
  const { sessionKey, spentUsd, limitUsd, level } = budget
  const name = budgetName(budget)
  return (
    <>
      <span className="name">
        {sessionKey === null ? name : <Link href={sessionPath(sessionKey)}>{name}</Link>}
      </span>
      <Meter part={spentUsd} whole={limitUsd} tone={level === 'ok' ? 'plain' : 'bad'} />
    </>
  )
}

function Forecast({ forecast }: Pick<BudgetState, 'forecast'>) {
  if (forecast === undefined || forecast === null) return null
  const { projectedUsd, spentAtMs } = forecast
  if (spentAtMs === null) return <>lasts: {formatUsd(projectedUsd)}</>
  return <>spent on {formatMoment(spentAtMs)}</>
}
