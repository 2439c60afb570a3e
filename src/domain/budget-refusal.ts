/** What a spent budget refused. Knows next to nothing of budgets: every event can carry one. */
import type { HeldSubject } from './budget-subject.ts'

/** What an agent asks for before it goes on: for a prompt, or for a tool of the turn at hand. */
export type BrakedStep = 'prompt' | 'tool'

/** A step that was refused. Stored with the hook that asked, so that a replay tells it again. */
export interface BudgetRefusal extends HeldSubject {
  readonly step: BrakedStep
  readonly limitUsd: number
  readonly spentUsd: number
  /** What the person is told. */
  readonly reason: string
}
