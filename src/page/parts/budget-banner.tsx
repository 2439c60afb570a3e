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
        <p key={budgetKey(budget)}>
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

/** Distinct among all that are shown. */
export function budgetKey({ scope, name, sessionKey, budget }: BudgetState): string {
  return JSON.stringify([budget, scope, sessionKey ?? name])
}

/** What a budget is for, in words. */
export function budgetName({ scope, name, budget = null, window = 'day' }: BudgetState): string {
  const whose =
    scope === 'session' ? `session ${name ?? ''}`.trim() : name === null ? '' : `${scope} ${name}`
  if (budget === null) {
    if (scope === 'session') return whose
    return whose === '' ? 'today' : `${whose} today`
  }
  const when = WINDOW_TEXT[window] ?? `in the last ${window}`
  return [`${budget}:`, whose, when].filter((part) => part !== '').join(' ')
}

const WINDOW_TEXT: Readonly<Record<string, string>> = {
  session: '',
  day: 'today',
  week: 'this week',
  month: 'this month',
}
