/** An incoming webhook of Slack: the alert as a block, so that nothing of it is unfurled. */
import { webhookMessage } from './webhook-message.ts'
import type { AlertChannel } from './channel.ts'
import { WEBHOOK_TIMEOUT_MS } from './webhook-channel.ts'
import { createWebhookClient } from './webhook-client.ts'

export function slackChannel(url: string): AlertChannel {
  const client = createWebhookClient({ url, timeoutMs: WEBHOOK_TIMEOUT_MS })
  return {
    name: 'slack',
    label: 'Slack webhook',
    address: url,
    send: (queued, nowMs, stop) =>
      client.post(slackMessage(webhookMessage(queued).text), nowMs, stop),
  }
}

/** Slack cuts the text of a block at 3000 characters with an error. */
const MAX_BLOCK = 2900

/** A text in Slack's own markup: whoever makes it has escaped what others wrote. */
export function slackMessage(text: string) {
  return {
    text,
    blocks: blocksOf(text),
    unfurl_links: false,
    unfurl_media: false,
  }
}

function blocksOf(text: string) {
  const blocks: object[] = []
  let part = ''
  for (const line of text.split('\n')) {
    if (part !== '' && part.length + line.length >= MAX_BLOCK) {
      blocks.push(section(part))
      part = ''
    }
    part += `${part === '' ? '' : '\n'}${line.slice(0, MAX_BLOCK)}`
  }
  return [...blocks, section(part)]
}

function section(text: string) {
  return { type: 'section', text: { type: 'mrkdwn', text } }
}
