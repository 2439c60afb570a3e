/**
 * Any service that takes JSON: the body is a template of the operator's own, in whose texts `{{name}}`
 * stands for a field of the alert. A text that is nothing but one placeholder becomes the field as it is,
 * a number for example. What is put in is text inside of a JSON string, whatever it holds.
 */
import { readFileSync } from 'node:fs'
import { alertText, type QueuedAlert } from '../domain/alert.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { safeLine } from '../domain/safe-text.ts'
import type { AlertChannel } from './channel.ts'
import { WEBHOOK_TIMEOUT_MS } from './webhook-channel.ts'
import { createWebhookClient } from './webhook-client.ts'
import { webhookMessage } from './webhook-message.ts'

export interface JsonTarget {
  readonly url: string
  /** May hold keys. */
  readonly headers: Readonly<Record<string, string>>
  readonly template: JsonTemplate
}

/** JSON with placeholders; null stands for all fields as the generic webhook has them. */
export type JsonTemplate = unknown

type Field = string | number | null

/** By the names that templates use. */
export function templateFields(queued: QueuedAlert): Readonly<Record<string, Field>> {
  const message = webhookMessage(queued)
  const { alert } = queued
  const isOver = alert.kind === 'budget' && alert.threshold >= 100
  return {
    id: message.id,
    // Plain, and with names escaped for chats and Markdown.
    text: `claude-telemetry: ${safeLine(alertText(alert))}`,
    markdown: message.text,
    kind: alert.kind,
    severity: isOver ? 'critical' : 'warning',
    scope: message.scope,
    subject: message.subject,
    date: message.date,
    budget: message.budget ?? null,
    window: message.window ?? null,
    thresholdPercent: message.thresholdPercent,
    limitUsd: message.limitUsd,
    spentUsd: message.spentUsd ?? null,
    spentOn: message.spentOn ?? null,
    projectedUsd: message.projectedUsd ?? null,
    usualUsd: message.usualUsd ?? null,
    agent: message.agent ?? null,
    usedPercent: message.usedPercent ?? null,
    resets: message.resets ?? null,
    at: message.at,
  }
}

export const TEMPLATE_FIELDS = [
  ...['id', 'text', 'markdown', 'kind', 'severity', 'scope', 'subject', 'date', 'budget', 'window'],
  ...['thresholdPercent', 'limitUsd', 'spentUsd', 'spentOn', 'projectedUsd', 'usualUsd', 'at'],
  ...['agent', 'usedPercent', 'resets'],
] as const

const MAX_TEMPLATE = 100_000
const PLACEHOLDER = /\{\{\s*([A-Za-z]+)\s*\}\}/g

/** Null where no file is named. */
export function readJsonTemplate(path: string | undefined): Result<JsonTemplate, string> {
  if (path === undefined) return ok(null)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return err(`ALERT_JSON_TEMPLATE ${path} cannot be read: ${message}`)
  }
  if (text.length > MAX_TEMPLATE) {
    return err(`ALERT_JSON_TEMPLATE ${path} has more than ${MAX_TEMPLATE} characters`)
  }
  const parsed = parseTemplate(text)
  return parsed.ok ? parsed : err(`ALERT_JSON_TEMPLATE ${path}: ${parsed.error}`)
}

/** A template of a file's text; the error is for a person. */
export function parseTemplate(text: string): Result<JsonTemplate, string> {
  let template: unknown
  try {
    template = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    // What the parser says quotes the text, which may hold a key.
    return err('it is not JSON')
  }
  if (typeof template !== 'object' || template === null) return err('it is not a JSON object')
  for (const each of textsOf(template)) {
    for (const [, name = ''] of each.matchAll(PLACEHOLDER)) {
      if (!(TEMPLATE_FIELDS as readonly string[]).includes(name)) {
        return err(`{{${name}}} is no field; there are ${TEMPLATE_FIELDS.join(', ')}`)
      }
    }
  }
  return ok(template)
}

export function filled(
  template: JsonTemplate,
  fields: Readonly<Record<string, Field>>,
): JsonTemplate {
  if (typeof template === 'string') return filledText(template, fields)
  if (Array.isArray(template)) return template.map((each: unknown) => filled(each, fields))
  if (typeof template !== 'object' || template === null) return template
  return Object.fromEntries(
    Object.entries(template).map(([name, value]) => [name, filled(value, fields)]),
  )
}

function filledText(text: string, fields: Readonly<Record<string, Field>>): Field {
  const [whole, name = ''] = /^\{\{\s*([A-Za-z]+)\s*\}\}$/.exec(text) ?? []
  if (whole !== undefined) return fields[name] ?? null
  return text.replace(PLACEHOLDER, (_, each: string) => String(fields[each] ?? ''))
}

function* textsOf(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value
  else if (typeof value === 'object' && value !== null) {
    for (const each of Object.values(value)) yield* textsOf(each)
  }
}

export function jsonChannel({ url, headers, template }: JsonTarget): AlertChannel {
  const client = createWebhookClient({ url, headers, timeoutMs: WEBHOOK_TIMEOUT_MS })
  return {
    name: 'json',
    label: 'JSON service of alerts',
    address: url,
    check: client.check,
    send: (queued, nowMs, stop) => {
      const body =
        template === null ? webhookMessage(queued) : filled(template, templateFields(queued))
      return client.post(body, nowMs, stop)
    },
  }
}
