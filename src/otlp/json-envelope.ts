/**
 * The outer shape all OTLP/JSON requests share: groups by resource, in them groups by scope, in
 * them the signal's items. Guarantees that a broken group costs its own records only.
 */
import type { Attributes } from '../domain/json-value.ts'
import type { Origin } from '../domain/telemetry-record.ts'
import { type DecodeFailure, type Fault, isObject, shortened, typeName } from './decoding.ts'
import type { IntakeBuilder } from './intake-builder.ts'
import type { Level } from './json-pieces.ts'
import { readOrigin, readResource } from './records.ts'

/**
 * A field's names in JSON: lowerCamelCase, and as it stands in the protobuf definition, which the
 * JSON mapping of protobuf asks parsers to accept as well.
 */
export function jsonNames(camelCase: string): readonly [string, string] {
  return [camelCase, camelCase.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)]
}

type JsonObject = Readonly<Record<string, unknown>>

function memberOf(object: JsonObject, camelCase: string): unknown {
  const [name, protoName] = namesOf(camelCase)
  return object[name] ?? object[protoName]
}

const knownNames = new Map<string, readonly [string, string]>()

function namesOf(camelCase: string): readonly [string, string] {
  let names = knownNames.get(camelCase)
  if (names === undefined) {
    names = jsonNames(camelCase)
    knownNames.set(camelCase, names)
  }
  return names
}

/** The first member that is not among the known ones, quoted for a message. */
export function unknownMember(object: JsonObject, known: ReadonlySet<string>): string | undefined {
  const name = Object.keys(object).find((key) => !known.has(key))
  return name === undefined ? undefined : JSON.stringify(shortened(name))
}

/** What stands beside a list of scopes or of records. */
const besideLists: ReadonlySet<string> = new Set([
  ...['resource', 'scope', 'schemaUrl', 'schema_url'],
])

/** What a body of another kind has in it, and where that belongs. */
const elsewhere: ReadonlyMap<string, string> = new Map([
  ...jsonNames('resourceLogs').map((name) => [name, 'logs belong on /v1/logs'] as const),
  ...jsonNames('resourceMetrics').map((name) => [name, 'metrics belong on /v1/metrics'] as const),
  ...jsonNames('resourceSpans').map((name) => [name, 'traces belong on /v1/traces'] as const),
  ['hook_event_name', 'hooks belong on /hooks/claude-code'],
])

/**
 * Why a request without groups is none of this signal; `undefined` for an empty one. Beside an empty
 * list, members that belong to no other signal are fields of a later version.
 */
function strangeBody(body: JsonObject, groups: string): string | undefined {
  const names: readonly string[] = namesOf(groups)
  const others = Object.keys(body).filter((key) => !names.includes(key))
  const foreign = others.find((name) => elsewhere.has(name))
  const first = foreign ?? (Array.isArray(memberOf(body, groups)) ? undefined : others[0])
  if (first === undefined) return undefined
  const hint = elsewhere.get(first)
  const message = `the request holds ${JSON.stringify(shortened(first))}, expected ${groups}`
  return hint === undefined ? message : `${message}: ${hint}`
}

/** What differs between the signals. */
export interface Signal<T> {
  /** `resourceLogs` or `resourceMetrics`. */
  readonly groups: string
  /** `scopeLogs` or `scopeMetrics`. */
  readonly scopes: string
  /** `logRecords` or `metrics`. */
  readonly items: string
  /** What an item is, where a request has to be cut. */
  readonly item: Level | 'records'
  /** Records in one item, for counting those lost with a broken group. */
  countIn(item: unknown): number
  /**
   * Reads the items of one scope. `path` names their list in messages; `offsets` are those of the
   * items, and of the lists in them.
   */
  readItems(
    items: readonly unknown[],
    origin: Origin,
    path: string,
    offsets: readonly number[],
    intake: IntakeBuilder<T>,
  ): void
  /**
   * The records of a whole request that is written as exporters write it, read without parsing it;
   * undefined where that cannot be done. Fewer than a request may hold.
   */
  readonly readCompact?: (text: string) => readonly T[] | undefined
}

/** Reads items that are a record each; one that cannot be read is refused alone. */
export function itemByItem<T>(
  read: (raw: unknown, origin: Origin, fault: Fault) => T | undefined,
): Pick<Signal<T>, 'item' | 'countIn' | 'readItems'> {
  return {
    item: 'records',
    countIn: () => 1,
    readItems: (items, origin, path, [offset = 0], intake) => {
      const fault: Fault = { text: '' }
      for (let i = 0; i < items.length; i++) {
        if (intake.isFull()) {
          intake.rejectOverflow(items.length - i)
          break
        }
        const record = read(items[i], origin, fault)
        if (record === undefined) intake.reject(`${path}[${offset + i}]: ${fault.text}`)
        else intake.accept(record)
      }
    },
  }
}

