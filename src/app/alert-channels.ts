/** The channels that the settings configure. */
import type { AlertChannel } from '../alerts/channel.ts'
import { webhookChannel } from '../alerts/webhook-channel.ts'
import type { Config } from '../config/config.ts'

export function alertChannels({ budgets }: Pick<Config, 'budgets'>): readonly AlertChannel[] {
  const { webhookUrl } = budgets
  return [...(webhookUrl === undefined ? [] : [webhookChannel(webhookUrl)])]
}
