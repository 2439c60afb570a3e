/** Alerts as they stand in columns, which every engine names so. */
import { createHash } from 'node:crypto'
import { type Alert, ALERT_KINDS, alertTopic, type QueuedAlert } from '../domain/alert.ts'
import type { BudgetScope, Threshold } from '../domain/budget.ts'
import type { BudgetOf, BudgetWindow } from '../domain/budget-subject.ts'
import type { Budget } from '../domain/managed-budget.ts'
import { parseJsonText } from './json-text.ts'

/** A row of `alerts`: of one channel, or with an empty one the note that the alert was raised. */
export interface AlertRow {
  readonly id: string
  readonly channel: string
  readonly kind: string
  readonly topic: string
  readonly subject: string
  readonly body: string
  readonly created_ms: number
  readonly attempts: number
  readonly not_before_ms: number | null
}

/** Alerts that wait for one channel; beyond it they are only recorded. */
export const MAX_WAITING_ALERTS = 1000

/** For a condition: other kinds are of a later version. */
export const KNOWN_KINDS = ALERT_KINDS.map((kind) => `'${kind}'`).join(', ')

/** The columns of an alert. Its subject is apart: it is what somebody sent. */
export function alertColumns(alert: Alert): Pick<AlertRow, 'kind' | 'topic' | 'subject' | 'body'> {
  const { kind, subject, ...body } = alert
  const topic = createHash('sha256').update(alertTopic(alert)).digest('base64url')
  return { kind, topic, subject, body: JSON.stringify(body) }
}

/** Undefined for what cannot be read. */
export function queuedAlertOf({
  id,
  kind,
  subject,
  body,
  attempts,
  not_before_ms,
}: AlertRow): QueuedAlert | undefined {
  const read = parseJsonText(body)
  if (!read.ok || typeof read.value !== 'object') return undefined
  const alert = { ...read.value, kind, subject } as Alert
  return { id, alert, attempts, notBeforeMs: not_before_ms ?? 0 }
}

/** What of a row of `budget_alerts` is told. */
export function foundAlertOf(row: {
  readonly scope: BudgetScope
  readonly subject: string
  readonly date: string
  readonly threshold: Threshold
  readonly limit_usd: number
  readonly spent_usd: number
  readonly created_ms: number
}): Alert {
  const { scope, subject, date, threshold, limit_usd: limitUsd, spent_usd: spentUsd } = row
  return {
    ...{ kind: 'budget', scope, subject, date, threshold, limitUsd, spentUsd },
    atMs: row.created_ms,
  }
}

/** A row of `budgets`. */
export interface BudgetRow {
  readonly name: string
  readonly subject_kind: BudgetOf
  readonly subject: string | null
  readonly time_window: BudgetWindow
  readonly limit_usd: number
}

export function budgetOf(row: BudgetRow): Budget {
  const { name, subject_kind: of, subject, time_window: window, limit_usd: limitUsd } = row
  return { name, of, ...(subject !== null && { subject }), window, limitUsd }
}
