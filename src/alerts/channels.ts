/** The channels that the settings configure. */
import type { AlertChannel } from './channel.ts'
import { desktopChannel } from './desktop-channel.ts'
import { jsonChannel, readJsonTemplate } from './json-channel.ts'
import { mailChannel } from './mail-channel.ts'
import { slackChannel } from './slack-channel.ts'
import { webhookChannel } from './webhook-channel.ts'
import type { Config } from '../config/config.ts'
import { ok, type Result } from '../domain/result.ts'
import { readSmtpUrl } from '../http/smtp.ts'

/** The error is a sentence for a person. */
export function alertChannels({
  budgets,
  alerts,
  smtp,
}: Pick<Config, 'budgets' | 'alerts' | 'smtp'>): Result<readonly AlertChannel[], string> {
  const { webhookUrl } = budgets
  const { slackUrl, mailTo, isOnDesktop, json } = alerts
  const template = readJsonTemplate(json?.templateFile)
  if (!template.ok) return template
  const channels: AlertChannel[] = []
  if (webhookUrl !== undefined) channels.push(webhookChannel(webhookUrl))
  if (slackUrl !== undefined) channels.push(slackChannel(slackUrl))
  const server = smtp === undefined ? undefined : readSmtpUrl(smtp.url)
  if (mailTo !== undefined && smtp !== undefined && server !== undefined) {
    channels.push(mailChannel({ server, from: smtp.from, to: mailTo }))
  }
  if (isOnDesktop) channels.push(desktopChannel(process.platform))
  if (json !== undefined) {
    const { url, headers } = json
    channels.push(jsonChannel({ url, headers, template: template.value }))
  }
  return ok(channels)
}

/** Whether anybody is told beside the log. */
export function hasAlertChannels({ budgets, alerts }: Pick<Config, 'budgets' | 'alerts'>): boolean {
  const { slackUrl, mailTo, json, isOnDesktop } = alerts
  const given = [budgets.webhookUrl, slackUrl, mailTo, json]
  return isOnDesktop || given.some((each) => each !== undefined)
}
