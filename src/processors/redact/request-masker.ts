/**
 * Masks items of OTLP as they were sent, for what is forwarded: every text of them, whatever it is,
 * by the rules of records, and content that is not kept. Everything else stays as it is. Pure.
 */
import type { AttributeValue } from '../../domain/json-value.ts'
import { readValue } from '../../otlp/any-value.ts'
import { newAttributeMap } from '../../otlp/attribute-map.ts'
import { isObject } from '../../otlp/decoding.ts'
import { anyValueJson } from '../../otlp/encode-values.ts'
import { jsonNames } from '../../otlp/json-envelope.ts'
import { type JsonMessage, UNKNOWN_FIELDS } from '../../otlp/message-codec.ts'
import { SPAN_ID_CHARS, textOfBytes, TRACE_ID_CHARS } from '../../otlp/scalars.ts'
import {
  failureOfTool,
  isContent,
  isContentBody,
  isEventName,
  isPromptOfProcess,
} from './content.ts'
import type { RecordMasker } from './record-masker.ts'
import { isCleanMessage, isCleanText } from './unknown-fields.ts'

export interface RequestMasker {
  /** What many items share; the same object gives the same. */
  readonly maskHeader: (header: JsonMessage) => JsonMessage
  readonly maskItem: (item: JsonMessage) => JsonMessage
}

const ids: ReadonlySet<string> = new Set(['traceId', 'spanId', 'parentSpanId'].flatMap(jsonNames))
/** Of 16 or 8 bytes, with its padding. */
const ID_BASE64 = /^(?:[A-Za-z0-9+/_-]{22}==|[A-Za-z0-9+/_-]{11}=)$/
const HEX = /^[0-9a-f]*$/i
/** A number that stands as text, as 64-bit integers do. */
const NUMBER = /^-?(?:\d+(?:\.\d+)?(?:e[-+]?\d+)?|Infinity|NaN)$/i
const attributeLists: ReadonlySet<string> = new Set(
  ['attributes', 'filteredAttributes', 'metadata'].flatMap(jsonNames),
)
/** Of logs, spans and their events, which may hold content; those of metrics and resources do not. */
const CONTENT_ATTRIBUTES = 'attributes'

const MAX_CLEAN_NAMES = 1000

type Masking = Pick<RecordMasker, 'maskAttributes' | 'maskText' | 'content'>

