/**
 * `report --mail` and `--slack`: sends a report instead of printing it, as a text of fixed width, so that
 * it looks as it does in a pipe. Names in it are those of others, and are text wherever it is shown.
 */
import { randomUUID } from 'node:crypto'
import { type Command, InvalidArgumentError } from 'commander'
import type { Config } from '../config/config.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { safeBlock } from '../domain/safe-text.ts'
import type { CliContext } from './context.ts'
import { nameDestinations } from './destination.ts'
import { failed, type Outcome, type Report } from './outcome.ts'
import { createTerminal } from './terminal.ts'

export interface SendingOptions {
  readonly mail?: readonly string[]
  readonly slack?: boolean
}

export function addSendingOptions(command: Command): Command {
  return command
    .option(
      '--mail <address...>',
      'send it by e-mail (SMTP_URL, SMTP_FROM) instead of printing it',
      addressesOf,
    )
    .option('--slack', 'post it to Slack (ALERT_SLACK_URL) instead of printing it')
}

export function isSent({ mail, slack }: SendingOptions): boolean {
  return mail !== undefined || slack === true
}

/** Sends to each; where one of them fails, the others have it, and the command fails. */
export async function sendReport(
  report: Report,
  title: string,
  {
    config,
    context,
    options,
  }: {
    readonly config: Config
    readonly context: CliContext
    readonly options: SendingOptions
  },
): Promise<Outcome> {
  const text = textOf(report)
  const failures: string[] = []
  const sent: string[] = []
  const note = (where: string, failure: string | undefined): void => {
    if (failure === undefined) sent.push(`The report was sent ${where}.`)
    else failures.push(`the report was not sent ${where}: ${failure}`)
  }
  if (options.mail !== undefined) {
    const { smtp } = config
    if (smtp === undefined) return failed('--mail needs a mail server: set SMTP_URL and SMTP_FROM')
    const where = `to ${options.mail.join(', ')}`
    const mailed = await byMail(smtp, options.mail, title, text, context)
    if (mailed.ok && mailed.value !== undefined) {
      failures.push(`the report was not sent to all of ${options.mail.join(', ')}: ${mailed.value}`)
    } else note(where, mailed.ok ? undefined : mailed.error)
  }
  if (options.slack === true) {
    const { slackUrl } = config.alerts
    if (slackUrl === undefined)
      return failed('--slack needs an incoming webhook: set ALERT_SLACK_URL')
    note('to Slack', await toSlack(slackUrl, title, text, context))
  }
  if (failures.length === 0) return ok({ lines: sent })
  context.stdout.print(sent)
  return { ok: false, error: { messages: failures } }
}

async function byMail(
  { url, from }: NonNullable<Config['smtp']>,
  to: readonly string[],
  title: string,
  text: string,
  { stderr }: CliContext,
): Promise<Result<string | undefined, string>> {
  const [{ readSmtpUrl, sendMail }, { htmlText, MAIL_TIMEOUT_MS }] = await Promise.all([
    import('../http/smtp.ts'),
    import('../alerts/mail-channel.ts'),
  ])
  const server = readSmtpUrl(url)
  if (server === undefined) return err('SMTP_URL names no mail server')
  const where = `${server.host}:${server.port}`
  nameDestinations(stderr, [{ what: 'Mail', where, from: 'SMTP_URL' }])
  const mail = {
    ...{ from, to, text, messageId: `<${randomUUID()}@claude-telemetry>` },
    subject: `claude-telemetry: ${title}`,
    html: `<pre style="font-family: monospace">${htmlText(text)}</pre>\n`,
  }
  return sendMail(server, mail, { timeoutMs: MAIL_TIMEOUT_MS })
}

async function toSlack(
  url: string,
  title: string,
  text: string,
  { now, stderr }: CliContext,
): Promise<string | undefined> {
  const [{ createWebhookClient }, { slackReport }, { WEBHOOK_TIMEOUT_MS }] = await Promise.all([
    import('../alerts/webhook-client.ts'),
    import('../alerts/slack-channel.ts'),
    import('../alerts/webhook-channel.ts'),
  ])
  const client = createWebhookClient({ url, timeoutMs: WEBHOOK_TIMEOUT_MS })
  nameDestinations(stderr, [{ what: 'Slack', where: new URL(url).host, from: 'ALERT_SLACK_URL' }])
  for (const message of slackReport(`claude-telemetry: ${title}`, text)) {
    const sent = await client.post(message, now(), new AbortController().signal)
    if (!sent.ok) return sent.error.reason
  }
  return undefined
}

/** As in a pipe: nothing is cut, and nothing has a colour. */
function textOf(report: Report): string {
  if ('document' in report) return `${safeBlock(report.document)}\n`
  const parts: string[] = []
  const terminal = createTerminal({ write: (part) => parts.push(part) }, {})
  terminal.print(report.lines)
  return parts.join('')
}

const ADDRESS = /^[^\s@<>(),;:"\\[\]\p{Cc}]{1,64}@[^\s@<>(),;:"\\[\]\p{Cc}]{1,253}$/u

/** Commander calls it for each value; one may hold several, between commas. */
function addressesOf(text: string, before: readonly string[] = []): readonly string[] {
  const given = text.split(',').map((part) => part.trim())
  if (given.every((address) => ADDRESS.test(address))) return [...before, ...given]
  throw new InvalidArgumentError('Expected e-mail addresses such as ada@example.com.')
}
