/**
 * Masks records: every text of them, the names of attributes, resources, span events, and what is
 * nested. A value that stands under the name of a secret is masked for its name. Pure but for what
 * it remembers; the same record always gives the same.
 */
import { hash } from 'node:crypto'
import type { Attributes, AttributeValue } from '../../domain/json-value.ts'
import type { Origin, TraceContextOfSpan } from '../../domain/telemetry-record.ts'
import { newAttributeMap } from '../../otlp/attribute-map.ts'
import type { RecordInProcess } from '../record-processor.ts'
import { type ContentPolicy, withoutContent } from './content.ts'
import { accountMark, isAccountAttribute, personalRules } from './personal.ts'
import { contextRules, tokenRules } from './rules/all.ts'
import { kindOfName } from './rules/secret-kind.ts'
import { secretNameOf } from './rules/secret-name.ts'
import { isSecretValue } from './rules/secret-value.ts'
import { type CountMasked, createTextMasker, markOf } from './text-masker.ts'
import type { UserRule } from './user-rules.ts'

export interface MaskSettings {
  readonly mode: 'on' | 'off' | 'strict'
  /** Attributes whose values are masked whatever they are, lower case. */
  readonly attributes: ReadonlySet<string>
  readonly userRules: readonly UserRule[]
  readonly content: ContentPolicy
}

/** A text without secrets, and the number of those by rule. */
export interface MaskedText {
  readonly text: string
  readonly counts: Readonly<Record<string, number>>
}

/** Long texts that were masked before, by what they were. */
export type MaskedBefore = ReadonlyMap<string, MaskedText>

export interface RecordMasker {
  /** Replaces the record by one without secrets, with the number of those by rule. */
  readonly mask: (record: RecordInProcess, before?: MaskedBefore) => void
  /** The same for attributes that stand in no record. */
  readonly maskAttributes: (of: Attributes) => Attributes
  /** Runs work that masks by this masker, with the texts that were masked before. */
  readonly withMasked: <T>(before: MaskedBefore, work: () => T) => T
  /** What is not kept at all. */
  readonly content: ContentPolicy
  /** Masks nothing, and keeps everything. */
  readonly isOff: boolean
  /** The same for a text that quotes records, such as a reason for refusing one. */
  readonly maskText: (text: string) => string
  /** A hash of the settings: maskers that share it mask alike, whichever thread they are in. */
  readonly fingerprint: string
}

type Counts = Record<string, number>

/** Names of attributes come again and again. */
const MAX_KNOWN_NAMES = 5000
/** Longest value that is remembered. */
const MAX_KNOWN_VALUE = 200

/** A name in which nothing is masked. */
interface KnownName {
  /** The last value under it in which nothing was masked: records that come together share most values. */
  cleanValue: string | undefined
}

/** Masks a text alone, as the masker of records masks it. */
export function createTextMasking({
  mode,
  userRules,
}: Pick<MaskSettings, 'mode' | 'userRules'>): (text: string) => MaskedText {
  if (mode === 'off') return (text) => ({ text, counts: {} })
  const mask = createCountedMasking(mode === 'strict', userRules)
  return (of) => {
    const counts: Counts = {}
    const text = mask(of, (rule) => {
      counts[rule] = (counts[rule] ?? 0) + 1
    })
    return { text, counts }
  }
}

/** The built-in rules, then the user's. */
function createCountedMasking(
  isStrict: boolean,
  userRules: readonly UserRule[],
): (text: string, count: CountMasked) => string {
  const masker = createTextMasker(
    tokenRules,
    isStrict ? [...contextRules, ...personalRules] : contextRules,
  )
  return (of, count) => {
    let masked = masker.mask(of, count)
    for (const { name, pattern } of userRules) {
      masked = masked.replace(pattern, () => {
        count(name)
        return markOf(name)
      })
    }
    return masked
  }
}

