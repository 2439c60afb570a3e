/**
 * Names and ids come from outside and become keys: of state, of rows, of what is sent. Whatever
 * profile read them, they are cut here to a length that nothing downstream has to think of. What is
 * stored of a record stays as it was sent; content keeps its length, and is cut where it is shown.
 *
 * Pure.
 */
import type { AgentEvent } from '../domain/agent-event.ts'
import type { CallDimensions } from '../domain/call-dimensions.ts'
import type { Identity } from '../domain/identity.ts'
import type { MetricSample } from '../domain/metric-sample.ts'
import type { JsonValue } from '../domain/json-value.ts'
import { type Bound, boundedName, isWithin, labelWithin, NAME, nameWithin } from './bounded-name.ts'
import { bounded } from '../sessions/content.ts'
import { type Labels, mergedLabels } from '../sessions/labels.ts'

type Item = AgentEvent | MetricSample
type Kind = Item['kind']

/** An event's name with an id, a time or a hash. */
const KEY: Bound = { length: 500, bytes: 1500 }
/** Further facts of a note, and parameters of a call. */
const MAX_DETAILS = 64
const DETAIL_LENGTH = 10_000

/** Fields that can hold any text: a new one has to be given a bound, or is left `whole`. */
type TextField<T> = {
  [K in keyof T]-?: string extends NonNullable<T[K]> ? K : never
}[keyof T]
type Bounds<T> = Readonly<Record<TextField<T>, Bound | 'whole'>>

const ofBase = {
  agent: NAME,
  // Longer ones are refused: see `record-session.ts`.
  sessionId: 'whole',
  dedupKey: KEY,
  resendKey: KEY,
  name: NAME,
  promptId: NAME,
  traceId: NAME,
  subagentId: NAME,
  transcriptKey: KEY,
  cwd: KEY,
} as const

const bounds: { readonly [K in Kind]: Bounds<Extract<Item, { readonly kind: K }>> } = {
  prompt: { ...ofBase, prompt: 'whole', command: NAME },
  model_call: {
    ...ofBase,
    model: NAME,
    provider: NAME,
    requestId: NAME,
    querySource: NAME,
    subagentType: NAME,
    input: 'whole',
    output: 'whole',
    prompt: 'whole',
    answer: 'whole',
  },
  model_usage: { ...ofBase, model: NAME, provider: NAME, requestId: NAME },
  model_response: { ...ofBase, requestId: NAME, model: NAME, response: 'whole' },
  model_error: {
    ...ofBase,
    model: NAME,
    message: 'whole',
    requestId: NAME,
    querySource: NAME,
    subagentType: NAME,
  },
  request_body: { ...ofBase, bodyId: NAME, messages: 'whole' },
  response_body: { ...ofBase, bodyId: NAME, requestId: NAME, message: 'whole' },
  tool_decision: {
    ...ofBase,
    tool: NAME,
    toolUseId: NAME,
    source: NAME,
    requestId: NAME,
    parameters: 'whole',
  },
  tool_result: {
    ...ofBase,
    tool: NAME,
    toolUseId: NAME,
    requestId: NAME,
    parameters: 'whole',
    input: 'whole',
    output: 'whole',
    inputNote: 'whole',
    outputNote: 'whole',
    errorType: NAME,
    error: 'whole',
  },
  turn: { ...ofBase, prompt: 'whole', answer: 'whole', error: 'whole' },
  subagent_end: { ...ofBase, subagentType: NAME, model: NAME, answer: 'whole' },
  fallback: ofBase,
  transcript: { ...ofBase, claim: KEY, copyOf: KEY, joinKey: KEY, title: 'whole' },
  note: { ...ofBase, title: NAME, statusMessage: 'whole' },
  span: {
    ...ofBase,
    spanId: NAME,
    parentSpanId: NAME,
    requestId: NAME,
    toolUseId: NAME,
    output: 'whole',
    stopReason: NAME,
  },
  turn_start_report: { ...ofBase, prompt: 'whole' },
  turn_stop_report: { ...ofBase, answer: 'whole' },
  tool_report: {
    ...ofBase,
    tool: NAME,
    toolUseId: NAME,
    input: 'whole',
    output: 'whole',
    startedSubagentId: NAME,
  },
  subagent_report: { ...ofBase, subagentType: NAME, answer: 'whole' },
  session_end_report: { ...ofBase, reason: NAME },
  other: ofBase,
  metric: {
    agent: NAME,
    sessionId: 'whole',
    dedupKey: KEY,
    seriesKey: NAME,
    name: NAME,
    model: NAME,
    facet: NAME,
  },
}

