/**
 * An alert as what is posted to a webhook: plain fields for programs, and a `text` as Slack and those who
 * speak like it show it. Holds nothing that anyone wrote in a session.
 */
import { type Alert, alertText, type QueuedAlert } from '../domain/alert.ts'
import { safeLine } from '../domain/safe-text.ts'

/** Of a budget of the settings, what stands first; of everything else, more. */
export interface WebhookMessage {
  /** The same at each try: who has seen it need not show it again. */
  readonly id: string
  readonly text: string
  /** `session`, `day`, `user`, `team`; of a managed budget also `all`, `project`, `model`, `agent`. */
  readonly scope: string
  /** The session's key, or the user, team, project, model or agent; null for all. */
  readonly subject: string | null
  /** Of a budget with a calendar window; the hour of a spike. */
  readonly date: string | null
  /** Of a threshold that was passed. */
  readonly thresholdPercent: number | null
  /** Of a budget. */
  readonly limitUsd: number | null
  /** Absent of a plan, whose use is told in percent. */
  readonly spentUsd?: number
  /** ISO 8601. */
  readonly at: string
  /** Absent for a budget of the settings; `budget` is a threshold of a managed one. */
  readonly kind?: Alert['kind']
  /** The name of a managed budget, and its window. */
  readonly budget?: string
  readonly window?: string
  /** Of a forecast: the day on which it is spent, and what will have been spent when the window ends. */
  readonly spentOn?: string
  readonly projectedUsd?: number
  /** Of a spike: what nine of ten cost at most. */
  readonly usualUsd?: number
  /** Of a plan: the agent, its window in its own words, how much of it is used, and when it begins anew. */
  readonly agent?: string
  readonly usedPercent?: number
  readonly resets?: string | null
}

const MAX_SUBJECT_LENGTH = 1000

export function webhookMessage({ id, alert }: QueuedAlert): WebhookMessage {
  const { subject, scope, atMs } = alert
  const date = dateOf(alert)
  return {
    id,
    text: `claude-telemetry: ${alertText(alert, nameInChat)}`,
    scope,
    subject: subject === '' ? null : subject.slice(0, MAX_SUBJECT_LENGTH).toWellFormed(),
    date: date === '' ? null : date,
    ...figuresOf(alert),
    at: new Date(atMs).toISOString(),
  }
}

function dateOf(alert: Alert): string {
  if (alert.kind === 'plan') return ''
  return alert.kind === 'spike' ? alert.hour : alert.date
}

function figuresOf(alert: Alert) {
  if (alert.kind === 'plan') {
    const { kind, agent, plan: window, about, usedPercent, resets } = alert
    const thresholdPercent = about === 'reset' ? null : about
    const ofPlan = { agent, window, usedPercent, resets: resets === '' ? null : resets }
    return { kind, thresholdPercent, limitUsd: null, ...ofPlan }
  }
  if (alert.kind === 'spike') {
    const { kind, costUsd: spentUsd, usualUsd } = alert
    return { kind, thresholdPercent: null, limitUsd: null, spentUsd, usualUsd }
  }
  const { kind, limitUsd, spentUsd, budget, window } = alert
  const ofBudget = {
    ...{ limitUsd, spentUsd },
    ...(budget !== undefined && { kind, budget }),
    ...(window !== undefined && { window }),
  }
  if (kind === 'budget') return { thresholdPercent: alert.threshold, ...ofBudget }
  const { spentOn, projectedUsd } = alert
  return { thresholdPercent: null, ...ofBudget, spentOn, projectedUsd }
}

/** Markup, mentions, links, emoji: what some chat or other would make more of than text. */
const MARKUP =
  /[*~`|[\]\\@#]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])|:\/\/|:[\w+-]+:|[\p{L}\p{N}]\.\p{L}{2}/u
const MAIL_ADDRESS = /^[\w.+-]+@(?!(?:everyone|here|channel|all)\b)[\w-]+(?:\.[\w-]+)+$/i

/**
 * A name as a name: none calls a channel, is a link, an image or bold. Chats differ in how markup is
 * escaped, but in all of them it means nothing between backticks, and Slack wants three characters
 * written as entities ("Formatting text for app surfaces").
 */
export function nameInChat(name: string): string {
  const line = safeLine(name).trim()
  const isPlain = !MARKUP.test(line) || MAIL_ADDRESS.test(line)
  const shown = isPlain ? line : `\`${line.replaceAll('`', "'")}\``
  return shown.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