export function createRecordMasker(settings: MaskSettings): RecordMasker {
  const { mode, attributes: maskedNames, userRules, content } = settings
  const fingerprint = fingerprintOf(settings)
  if (mode === 'off') {
    return {
      mask: (record) => dropContent(record, content),
      maskAttributes: (of) => of,
      withMasked: (_, work) => work(),
      content,
      isOff: content.size === 0,
      maskText: (text) => text,
      fingerprint,
    }
  }
  const isStrict = mode === 'strict'
  const maskCounted = createCountedMasking(isStrict, userRules)
  const names = new Map<string, KnownName>()
  const origins = new WeakMap<Origin, Origin>()
  const resources = new WeakMap<Attributes, Attributes>()
  /** Of the record at hand. */
  let counts: Counts | undefined
  let maskedBefore: MaskedBefore | undefined

  function count(rule: string): void {
    counts ??= {}
    counts[rule] = (counts[rule] ?? 0) + 1
  }

  function text(of: string): string {
    if (of.length < 4) return of
    const before = maskedBefore?.get(of)
    if (before === undefined) return maskCounted(of, count)
    for (const [rule, times] of Object.entries(before.counts)) {
      counts ??= {}
      counts[rule] = (counts[rule] ?? 0) + times
    }
    return before.text
  }

  /** A name that is not known so far, without secrets. */
  function nameOf(of: string): string {
    const masked = text(of)
    if (masked === of) {
      if (names.size >= MAX_KNOWN_NAMES) names.clear()
      names.set(of, { cleanValue: undefined })
    }
    return masked
  }

  function named(name: string, value: AttributeValue): AttributeValue {
    if (maskedNames.size > 0 && maskedNames.has(name.toLowerCase()) && value !== null) {
      count('attribute')
      return markOf('attribute')
    }
    if (typeof value === 'string') return isStrict ? strict(name, value) : secret(name, value)
    if (typeof value === 'number') return isSecretPassword(name) ? secretNumber(name, value) : value
    if (isList(value) && secretNameOf(name).isSecret) {
      return mapped(value, (each) => (typeof each === 'string' ? secret(name, each) : any(each)))
    }
    return any(value)
  }

  function strict(name: string, value: string): string {
    const masked = secret(name, value)
    if (masked !== value || value === '' || !isAccountAttribute(name)) return masked
    const mark = accountMark(value)
    if (mark !== value) count('account-id')
    return mark
  }

  function secretNumber(name: string, value: number): AttributeValue {
    const masked = secret(name, String(value))
    return masked === String(value) ? value : masked
  }

  /** A text under a name: masked whole where the name says that it is a secret. */
  function secret(name: string, value: string): string {
    if (value.length < 4) return value
    const masked = text(value)
    if (masked !== value || !secretNameOf(name).isSecret) return masked
    if (!isSecretValue(name, value, 'config', true)) return value
    const kind = kindOfName(name)
    count(kind)
    return markOf(kind)
  }

  function any(value: AttributeValue): AttributeValue {
    if (typeof value === 'string') return text(value)
    if (typeof value !== 'object' || value === null) return value
    if (isList(value)) return list(value)
    return entry(attributes(value))
  }

  /** `{"name": "DB_PASSWORD", "value": "…"}`. */
  function entry(of: Attributes): Attributes {
    const { value } = of
    const name = of.name ?? of.key
    if (typeof name !== 'string' || typeof value !== 'string') return of
    const masked = secret(name, value)
    return masked === value ? of : { ...of, value: masked }
  }

  /** Also of arguments, where a value stands behind its name, and of pairs such as headers. */
  function list(of: readonly AttributeValue[]): readonly AttributeValue[] {
    let before: AttributeValue = null
    return mapped(of, (each, index) => {
      const name = before
      before = each
      if (typeof each !== 'string' || typeof name !== 'string') return any(each)
      const isName = name.startsWith('--') || (index === 1 && of.length === 2)
      return isName ? secret(name.replace(/^-+/, ''), each) : text(each)
    })
  }

  /** The value under a name, without secrets; one that is known to have none is not looked through. */
  function maskedValue(
    name: string,
    value: AttributeValue,
    known: KnownName | undefined,
  ): AttributeValue {
    if (typeof value !== 'string') return named(name, value)
    if (known?.cleanValue === value) return value
    const masked = named(name, value)
    if (known !== undefined && masked === value && value.length <= MAX_KNOWN_VALUE) {
      known.cleanValue = value
    }
    return masked
  }

  /** The same object where nothing of it is masked. */
  function attributes(of: Attributes): Attributes {
    let next: Record<string, AttributeValue> | undefined
    for (const key in of) {
      const value = of[key] as AttributeValue
      const before = names.get(key)
      const newKey = before === undefined ? nameOf(key) : key
      const newValue = maskedValue(key, value, before ?? names.get(key))
      if (next === undefined) {
        if (newKey === key && newValue === value) continue
        next = attributesBefore(key, of)
      }
      next[newKey] = newValue
    }
    return next ?? of
  }

  /** What many records share is masked once, and counted in none. */
  function origin(of: Origin): Origin {
    const known = origins.get(of)
    if (known !== undefined) return known
    const before = counts
    const resource = resources.get(of.resource) ?? attributes(of.resource)
    resources.set(of.resource, resource)
    const scopeName = text(of.scopeName)
    const scopeVersion = text(of.scopeVersion)
    counts = before
    const isSame =
      resource === of.resource && scopeName === of.scopeName && scopeVersion === of.scopeVersion
    const masked = isSame ? of : { resource, scopeName, scopeVersion }
    origins.set(of, masked)
    return masked
  }

  function traceContext(of: TraceContextOfSpan): TraceContextOfSpan {
    const sessionId = of.sessionId && text(of.sessionId)
    return sessionId === undefined || sessionId === of.sessionId ? of : { ...of, sessionId }
  }

  function maskRecord(record: RecordInProcess): void {
    switch (record.signal) {
      case 'log': {
        const { record: of } = record
        const next = {
          origin: origin(of.origin),
          eventName: text(of.eventName),
          body: any(of.body),
          attributes: attributes(of.attributes),
          ...(of.timeText !== undefined && { timeText: text(of.timeText) }),
        }
        record.record = withMasked(of, next, counts)
        return
      }
      case 'metric': {
        const { record: of } = record
        const next = {
          origin: origin(of.origin),
          name: text(of.name),
          unit: text(of.unit),
          attributes: attributes(of.attributes),
        }
        record.record = withMasked(of, next, counts)
        return
      }
      case 'trace': {
        const { record: of } = record
        const moments = mapped(of.moments, (moment) =>
          withMasked(moment, {
            name: text(moment.name),
            attributes: attributes(moment.attributes),
          }),
        )
        const next = {
          origin: origin(of.origin),
          name: text(of.name),
          attributes: attributes(of.attributes),
          moments,
          statusMessage: text(of.statusMessage),
          ...(of.trace !== undefined && { trace: traceContext(of.trace) }),
        }
        record.record = withMasked(of, next, counts)
        return
      }
      case 'hook': {
        const { record: of } = record
        const next = {
          body: attributes(of.body),
          labels: attributes(of.labels) as Readonly<Record<string, string>>,
        }
        record.record = withMasked(of, next, counts)
        return
      }
      case 'transcript': {
        const { record: of } = record
        const next = {
          origin: origin(of.origin),
          sessionId: text(of.sessionId),
          name: text(of.name),
          key: text(of.key),
          attributes: attributes(of.attributes),
          ...(of.claim !== undefined && { claim: text(of.claim) }),
        }
        record.record = withMasked(of, next, counts)
      }
    }
  }

  return {
    mask: (record, before) => {
      counts = undefined
      maskedBefore = before
      dropContent(record, content)
      maskRecord(record)
      maskedBefore = undefined
    },
    maskAttributes: attributes,
    withMasked: (before, work) => {
      maskedBefore = before
      try {
        return work()
      } finally {
        maskedBefore = undefined
      }
    },
    content,
    isOff: false,
    maskText: (of) => text(of),
    fingerprint,
  }
}