/** `holdsContent` is false for metrics. */
export function createRequestMasker(masking: Masking, holdsContent: boolean): RequestMasker {
  const { maskAttributes, maskText, content } = masking
  const headers = new WeakMap<JsonMessage, JsonMessage>()
  const cleanNames = new Set<string>()
  const dropsContent = holdsContent && content.size > 0

  /** A member of a message. */
  function member(name: string, value: unknown, mayDrop: boolean): unknown {
    if (typeof value === 'string') return textMember(name, value, mayDrop)
    if (typeof value !== 'object' || value === null) return value
    if (attributeLists.has(name) && Array.isArray(value)) {
      return keyValues(value, mayDrop && name === CONTENT_ATTRIBUTES ? [] : undefined)
    }
    if (name === 'body' && isObject(value)) return anyValue('', value, mayDrop ? [] : undefined)
    if (Array.isArray(value)) return value.map((each) => member(name, each, mayDrop))
    return message(value as JsonMessage, mayDrop)
  }

  function textMember(name: string, value: string, mayDrop: boolean): string {
    if (name === UNKNOWN_FIELDS) return unknownFields(value, mayDrop)
    if (ids.has(name)) return idMember(value)
    return NUMBER.test(value) ? value : maskText(value)
  }

  /** What is no id may be any text, also in the bytes that it encodes: then it counts as none. */
  function idMember(value: string): string {
    if (isId(value)) return value
    const encoding = HEX.test(value) ? 'hex' : 'base64'
    const bytes = Buffer.from(value, encoding).toString('latin1')
    return maskText(bytes) === bytes ? maskText(value) : ''
  }

  /** They are passed on only while no secret is in them, and where nothing in them can be content. */
  function unknownFields(base64: string, mayDrop: boolean): string {
    const bytes = Buffer.from(base64, 'base64')
    return !mayDrop && isCleanMessage(bytes, masking) ? bytes.toString('base64') : ''
  }

  function message(of: JsonMessage, mayDrop: boolean): JsonMessage {
    const masked = newAttributeMap() as Record<string, unknown>
    for (const [name, value] of Object.entries(of)) {
      masked[memberName(name)] = member(name, value, mayDrop)
    }
    return masked
  }

  /** A name that is not known may be anything. */
  function memberName(name: string): string {
    if (cleanNames.has(name)) return name
    const masked = maskText(name)
    if (masked === name && cleanNames.size < MAX_CLEAN_NAMES) cleanNames.add(name)
    return masked
  }

  /** `path` are the names around the list, where content is left out. */
  function keyValues(list: readonly unknown[], path: readonly string[] | undefined): unknown[] {
    return list.flatMap((entry) => {
      const key = isObject(entry) ? (entry.key ?? '') : undefined
      if (!isObject(entry) || typeof key !== 'string') return [member('', entry, false)]
      const inner = path === undefined ? undefined : [...path, key]
      if (inner !== undefined && isContent(inner, content)) return []
      return [keyValue(entry, key, inner)]
    })
  }

  function keyValue(
    entry: JsonMessage,
    key: string,
    path: readonly string[] | undefined,
  ): JsonMessage {
    const { key: sentKey, value, ...others } = entry
    return {
      ...message(others, path !== undefined),
      ...(sentKey !== undefined && { key: maskText(key) }),
      ...(value !== undefined && { value: anyValue(key, value, path) }),
    }
  }

  /** The value of an attribute of that name; the body of a log has none. */
  function anyValue(key: string, sent: unknown, path: readonly string[] | undefined): unknown {
    const raw = withCleanBytes(plainValue(sent))
    const kept = path === undefined ? raw : withoutContent(raw, path)
    const before = readValue(withKeys(kept), { text: '' }) ?? null
    const named = newAttributeMap()
    named[key] = before
    const [after = null] = Object.values(maskAttributes(named))
    return merged(kept, before, after)
  }

  /** With secrets masked in bytes that are no text; bytes that are text are masked as such later. */
  function withCleanBytes(raw: unknown): unknown {
    if (!isObject(raw)) return raw
    const { bytesValue, kvlistValue, arrayValue } = raw
    const clean: Record<string, unknown> = { ...raw }
    if (typeof bytesValue === 'string') clean.bytesValue = cleanBytes(bytesValue)
    if (isPlainList(arrayValue)) {
      clean.arrayValue = { ...arrayValue, values: arrayValue.values.map(withCleanBytes) }
    }
    if (isPlainList(kvlistValue)) {
      const values = kvlistValue.values.map((entry) =>
        isObject(entry) && isSet(entry.value)
          ? { ...entry, value: withCleanBytes(entry.value) }
          : entry,
      )
      clean.kvlistValue = { ...kvlistValue, values }
    }
    return clean
  }

  function cleanBytes(base64: string): string {
    const bytes = Buffer.from(base64, 'base64')
    if (textOfBytes(bytes) !== bytes.toString('base64')) return base64
    if (isCleanText(bytes, masking)) return base64
    const text = bytes.toString('latin1')
    const masked = maskText(text)
    return masked === text ? '' : Buffer.from(masked, 'latin1').toString('base64')
  }

  /** Without the content that stands in maps of a plain value, and in lists of them. */
  function withoutContent(raw: unknown, path: readonly string[]): unknown {
    if (!isObject(raw)) return raw
    const { kvlistValue, arrayValue } = raw
    const kept: Record<string, unknown> = { ...raw }
    if (isPlainList(kvlistValue)) {
      const values = kvlistValue.values.flatMap((entry: unknown) => {
        if (!isObject(entry) || typeof (entry.key ?? '') !== 'string') return [entry]
        const inner = [...path, (entry.key ?? '') as string]
        if (isContent(inner, content)) return []
        return [{ ...entry, value: withoutContent(entry.value, inner) }]
      })
      kept.kvlistValue = { ...kvlistValue, values }
    }
    if (isPlainList(arrayValue)) {
      const values = arrayValue.values.map((each) => withoutContent(each, path))
      kept.arrayValue = { ...arrayValue, values }
    }
    return kept
  }

  /**
   * A value with what was masked of it; what was not stays as it was sent. A value that says more
   * than can be read of it, such as two kinds at once, is written anew.
   */
  function merged(raw: unknown, before: AttributeValue, after: AttributeValue): unknown {
    if (raw === undefined || raw === null || isEmpty(raw)) return raw
    const [kind, value] = onlyMember(raw) ?? ['', undefined]
    if (scalarKinds.has(kind) && before === after) return raw
    const values = isObject(value) ? mergedValues(kind, value, before, after) : undefined
    return values === undefined
      ? anyValueJson(after)
      : { [kind]: { ...(value as JsonMessage), values } }
  }

  function mergedValues(
    kind: string,
    value: JsonMessage,
    before: AttributeValue,
    after: AttributeValue,
  ): readonly unknown[] | undefined {
    const list = valuesOf(value)
    if (list === undefined) return undefined
    if (kind === 'arrayValue') return mergedList(list, before, after)
    return kind === 'kvlistValue' ? mergedMap(list, before, after) : undefined
  }

  function mergedList(
    list: readonly unknown[],
    before: AttributeValue,
    after: AttributeValue,
  ): readonly unknown[] | undefined {
    if (!isList(before) || !isList(after)) return undefined
    if (list.length !== before.length || list.length !== after.length) return undefined
    return list.map((each, index) => merged(each, before[index] ?? null, after[index] ?? null))
  }

  function mergedMap(
    list: readonly unknown[],
    before: AttributeValue,
    after: AttributeValue,
  ): readonly unknown[] | undefined {
    if (!isMap(before) || !isMap(after) || !list.every(isEntry)) return undefined
    const names = Object.keys(before)
    const newNames = Object.keys(after)
    if (list.length === names.length && list.length === newNames.length) {
      return list.map(({ key, value }, index) => {
        const name = newNames[index] ?? ''
        const mask = merged(value, before[names[index] ?? ''] ?? null, after[name] ?? null)
        return {
          ...(key !== undefined && { key: name }),
          ...(value !== undefined && { value: mask }),
        }
      })
    }
    // A name that stands in it twice.
    return before === after ? keyValues(list, undefined) : undefined
  }

  /** The first prompt of an agent without a terminal is an argument of its process. */
  function withoutPrompt(header: JsonMessage): JsonMessage {
    const { resource } = header
    if (!isObject(resource)) return header
    return {
      ...header,
      resource: attributesBut(resource, (name) => isPromptOfProcess(name, content)),
    }
  }

  /** A tool that failed has its output as an error: of the item, its events and its status. */
  function withoutFailure(item: JsonMessage): JsonMessage {
    const of = {
      names: attributeNames(item),
      isSpan: jsonNames('startTimeUnixNano').some((name) => item[name] !== undefined),
    }
    const isFailure = dropsContent ? failureOfTool(of, content) : undefined
    if (isFailure === undefined) return item
    const kept: Record<string, unknown> = { ...attributesBut(item, isFailure) }
    if (isObject(kept.status)) kept.status = without(kept.status, 'message')
    if (Array.isArray(kept.events)) {
      kept.events = kept.events.map((event: unknown) =>
        isObject(event) ? attributesBut(event, isFailure) : event,
      )
    }
    return kept
  }

  return {
    maskHeader: (header) => {
      const known = headers.get(header) ?? message(withoutPrompt(header), false)
      headers.set(header, known)
      return known
    },
    maskItem: (item) => {
      const isMessage = dropsContent && isContentBody(eventNames(item), content)
      const kept = withoutFailure(item)
      return message(isMessage ? without(kept, 'body') : kept, dropsContent)
    },
  }
}

