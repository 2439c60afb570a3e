/**
 * By what Claude Code's records are known when a pipeline in between took their scope and resource,
 * and the names that such pipelines change. Any one sign is enough: nobody else uses these names.
 */
import type { Attributes, AttributeValue } from '../../domain/json-value.ts'
import type { LogRecord, Origin } from '../../domain/telemetry-record.ts'
import type { AgentSigns, NamedAttributes } from '../profile.ts'
import { numberOf, textOf } from '../read-attribute.ts'
import { claudeCodeEvents } from './events.ts'

const SERVICE = 'claude-code'
/** Of events, metrics and spans; dots may have become underscores. */
const PREFIX = /^claude_code[._](?=[a-z])/

/** The bare name of an event, a metric or a span; `undefined` when it has no prefix of Claude Code. */
export function bareName(name: unknown): string | undefined {
  if (typeof name !== 'string') return undefined
  const bare = name.replace(PREFIX, '')
  return bare === name ? undefined : bare
}

/** Where log shippers put the text of a body, among fields of their own. */
const BODY_KEYS = ['log', 'message', 'msg', 'body'] as const

/** The name of an event that a body is, or has where a log shipper puts it. */
export function nameInBody(body: AttributeValue): string | undefined {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return bareName(body)
  const fields = body as Attributes
  return BODY_KEYS.map((key) => bareName(fields[key])).find((name) => name !== undefined)
}

export const claudeCodeSigns: AgentSigns = {
  origin: isOwnService,
  log: (record) =>
    nameInBody(record.body) !== undefined ||
    bareName(record.eventName) !== undefined ||
    isOwnEvent(record),
  metric: ({ name }) => bareName(name) !== undefined,
  span: ({ name }) => bareName(name) !== undefined,
}

function isOwnService({ resource }: Origin): boolean {
  return textOf(resource, 'service.name') === SERVICE
}

/**
 * A name with the prefix; or, where no scope says otherwise, a bare one of the table beside the count
 * that no other agent sends.
 */
function isOwnEvent({ attributes, origin }: LogRecord): boolean {
  const name = textOf(attributes, 'event.name')
  if (name === undefined) return false
  if (bareName(name) !== undefined) return true
  const isKnown = origin.scopeName === '' && Object.hasOwn(claudeCodeEvents, name)
  return isKnown && numberOf(attributes, 'event.sequence') !== undefined && hasSession(attributes)
}

function hasSession(attributes: Attributes): boolean {
  return textOf(attributes, 'session.id') !== undefined
}

export const claudeCodeAttributes: NamedAttributes = {
  dotted: [
    ...['session.id', 'user.id', 'user.email', 'user.account_uuid', 'user.account_id'],
    ...['organization.id', 'terminal.type', 'app.version', 'anthropic.provider'],
    ...['event.name', 'event.timestamp', 'event.sequence', 'prompt.id', 'message.uuid'],
    ...['agent.name', 'agent.source', 'skill.name', 'skill.source', 'mcp_server.name'],
    ...[
      'mcp_tool.name',
      'workflow.name',
      'plugin.name',
      'plugin.scope',
      'marketplace.name',
      'app.entrypoint',
    ],
    ...['vcs.repository.url.full', 'vcs.owner.name', 'vcs.repository.name', 'vcs.provider.name'],
    ...['managed_settings.trigger', 'managed_settings.sources', 'span.type', 'message.id'],
  ],
  ids: [
    ...['session.id', 'user.id', 'user.email', 'user.account_uuid', 'user.account_id'],
    ...['organization.id', 'terminal.type', 'prompt.id'],
  ],
  always: ['session.id', 'user.id'],
  time: 'event.timestamp',
}