function fingerprintOf({ mode, attributes, userRules, content }: MaskSettings): string {
  const rules = userRules.map(({ name, pattern }) => [name, pattern.source])
  return hash('sha256', JSON.stringify([mode, [...attributes].sort(), rules, [...content].sort()]))
}

/** The record with the fields that changed; the same object where none did. */
function withMasked<T extends object>(of: T, next: Partial<T>, masked?: Counts): T {
  let isSame = masked === undefined
  for (const key in next) if (next[key] !== of[key]) isSame = false
  if (isSame) return of
  return { ...of, ...next, ...(masked !== undefined && { masked }) }
}

/** Those that stand before one of them. */
function attributesBefore(key: string, of: Attributes): Record<string, AttributeValue> {
  const earlier = newAttributeMap()
  for (const name in of) {
    if (name === key) break
    earlier[name] = of[name] as AttributeValue
  }
  return earlier
}

function isSecretPassword(name: string): boolean {
  const { isSecret, isPassword } = secretNameOf(name)
  return isSecret && isPassword
}

function isList(value: AttributeValue): value is readonly AttributeValue[] {
  return Array.isArray(value)
}

/** The same list where nothing of it changes. */
function mapped<T>(list: readonly T[], map: (each: T, index: number) => T): readonly T[] {
  let next: T[] | undefined
  for (const [index, each] of list.entries()) {
    const value = map(each, index)
    if (next === undefined) {
      if (value === each) continue
      next = list.slice(0, index)
    }
    next.push(value)
  }
  return next ?? list
}

function dropContent(record: RecordInProcess, content: ContentPolicy): void {
  if (content.size > 0) withoutContent(record, content)
}
