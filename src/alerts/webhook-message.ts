/**
 * A budget alert as what is posted to a webhook: plain fields for programs, and a `text` as Slack
 * and those who speak like it show it. Holds nothing that anyone wrote in a session.
 */
import { budgetText, type QueuedAlert } from '../domain/budget.ts'
import { safeLine } from '../domain/safe-text.ts'

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
    text: `claude-telemetry: ${budgetText(alert, nameInChat)}`,
    scope,
    subject: subject === '' ? null : subject.slice(0, MAX_SUBJECT_LENGTH).toWellFormed(),
    date: date === '' ? null : date,
    thresholdPercent: threshold,
    limitUsd,
    spentUsd,
    at: new Date(atMs).toISOString(),
  }
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
function nameInChat(name: string): string {
  const line = safeLine(name).trim()
  const isPlain = !MARKUP.test(line) || MAIL_ADDRESS.test(line)
  const shown = isPlain ? line : `\`${line.replaceAll('`', "'")}\``
  return shown.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
