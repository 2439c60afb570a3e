/**
 * Claude Code, 1.0.128 to 2.1.329, as recorded in `test/corpus/claude-code`.
 * The tables of its events and metrics stand in files of their own.
 */
import type { Attributes } from '../../domain/json-value.ts'
import type { Identity } from '../../domain/identity.ts'
import type { LogRecord, Origin } from '../../domain/telemetry-record.ts'
import { claudeCodeEvents } from './events.ts'
import { claudeCodeHooks } from './hooks.ts'
import { claudeCodeMetricName, claudeCodeMetrics } from './metrics.ts'
import { claudeCodeQuantities } from './quantities.ts'
import { claudeCodeSpans } from './spans.ts'
import { bareName, claudeCodeAttributes, claudeCodeSigns, nameInBody } from './signs.ts'
import type { AgentProfile } from '../profile.ts'
import { shownAttributes } from '../origin-identity.ts'
import { numberOf, textOf } from '../read-attribute.ts'

const SCOPE = 'com.anthropic.claude_code'

/** Resource attributes that describe the machine or the SDK, not the work. */
const UNSHOWN_RESOURCE =
  /^(host|os|service|telemetry|process|container|deployment|user|session|terminal)\./

/** OTEL_SERVICE_NAME changes the service (recording resource-attributes); other signs: `signs.ts`. */
function recognises(origin: Origin): boolean {
  return origin.scopeName.startsWith(SCOPE)
}

function eventName(record: LogRecord): string | undefined {
  const named = textOf(record.attributes, 'event.name')
  if (named !== undefined) return bareName(named) ?? named
  const ofBody = nameInBody(record.body)
  if (ofBody !== undefined) return ofBody
  return record.eventName === '' ? undefined : (bareName(record.eventName) ?? record.eventName)
}

/**
 * With OTEL_METRICS_INCLUDE_SESSION_ID=false logs lack the id too. Such records are grouped
 * by user, terminal and day (UTC): see docs/decisions/0004.
 */
function substituteSessionId(attributes: Attributes, timeMs: number): string | undefined {
  const user = textOf(attributes, 'user.id') ?? textOf(attributes, 'user.email')
  if (user === undefined) return undefined
  const terminal = textOf(attributes, 'terminal.type') ?? 'unknown'
  const day = new Date(timeMs).toISOString().slice(0, 10)
  return `no-session-id:${user.slice(0, 16)}:${terminal.slice(0, 40)}:${day}`
}

function identity(origin: Origin, attributes: Attributes): Identity {
  const userId =
    textOf(attributes, 'user.email') ??
    textOf(attributes, 'user.account_uuid') ??
    textOf(attributes, 'user.id')
  const organizationId = textOf(attributes, 'organization.id')
  const terminal = textOf(attributes, 'terminal.type')
  const agentVersion = textOf(origin.resource, 'service.version')
  const environment =
    textOf(origin.resource, 'deployment.environment.name') ??
    textOf(origin.resource, 'deployment.environment')
  const labels = labelsOf(origin, attributes)
  // Field by field: this is done for each record, and spreading what may be absent is slow.
  const told: { -readonly [K in keyof Identity]: Identity[K] } = {}
  if (userId !== undefined) told.userId = userId
  if (organizationId !== undefined) told.organizationId = organizationId
  if (terminal !== undefined) told.terminal = terminal
  if (agentVersion !== undefined) told.agentVersion = agentVersion
  if (environment !== undefined) told.environment = environment
  if (labels !== undefined) told.labels = labels
  return told
}

/** Ids that the application around the agent gives its own session and user. */
const OUTSIDE_IDS = ['session.id', 'user.id'] as const

type Labels = Readonly<Record<string, string>>

/** What is worked out once for an origin, which all records of a scope share. */
interface OriginLabels {
  /** The outside ids that its resource has: of most, none. */
  readonly outsideIds: readonly string[]
  /** By those ids that are shown. */
  readonly shown: Map<string, Labels>
}

const labelsByOrigin = new WeakMap<Origin, OriginLabels>()

/**
 * On the resource, the ids of a session and a user are those of an application that runs the agent,
 * where the record has the agent's own beside them. Pipelines move the agent's own there as well.
 */
function labelsOf(origin: Origin, attributes: Attributes): Labels | undefined {
  const { resource } = origin
  let known = labelsByOrigin.get(origin)
  if (known === undefined) {
    const outsideIds = OUTSIDE_IDS.filter((key) => textOf(resource, key) !== undefined)
    known = { outsideIds, shown: new Map() }
    labelsByOrigin.set(origin, known)
  }
  const isOutside = (key: string) => {
    const own = textOf(attributes, key)
    return own !== undefined && own !== textOf(resource, key)
  }
  const outside =
    known.outsideIds.length === 0 ? known.outsideIds : known.outsideIds.filter(isOutside)
  const name = outside.join()
  let labels = known.shown.get(name)
  if (labels === undefined) {
    const isShown = (key: string) => !UNSHOWN_RESOURCE.test(key) || outside.includes(key)
    labels = shownAttributes(resource, isShown)
    known.shown.set(name, labels)
  }
  return Object.keys(labels).length > 0 ? labels : undefined
}

/** Products that speak Claude Code's vocabulary under a service name of their own. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['cowork', 'cowork'],
  ['claude-cowork', 'cowork'],
  ['claude-desktop', 'claude-desktop'],
  ['claude-code-desktop', 'claude-desktop'],
])

function agentOf({ resource }: Origin): string {
  return ALIASES.get((textOf(resource, 'service.name') ?? '').toLowerCase()) ?? 'claude-code'
}

export const claudeCode: AgentProfile = {
  agent: 'claude-code',
  title: 'Claude Code',
  agentOf,
  recognises,
  signs: claudeCodeSigns,
  named: claudeCodeAttributes,
  eventName,
  sessionId: (attributes) => textOf(attributes, 'session.id'),
  substituteSessionId,
  identity,
  sequence: (attributes) => numberOf(attributes, 'event.sequence'),
  promptId: (attributes) => textOf(attributes, 'prompt.id'),
  subagentId: (attributes) => textOf(attributes, 'agent_id'),
  quantities: claudeCodeQuantities,
  events: claudeCodeEvents,
  metrics: claudeCodeMetrics,
  metricName: claudeCodeMetricName,
  spans: claudeCodeSpans,
  hooks: claudeCodeHooks,
}
