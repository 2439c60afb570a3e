/** E-mail: the alert as text and as HTML, with a Message-ID that is the same at each try. */
import { alertText, type QueuedAlert } from '../domain/alert.ts'
import { err, ok } from '../domain/result.ts'
import { safeLine } from '../domain/safe-text.ts'
import { checkMailServer, type Mail, type SmtpServer, sendMail } from '../http/smtp.ts'
import type { AlertChannel } from './channel.ts'

export interface MailSettings {
  readonly server: SmtpServer
  readonly from: string
  readonly to: readonly string[]
}

/** For a whole mail. */
export const MAIL_TIMEOUT_MS = 30_000
/** For connecting and logging in. */
const CHECK_TIMEOUT_MS = 10_000
const MAX_SUBJECT = 200

export function mailChannel({ server, from, to }: MailSettings): AlertChannel {
  return {
    name: 'mail',
    label: 'mail server of alerts',
    check: (stop) => checkMailServer(server, { timeoutMs: CHECK_TIMEOUT_MS, stop }),
    send: async (queued, _, stop) => {
      const sent = await sendMail(server, alertMail(queued, from, to), {
        timeoutMs: MAIL_TIMEOUT_MS,
        stop,
      })
      return sent.ok ? ok(sent.value) : err({ reason: sent.error })
    },
  }
}

export function alertMail({ id, alert }: QueuedAlert, from: string, to: readonly string[]): Mail {
  const text = safeLine(alertText(alert))
  return {
    from,
    to,
    subject: `claude-telemetry: ${text}`.slice(0, MAX_SUBJECT),
    text: `${text}\n\nFound at ${new Date(alert.atMs).toISOString()} by claude-telemetry.\n`,
    html: `<p>${htmlText(text)}</p>\n<p><small>Found at ${new Date(alert.atMs).toISOString()} by claude-telemetry.</small></p>\n`,
    messageId: `<${id}@claude-telemetry>`,
  }
}

/** Text as HTML shows it, in elements and in attributes. */
export function htmlText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}
