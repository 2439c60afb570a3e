/** How far budgets are used up, and how far they will be; nothing where none is set. */
import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { api } from '../../api/contract/api.ts'
import type { BudgetState } from '../../api/contract/budgets.ts'
import { ask } from '../ask.ts'
import { formatRatio, plural } from '../format/count.ts'
import { formatMoment } from '../format/moment.ts'
import { formatUsd } from '../format/usd.ts'
import { sessionPath } from '../session-path.ts'
import { budgetKey, budgetName } from './budget-banner.tsx'
import { Meter } from './meter.tsx'
import { Panel } from './panel.tsx'

export function BudgetPanel() {
  const { data } = useQuery({
    queryKey: ['budgets'],
    queryFn: () => ask(api.budgets),
    refetchInterval: 10_000,
  })
  if (data === undefined || data.budgets.length === 0) return null
  // Sessions far from their limit are many, and no news.
  const isQuiet = ({ scope, level }: BudgetState) => scope === 'session' && level === 'ok'
  const listed = data.budgets.filter((budget) => !isQuiet(budget))
  const quiet = data.budgets.filter(isQuiet)
  return (
    <Panel title="Budgets">
      <ul className="budgets">
        {listed.map((budget) => (
          <BudgetItem key={budgetKey(budget)} budget={budget} />
        ))}
        {quiet.length > 0 && <QuietSessions budgets={quiet} />}
      </ul>
    </Panel>
  )
}

function BudgetItem({ budget }: { readonly budget: BudgetState }) {
  const { sessionKey, spentUsd, limitUsd, level } = budget
  const name = budgetName(budget)
  return (
    <li>
      <div className="budget-head">
        <span className="name">
          {sessionKey === null ? name : <Link href={sessionPath(sessionKey)}>{name}</Link>}
        </span>
        <span className={level === 'ok' ? '' : 'bad'}>
          <strong>{formatUsd(spentUsd)}</strong> of {formatUsd(limitUsd)}
        </span>
      </div>
      <Meter part={spentUsd} whole={limitUsd} tone={level === 'ok' ? 'plain' : 'bad'} hasTrack />
      <p className="faint">
        {[
          formatRatio(limitUsd > 0 ? spentUsd / limitUsd : null),
          outlookOf(budget),
          resetOf(budget),
        ]
          .filter((part) => part !== undefined)
          .join(' · ')}
      </p>
    </li>
  )
}

/** The sessions that are not near their limit, as one line. */
function QuietSessions({ budgets }: { readonly budgets: readonly BudgetState[] }) {
  const shareOf = ({ spentUsd, limitUsd }: BudgetState) => (limitUsd > 0 ? spentUsd / limitUsd : 0)
  const fullest = budgets.reduce((most, one) => (shareOf(one) > shareOf(most) ? one : most))
  const { sessionKey, spentUsd, limitUsd } = fullest
  const text = `${formatUsd(spentUsd)} of ${formatUsd(limitUsd)}`
  return (
    <li className="faint">
      {plural(budgets.length, 'session')} within budget; the fullest has spent{' '}
      {sessionKey === null ? text : <Link href={sessionPath(sessionKey)}>{text}</Link>}
    </li>
  )
}

/** What becomes of it at the pace of its window so far. */
function outlookOf({ level, spentUsd, limitUsd, forecast }: BudgetState): string | undefined {
  if (level === 'over') return `over by ${formatUsd(spentUsd - limitUsd)}`
  if (forecast === undefined || forecast === null) return undefined
  const { projectedUsd, spentAtMs } = forecast
  if (spentAtMs !== null) return `at this pace spent by ${formatMoment(spentAtMs)}`
  return `on pace for ${formatUsd(projectedUsd)}`
}

function resetOf({ resetsMs }: BudgetState): string | undefined {
  return resetsMs === null ? undefined : `resets ${formatMoment(resetsMs)}`
}