/** Trace ids have 16 bytes, span ids 8, in hexadecimal or, from some exporters, in base64. */
function isId(text: string): boolean {
  const lengths = [TRACE_ID_CHARS, SPAN_ID_CHARS]
  return text === '' || lengths.some((chars) => isIdOf(text, chars))
}

function isIdOf(text: string, chars: number): boolean {
  if (text.length === chars) return HEX.test(text)
  return ID_BASE64.test(text) && Buffer.from(text, 'base64').length === chars / 2
}

const bytesNames: ReadonlySet<string> = new Set(jsonNames('bytesValue'))

/** What is masked for a text of an item that stands under a name: what bytes hold, or the text itself. */
export function maskedTextOf(name: string, value: string): string {
  if (name === UNKNOWN_FIELDS) return Buffer.from(value, 'base64').toString()
  const held = bytesNames.has(name) ? readValue({ bytesValue: value }, { text: '' }) : undefined
  return typeof held === 'string' ? held : value
}

function without(of: JsonMessage, left: string): JsonMessage {
  return Object.fromEntries(Object.entries(of).filter(([name]) => name !== left))
}

function attributeNames({ attributes }: JsonMessage): readonly string[] {
  if (!Array.isArray(attributes)) return []
  return attributes.flatMap((entry: unknown) =>
    isObject(entry) && typeof entry.key === 'string' ? [entry.key] : [],
  )
}

