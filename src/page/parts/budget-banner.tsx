/** Budgets that are nearly or wholly spent, above every view. */
import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { api } from '../../api/contract/api.ts'
import type { BudgetState } from '../../api/contract/budgets.ts'
import { ask } from '../ask.ts'
import { formatRatio } from '../format/count.ts'
import { formatUsd } from '../format/usd.ts'
import { sessionPath } from '../session-path.ts'

const SHOWN = 3

export function BudgetBanner() {
  const { data } = useQuery({
    queryKey: ['budgets'],
    queryFn: () => ask(api.budgets),
    refetchInterval: 10_000,
  })
  const strained = (data?.budgets ?? []).filter(({ level }) => level !== 'ok')
  if (strained.length === 0) return null
  const isOver = strained.some(({ level }) => level === 'over')
  return (
    <div className={`banner ${isOver ? 'banner-error' : 'banner-warning'}`} role="status">
      {strained.slice(0, SHOWN).map((budget) => (
        <p key={`${budget.scope} ${budget.name ?? ''}`}>
          <BudgetText budget={budget} />
        </p>
      ))}
      {strained.length > SHOWN && <p>and {strained.length - SHOWN} more budgets</p>}
    </div>
  )
}

function BudgetText({ budget }: { readonly budget: BudgetState }) {
  const { level, spentUsd, limitUsd, sessionKey } = budget
  return (
    <>
      <strong>{level === 'over' ? 'Over budget' : 'Near the budget'}: </strong>
      {sessionKey === null ? (
        budgetName(budget)
      ) : (
        <Link href={sessionPath(sessionKey)}>{budgetName(budget)}</Link>
      )}{' '}
      spent {formatUsd(spentUsd)} of {formatUsd(limitUsd)} (
      {formatRatio(limitUsd > 0 ? spentUsd / limitUsd : null)})
    </>
  )
}

/** What a budget is for, in words. */
export function budgetName({ scope, name }: BudgetState): string {
  if (scope === 'day') return 'today'
  if (scope === 'session') return `session ${name ?? ''}`.trim()
  return `${scope} ${name ?? '(none)'} today`
}
