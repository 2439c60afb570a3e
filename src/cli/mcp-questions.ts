/** The questions of the JSON API, answered by what is stored. Loaded with the MCP server alone. */
import { answerTo } from '../api/answers.ts'
import type { KnownBudget } from '../domain/managed-budget.ts'
import { ok } from '../domain/result.ts'
import type { AnswerTo, Ask } from '../mcp/tool.ts'
import { createBudgetStates } from '../reports/budget-state.ts'
import { createSpendingMemo } from '../reports/spending-memo.ts'
import { createStatusFigures } from '../reports/status-figures.ts'
import type { Data } from './open-data.ts'

export interface BudgetFacts {
  /** Of the settings and the file. */
  readonly fixed: readonly KnownBudget[]
  readonly timeZone: string
  readonly now: () => number
}

export function askOf(
  { reader, reports }: Pick<Data, 'reader' | 'reports'>,
  facts: BudgetFacts,
): Ask {
  const spending = { ...facts, reader, visible: 'all', memo: createSpendingMemo() } as const
  const queries = {
    ...reports,
    budgets: createBudgetStates(spending),
    statusLine: createStatusFigures(spending),
  }
  return async (question) => {
    const answer = await answerTo(queries, question)
    return answer.ok ? ok(JSON.parse(answer.value) as AnswerTo<typeof question.name>) : answer
  }
}