/** The levels of a request, for cutting it. */
export function levelsOf<T>({ groups, scopes, items, item }: Signal<T>): Level {
  const scope: Level = { shared: ['scope'], into: jsonNames(items), next: { listOf: item } }
  const group: Level = {
    shared: ['resource'],
    into: jsonNames(scopes),
    next: { listOf: scope },
  }
  return { shared: [], into: jsonNames(groups), next: { listOf: group } }
}

/**
 * Reads a request, or a piece of one whose lists begin at `offsets`. Fails as a whole only when
 * there is no list to walk. What was there in place of records is left with the intake.
 */
export function readEnvelope<T>(
  body: unknown,
  signal: Signal<T>,
  intake: IntakeBuilder<T>,
  offsets: readonly number[] = [],
): DecodeFailure | undefined {
  if (!isObject(body)) {
    return { message: `the request is ${typeName(body)}, expected a JSON object` }
  }
  const groups = memberOf(body, signal.groups) ?? []
  if (!Array.isArray(groups)) {
    return { message: `${signal.groups} is ${typeName(groups)}, expected a list` }
  }
  if (groups.length === 0) {
    const strange = strangeBody(body, signal.groups)
    if (strange !== undefined) intake.miss(strange)
  }
  const [offset = 0, ...inner] = offsets
  for (let i = 0; i < groups.length; i++) {
    if (intake.isFull()) {
      intake.rejectOverflow(groups.length - i)
      break
    }
    readGroup(groups[i], signal, `${signal.groups}[${offset + i}]`, inner, intake)
  }
  return undefined
}

function readGroup<T>(
  group: unknown,
  signal: Signal<T>,
  path: string,
  offsets: readonly number[],
  intake: IntakeBuilder<T>,
): void {
  if (!isObject(group)) {
    intake.reject(`${path} is ${typeName(group)}, expected an object`)
    return
  }
  const scopes = memberOf(group, signal.scopes) ?? missing(group, path, signal.scopes, intake)
  if (!Array.isArray(scopes)) {
    intake.reject(`${path}.${signal.scopes} is ${typeName(scopes)}, expected a list`)
    return
  }
  const fault: Fault = { text: '' }
  const resource = readResource(group.resource, fault)
  if (resource === undefined) {
    for (const scope of scopes) intake.reject(`${path}: ${fault.text}`, countInScope(scope, signal))
    return
  }
  const [offset = 0, ...inner] = offsets
  for (let i = 0; i < scopes.length; i++) {
    if (intake.isFull()) {
      intake.rejectOverflow(scopes.length - i)
      break
    }
    const scopePath = `${path}.${signal.scopes}[${offset + i}]`
    readScope(scopes[i], resource, signal, scopePath, inner, intake)
  }
}

function readScope<T>(
  scope: unknown,
  resource: Attributes,
  signal: Signal<T>,
  path: string,
  offsets: readonly number[],
  intake: IntakeBuilder<T>,
): void {
  if (!isObject(scope)) {
    intake.reject(`${path} is ${typeName(scope)}, expected an object`)
    return
  }
  const items = memberOf(scope, signal.items) ?? missing(scope, path, signal.items, intake)
  if (!Array.isArray(items)) {
    intake.reject(`${path}.${signal.items} is ${typeName(items)}, expected a list`)
    return
  }
  const fault: Fault = { text: '' }
  const origin = readOrigin(resource, scope.scope, fault)
  if (origin === undefined) {
    intake.reject(`${path}: ${fault.text}`, countInScope(scope, signal))
    return
  }
  signal.readItems(items, origin, `${path}.${signal.items}`, offsets, intake)
}

/** An empty list, and a note of what stands in its place. */
function missing<T>(
  object: JsonObject,
  path: string,
  expected: string,
  intake: IntakeBuilder<T>,
): readonly unknown[] {
  const unknown = unknownMember(object, besideLists)
  if (unknown !== undefined) intake.miss(`${path} holds ${unknown}, expected ${expected}`)
  return []
}

/** Records lost with a scope; one when they cannot be counted. */
function countInScope<T>(scope: unknown, signal: Signal<T>): number {
  if (!isObject(scope)) return 1
  const items = memberOf(scope, signal.items) ?? []
  if (!Array.isArray(items)) return 1
  let count = 0
  for (const item of items) count += signal.countIn(item)
  return count
}
