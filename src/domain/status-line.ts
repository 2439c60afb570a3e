/** What a bridge answers a status line about a session; US dollars. */
import type { HeldSubject } from './budget-subject.ts'

export interface StatusFigures {
  /** What is stored of the session's cost. */
  readonly sessionUsd: number
  /** What its user spent today; as long as it has no user, all spending that is visible. */
  readonly todayUsd: number
  /** The budgets that the session is held against. */
  readonly budgets: readonly StatusBudget[]
}

export interface StatusBudget {
  readonly scope: HeldSubject['scope']
  /** The name of a managed budget. */
  readonly budget?: string
  readonly limitUsd: number
  readonly spentUsd: number
}

/** The path that a status line asks, below which stands the agent's name. */
export const STATUS_LINE_PATH = '/statusline'

/** The hook that the bridge stores what a status line told as. Agents have none of that name. */
export const STATUS_LINE_HOOK = 'StatusLine'
