/**
 * A budget alert as what is posted to a webhook: plain fields for programs, and a `text` as Slack
 * and those who speak like it show it. Holds nothing that anyone wrote in a session.
 */
import type { QueuedAlert } from '../domain/alert-queue.ts'
import { budgetText } from '../domain/budget-text.ts'

export interface WebhookMessage {
  /** The same at each try: who has seen it need not show it again. */
  readonly id: string
  readonly text: string
  readonly scope: 'session' | 'day' | 'user' | 'team'
  /** The session's key, the user or the team; null for the whole day. */
  readonly subject: string | null
  /** Of a daily budget. */
  readonly date: string | null
  readonly thresholdPercent: number
  readonly limitUsd: number
  readonly spentUsd: number
  /** ISO 8601. */
  readonly at: string
}

const MAX_SUBJECT_LENGTH = 1000

export function webhookMessage({ id, alert }: QueuedAlert): WebhookMessage {
  const { scope, subject, date, threshold, limitUsd, spentUsd, atMs } = alert
  return {
    id,
    text: `claude-telemetry: ${escaped(budgetText(alert))}`,
    scope,
    subject: subject === '' ? null : subject.slice(0, MAX_SUBJECT_LENGTH).toWellFormed(),
    date: date === '' ? null : date,
    thresholdPercent: threshold,
    limitUsd,
    spentUsd,
    at: new Date(atMs).toISOString(),
  }
}

/** Slack's control characters ("Formatting text for app surfaces"): nobody's name is a command. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
