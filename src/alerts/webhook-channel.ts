/** The generic webhook: an alert as JSON, whose `text` Slack and others display. */
import type { AlertChannel } from './channel.ts'
import { createWebhookClient } from './webhook-client.ts'
import { webhookMessage } from './webhook-message.ts'

/** For a whole exchange. */
export const WEBHOOK_TIMEOUT_MS = 10_000

export function webhookChannel(url: string): AlertChannel {
  const client = createWebhookClient({ url, timeoutMs: WEBHOOK_TIMEOUT_MS })
  return {
    name: 'webhook',
    label: 'budget webhook',
    address: url,
    check: client.check,
    send: (queued, nowMs, stop) => client.post(webhookMessage(queued), nowMs, stop),
  }
}
