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
    check: client.check,
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
    blocks: [section(text.slice(0, MAX_BLOCK))],
    unfurl_links: false,
    unfurl_media: false,
  }
}

/** A message takes 50 blocks. */
const MAX_BLOCKS = 45

/** A title, and a text of fixed width that others wrote in, in as many messages as it takes. */
export function slackReport(title: string, text: string) {
  const blocks = partsOf(text).map((part) => section(`\`\`\`${part}\`\`\``))
  const messages: object[] = []
  for (let at = 0; at < blocks.length; at += MAX_BLOCKS) {
    const head = at === 0 ? [section(`*${entities(title)}*`)] : []
    messages.push({
      text: entities(title),
      blocks: [...head, ...blocks.slice(at, at + MAX_BLOCKS)],
      unfurl_links: false,
      unfurl_media: false,
    })
  }
  return messages
}

/** Whole lines, as many as a block takes. */
function partsOf(text: string): readonly string[] {
  const parts: string[] = []
  let part = ''
  for (const line of entities(text).trimEnd().split('\n')) {
    if (part !== '' && part.length + line.length >= MAX_BLOCK) {
      parts.push(part)
      part = ''
    }
    part += `${part === '' ? '' : '\n'}${line.slice(0, MAX_BLOCK)}`
  }
  return part === '' ? parts : [...parts, part]
}

/** Nothing ends the fence, and what Slack reads as a link or a mention is text ("Formatting text"). */
function entities(text: string): string {
  return text
    .replaceAll('`', "'")
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
}

function section(text: string) {
  return { type: 'section', text: { type: 'mrkdwn', text } }
}
