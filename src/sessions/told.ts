/**
 * What records tell of the session they belong to: who works, where, with which version, under
 * which labels. The newest record by its own time is believed, whatever order records arrive in,
 * so what changes from A to B and back ends as A.
 */
import type { Attributes, AttributeValue } from '../domain/json-value.ts'
import type { Identity } from '../domain/identity.ts'
import type { Draft, LabelsTold } from './draft.ts'
import { ATTRIBUTE_ROOM, type Labels, mergedLabels, READ_LABELS } from './labels.ts'
import type { SessionState } from './state.ts'

/** Labels and resource attributes of one session; beyond it the one not told for longest goes. */
const MAX_LABELS = 128
/** Nothing is found by a longer name or value. Characters. */
const MAX_NAME_LENGTH = 200
const MAX_VALUE_LENGTH = 1000

type IdentityField = Exclude<keyof Identity, 'labels'>

const IDENTITY_FIELDS: readonly IdentityField[] = [
  'userId',
  'organizationId',
  'terminal',
  'agentVersion',
  'environment',
]

/** What one record says: its identity, and the resource that sent it. */
export interface Told {
  readonly identity: Identity
  readonly resource: Attributes | undefined
  readonly timeMs: number
}

/** Notes what a record tells. `finishTold` has to follow at the end of the step. */
export function noteTold(draft: Draft, { identity, resource, timeMs }: Told): void {
  noteIdentity(draft.state, identity, timeMs)
  const { labels } = identity
  if (labels === undefined && resource === undefined) return
  const last = draft.labelsTold
  // Records of one request share both: only the newest time is news then.
  if (
    last !== undefined &&
    last.labels === labels &&
    last.resource === resource &&
    timeMs >= last.timeMs
  ) {
    last.timeMs = timeMs
    return
  }
  finishTold(draft)
  const told = { labels, resource, names: namesOf(labels, resource), timeMs }
  noteLabels(draft.state, told)
  draft.labelsTold = told
}

/** Writes down the time that labels were told last. */
export function finishTold(draft: Draft): void {
  const { labelsTold: told, state } = draft
  if (told === undefined) return
  const { labels: toldMs } = state.toldMs
  for (const name of told.names) {
    const known = ownOf(toldMs, name)
    if (known !== undefined) toldMs[name] = Math.max(known, told.timeMs)
  }
  draft.labelsTold = undefined
}

/** The same object as long as nothing is new. */
function noteIdentity(state: SessionState, told: Identity, timeMs: number): void {
  const toldMs = state.toldMs.identity
  for (const field of IDENTITY_FIELDS) {
    const value = told[field]
    if (value === undefined || timeMs < (toldMs[field] ?? Number.NEGATIVE_INFINITY)) continue
    toldMs[field] = timeMs
    if (state.identity[field] !== value) state.identity = { ...state.identity, [field]: value }
  }
}

function noteLabels(state: SessionState, told: LabelsTold): void {
  const { labels, resource, names, timeMs } = told
  const toldMs = state.toldMs.labels
  const newLabels: [string, string][] = []
  const newAttributes: [string, string][] = []
  for (const name of names) {
    const knownMs = ownOf(toldMs, name)
    if (knownMs === undefined ? !hasRoom(state, timeMs) : timeMs < knownMs) continue
    toldMs[name] = timeMs
    const label = ownOf(labels, name)
    if (label !== undefined && ownOf(state.identity.labels, name) !== label) {
      newLabels.push([name, label])
    }
    const text = label ?? textOf(ownOf(resource, name))
    if (isAttribute(text) && ownOf(state.attributes, name) !== text)
      newAttributes.push([name, text])
  }
  if (newAttributes.length > 0) {
    state.attributes = mergedLabels(
      state.attributes,
      Object.fromEntries(newAttributes),
      ATTRIBUTE_ROOM,
    )
  }
  if (newLabels.length > 0) {
    const known = state.identity.labels ?? {}
    const labels = mergedLabels(known, Object.fromEntries(newLabels))
    if (labels !== known) state.identity = { ...state.identity, labels }
  }
}

/** Names come from outside, and every object has a `constructor`. */
function ownOf<T>(of: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return of !== undefined && Object.hasOwn(of, name) ? of[name] : undefined
}

function isAttribute(text: string | undefined): text is string {
  return text !== undefined && text.length <= MAX_VALUE_LENGTH
}

/** Those that the product reads first: the room must not be taken by others of the same record. */
function namesOf(
  labels: Labels | undefined,
  resource: Attributes | undefined,
): ReadonlySet<string> {
  const read = [...READ_LABELS].filter((name) => (labels?.[name] ?? resource?.[name]) !== undefined)
  const names = [...read, ...Object.keys(resource ?? {}), ...Object.keys(labels ?? {})]
  return new Set(names.filter((name) => name.length <= MAX_NAME_LENGTH))
}

function textOf(value: AttributeValue | undefined): string | undefined {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Makes room for one more label, at the cost of one that was told before that time. */
function hasRoom(state: SessionState, timeMs: number): boolean {
  const toldMs = state.toldMs.labels
  const names = Object.keys(toldMs)
  if (names.length < MAX_LABELS) return true
  let oldest: string | undefined
  let oldestMs = timeMs
  for (const name of names) {
    const atMs = toldMs[name] ?? 0
    if (atMs < oldestMs) {
      oldest = name
      oldestMs = atMs
    }
  }
  if (oldest === undefined) return false
  delete toldMs[oldest]
  state.attributes = without(state.attributes, oldest)
  const { labels } = state.identity
  if (labels?.[oldest] !== undefined) {
    state.identity = { ...state.identity, labels: without(labels, oldest) }
  }
  return true
}

function without(labels: Labels, name: string): Labels {
  const { [name]: _, ...others } = labels
  return others
}