/** The same, as a list of what there is to do. */
const boundedFields: ReadonlyMap<string, readonly { field: string; bound: Bound }[]> = new Map(
  Object.entries(bounds).map(([kind, of]) => [
    kind,
    Object.entries(of).flatMap(([field, bound]) => (bound === 'whole' ? [] : [{ field, bound }])),
  ]),
)

const identityFields = Object.keys({
  userId: NAME,
  organizationId: NAME,
  terminal: NAME,
  agentVersion: NAME,
  environment: NAME,
} satisfies Bounds<Identity>) as readonly TextField<Identity>[]

/** The item with its names within their bounds; the same object where they all are. */
export function boundedItem<T extends Item>(item: T): T {
  let next = item
  // Which fields an item of its kind has, the table above knows.
  const fields = item as unknown as Readonly<Record<string, unknown>>
  for (const { field, bound } of boundedFields.get(item.kind) ?? []) {
    const name = fields[field]
    if (typeof name === 'string' && !isWithin(name, bound)) {
      next = { ...next, [field]: boundedName(name, bound) }
    }
  }
  const identity = boundedIdentity(item.identity)
  if (identity !== item.identity) next = { ...next, identity }
  return withBoundedLists(next)
}

/** Fields that are made of several texts. */
function withBoundedLists<T extends Item>(item: T): T {
  if (item.kind === 'fallback') return { ...item, event: boundedItem(item.event) }
  if (item.kind === 'transcript') return { ...item, event: boundedItem(item.event) }
  if ((item.kind === 'turn' || item.kind === 'subagent_end') && item.sum !== undefined) {
    const { model, provider } = item.sum
    const names = { model: nameWithin(model), ...(provider && { provider: nameWithin(provider) }) }
    return { ...item, sum: { ...item.sum, ...names } }
  }
  if (item.kind === 'note') {
    const details = boundedEntries(item.details, boundedDetail)
    return details === item.details ? item : { ...item, details }
  }
  if (item.kind === 'model_call') {
    const parameters = boundedEntries(item.parameters, nameWithin)
    const next = parameters === item.parameters ? item : { ...item, parameters }
    const { attribution } = item
    return attribution === undefined
      ? next
      : { ...next, attribution: boundedDimensions(attribution) }
  }
  if (item.kind === 'model_error' && item.attribution !== undefined) {
    return { ...item, attribution: boundedDimensions(item.attribution) }
  }
  if (item.kind === 'metric' && item.dimensions !== undefined) {
    return { ...item, dimensions: boundedDimensions(item.dimensions) }
  }
  if (item.kind === 'turn_stop_report') return { ...item, running: item.running.map(nameWithin) }
  return item
}

function boundedDimensions(of: CallDimensions): CallDimensions {
  return boundedEntries(of as Readonly<Record<string, string>>, nameWithin)
}

function boundedIdentity(identity: Identity): Identity {
  let next = identity
  const { labels } = identity
  const within = labels && boundedLabels(labels)
  if (within !== undefined && within !== labels) next = { ...next, labels: within }
  for (const field of identityFields) {
    const name = identity[field]
    if (name !== undefined && !isWithin(name, NAME)) {
      next = { ...next, [field]: boundedName(name, NAME) }
    }
  }
  return next
}

/** All records of one origin share their labels: what becomes of these is worked out once. */
const boundedOf = new WeakMap<Labels, Labels>()

function boundedLabels(labels: Labels): Labels {
  const known = boundedOf.get(labels)
  if (known !== undefined) return known
  const entries = Object.entries(labels)
  const cutLabels = entries.map(([key, value]) => [nameWithin(key), labelWithin(value)])
  const merged = mergedLabels({}, Object.fromEntries(cutLabels) as Labels)
  const isSame = entries.every(([key, value]) => merged[key] === value)
  const bounded = isSame ? labels : merged
  boundedOf.set(labels, bounded)
  return bounded
}

/** Values by name, as far as there are not too many; the same object where all is within bounds. */
function boundedEntries<T>(
  of: Readonly<Record<string, T>>,
  within: (value: T) => T,
): Readonly<Record<string, T>> {
  const entries = Object.entries(of)
  const isWhole = ([key, value]: [string, T]) => isWithin(key, NAME) && within(value) === value
  if (entries.length <= MAX_DETAILS && entries.every(isWhole)) return of
  const kept = entries.slice(0, MAX_DETAILS)
  return Object.fromEntries(kept.map(([key, value]) => [nameWithin(key), within(value)]))
}

function boundedDetail(value: JsonValue | undefined): JsonValue | undefined {
  return value === undefined ? undefined : bounded(value, DETAIL_LENGTH)
}