/** All that an event is called by: a field of its own, before OTLP had one an attribute. */
function eventNames(item: JsonMessage): readonly string[] {
  const attributes = Array.isArray(item.attributes) ? item.attributes : []
  const values = attributes.flatMap((entry: unknown) =>
    isObject(entry) && typeof entry.key === 'string' && isEventName(entry.key)
      ? [readValue(entry.value, { text: '' })]
      : [],
  )
  return [item.eventName, item.event_name, ...values].filter((name) => typeof name === 'string')
}

function attributesBut(of: JsonMessage, isLeftOut: (name: string) => boolean): JsonMessage {
  const { attributes } = of
  if (!Array.isArray(attributes)) return of
  const kept = attributes.filter(
    (entry: unknown) => !(isObject(entry) && typeof entry.key === 'string' && isLeftOut(entry.key)),
  )
  return { ...of, attributes: kept }
}

const SCALARS = ['stringValue', 'boolValue', 'intValue', 'doubleValue', 'bytesValue']
const scalarKinds: ReadonlySet<string> = new Set(SCALARS)
/** By the names of the protobuf definition. */
const kindOfProtoName: ReadonlyMap<string, string> = new Map(
  [...SCALARS, 'arrayValue', 'kvlistValue'].map((kind) => [jsonNames(kind)[1], kind]),
)

/**
 * An AnyValue in the one form of several that decoders take: kinds by their names in JSON, and lists as
 * messages that hold them.
 */
function plainValue(raw: unknown): unknown {
  if (!isObject(raw)) return raw
  const plain: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(raw)) {
    const kind = kindOfProtoName.get(name) ?? name
    const isSaidTwice = kind !== name && isSet(raw[kind])
    if (!isSaidTwice && (isSet(value) || !isSet(plain[kind]))) plain[kind] = plainKind(kind, value)
  }
  return plain
}

function plainKind(kind: string, value: unknown): unknown {
  if (kind !== 'arrayValue' && kind !== 'kvlistValue') return value
  const message = Array.isArray(value) ? { values: value } : value
  if (!isPlainList(message)) return message
  const values = message.values.map((each) => {
    if (kind === 'arrayValue') return plainValue(each)
    return isObject(each) && isSet(each.value) ? { ...each, value: plainValue(each.value) } : each
  })
  return { ...message, values }
}

interface PlainList extends JsonMessage {
  readonly values: readonly unknown[]
}

function isPlainList(value: unknown): value is PlainList {
  return isObject(value) && Array.isArray(value.values)
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null
}

function isEmpty(raw: unknown): boolean {
  return isObject(raw) && Object.keys(raw).length === 0
}

function onlyMember(raw: unknown): readonly [string, unknown] | undefined {
  const members = isObject(raw) ? Object.entries(raw) : []
  return members.length === 1 ? members[0] : undefined
}

interface Entry {
  readonly key?: string
  readonly value?: unknown
}

/** An entry of a map that has nothing else. */
function isEntry(entry: unknown): entry is Entry {
  if (!isObject(entry)) return false
  const { key, value: _, ...others } = entry
  return (key === undefined || typeof key === 'string') && Object.keys(others).length === 0
}

/** Protobuf leaves out a key that is empty. */
function withKeys(raw: unknown): unknown {
  if (!isObject(raw)) return raw
  const { kvlistValue, arrayValue } = raw
  const list = isObject(kvlistValue) && valuesOf(kvlistValue)
  if (list) {
    const values = list.map((entry) =>
      isObject(entry) ? { ...entry, key: entry.key ?? '', value: withKeys(entry.value) } : entry,
    )
    return { ...raw, kvlistValue: { values } }
  }
  const elements = isObject(arrayValue) && valuesOf(arrayValue)
  return elements ? { ...raw, arrayValue: { values: elements.map(withKeys) } } : raw
}

/** The list of a list or a map that has nothing else. */
function valuesOf(of: JsonMessage): readonly unknown[] | undefined {
  const { values = [], ...others } = of
  return Array.isArray(values) && Object.keys(others).length === 0 ? values : undefined
}

function isList(value: AttributeValue): value is readonly AttributeValue[] {
  return Array.isArray(value)
}

function isMap(value: AttributeValue): value is Readonly<Record<string, AttributeValue>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
