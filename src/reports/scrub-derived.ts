/** What was made of a session's records, masked: state, titles, labels, prompts, what waits. Pure. */
import { isDeepStrictEqual } from 'node:util'
import type { Emission } from '../domain/emission.ts'
import type { ForwardedRecords } from '../domain/forwarded-records.ts'
import type { ForwardedRequest } from '../domain/forwarded-request.ts'
import type { SessionKey } from '../domain/identity.ts'
import type { Attributes, JsonValue } from '../domain/json-value.ts'
import type { OutgoingItem } from '../domain/outbox.ts'
import type { DerivedTexts, MaskedTexts, WaitingItem } from '../domain/scrub-store.ts'
import type { Masked, StoredBatch } from '../domain/telemetry-record.ts'
import type { StoredMasker } from '../processors/stored-masker.ts'
import type { SessionPolicy } from '../sessions/policy.ts'
import { rowOf } from '../sessions/row.ts'
import type { SessionState } from '../sessions/state.ts'
import { readState } from '../sessions/stored-state.ts'
import { countMasked } from '../sessions/usage/totals.ts'
import { asJson, parsed, renamedText } from './scrub-json.ts'
import type { Retelling } from './scrub-retelling.ts'

/** What is known of a session before what was made of its records is masked. */
export interface Renaming {
  readonly key: SessionKey
  /** The same, unless the session was called by a secret. */
  readonly newKey: SessionKey
  /** What states call things by, as far as that was made of what is masked now: old to new. */
  readonly names: ReadonlyMap<string, string>
  /** All secrets that were ever masked in its records, by rule. */
  readonly ever: Masked
}

/** What takes the place of what was made of a session's records. */
export function maskedTexts(
  { masker, policy }: { readonly masker: StoredMasker; readonly policy: SessionPolicy },
  derived: DerivedTexts,
  retelling: Retelling,
  renaming: Renaming,
): MaskedTexts {
  const plainly = masker.tree(derived.session)
  const attributes = masker.attributes(derived.attributes) as Readonly<Record<string, string>>
  const { state } = derived
  const others = {
    prompts: changedOf(derived.prompts, (prompt) => masker.tree(prompt)),
    controls: changedOf(derived.controls, (detail) => maskedJson(masker, detail)),
    work: changedOf(derived.work, (text) => maskedJson(masker, text)),
    usageNames: changedNames(masker, derived.usageNames),
  }
  const read = state && readState(state)
  if (state === undefined || read === undefined || !read.ok) {
    const items = maskedItems(masker, derived.items, renaming, () => undefined)
    const text = state && masker.text(state.text)
    return {
      ...others,
      session: plainly,
      attributes,
      items,
      ...(text !== undefined && { state: text }),
    }
  }
  const retold = retelling.stateInPlaceOf(read.value)
  const own = masker.tree(retold ?? stateAsItIs(read.value, renaming))
  const row = rowOf(own, policy)
  return {
    ...others,
    state: JSON.stringify(own),
    session: {
      userId: row.userId ?? plainly.userId,
      title: row.title ?? plainly.title,
      project: row.project ?? plainly.project,
      team: row.team ?? plainly.team,
      ownerTeam: plainly.ownerTeam,
      ownerUser: plainly.ownerUser,
    },
    attributes: { ...attributes, ...row.labels },
    items: maskedItems(masker, derived.items, renaming, (item) =>
      retold === undefined ? undefined : retelling.emissionInPlaceOf(item),
    ),
  }
}

/** The stored state with what it calls things by put right, and with what was masked counted. */
function stateAsItIs(state: SessionState, { key, newKey, names, ever }: Renaming): SessionState {
  const own = renamedIn(renamedText(state, key, newKey), names) as SessionState
  if (Object.keys(ever).length > 0) {
    own.totals.masked = {}
    countMasked(own.totals, ever)
  }
  return own
}

/** With texts and members that are names replaced. */
function renamedIn(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string') return names.get(value) ?? value
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((each) => renamedIn(each, names))
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [names.get(key) ?? key, renamedIn(each, names)]),
  )
}

function maskedItems(
  masker: StoredMasker,
  items: readonly WaitingItem[],
  { key, newKey }: Renaming,
  inPlaceOf: (item: OutgoingItem) => Emission | undefined,
): { readonly id: number; readonly payload: string }[] {
  return items.flatMap((waiting) => {
    const { payload } = waiting
    const item = parsed(payload) as OutgoingItem | undefined
    if (item === undefined) return changedText(waiting, masker.text(payload))
    const renamed = renamedText(item, key, newKey)
    const own = inPlaceOf(renamed) ?? renamed
    return changedText(waiting, JSON.stringify(maskedItem(masker, own)))
  })
}

function changedText(waiting: WaitingItem, payload: string) {
  const isSame = payload === waiting.payload && isKeyOfPayload(waiting)
  return isSame ? [] : [{ id: waiting.id, payload }]
}

/** Versions before this one masked the payload of a score and left the key beside it. */
export function isKeyOfPayload({ payload, scoreKey }: WaitingItem): boolean {
  if (scoreKey === null) return true
  const item = parsed(payload) as { readonly key?: unknown } | null | undefined
  return typeof item?.key === 'string' && item.key.toWellFormed() === scoreKey
}

function maskedItem(
  masker: StoredMasker,
  item: OutgoingItem,
  count: (secrets: Masked) => void = () => {},
): OutgoingItem {
  if (item.kind === 'records') return maskedForward(masker, item, count)
  const own = masker.tree(item, count)
  if (own.kind !== 'observation') return own
  // These hold what agents named.
  const metadata = masker.attributes(own.metadata as Attributes, count)
  const input = own.input === undefined ? {} : { input: maskedValue(own.input) }
  const output = own.output === undefined ? {} : { output: maskedValue(own.output) }
  return { ...own, metadata, ...input, ...output }

  function maskedValue(value: JsonValue): JsonValue {
    return masker.attributes({ value } as Attributes, count).value as JsonValue
  }
}

function maskedForward(
  masker: StoredMasker,
  item: ForwardedRecords | ForwardedRequest,
  count: (secrets: Masked) => void,
): ForwardedRecords | ForwardedRequest {
  if ('request' in item) return { ...item, request: masker.request(item.request, count) }
  const { signal, records, origin, sessionKey } = item
  const batch: StoredBatch = { id: 0, sessionKey, origin, signal, receivedMs: 0, records }
  const { batch: masked } = masker.batch(batch, count)
  return { ...item, origin: masked.origin, records: masked.records } as ForwardedRecords
}

/** What waits of no session; the same text where nothing of it is masked. */
export function maskedPayload(
  masker: StoredMasker,
  payload: string,
  count: (secrets: Masked) => void,
): string {
  const item = parsed(payload) as OutgoingItem | undefined
  if (item === undefined) return masker.text(payload)
  const masked = asJson(maskedItem(masker, item, count))
  return isDeepStrictEqual(masked, item) ? payload : JSON.stringify(masked)
}

/** JSON, or any text where it is damaged. */
function maskedJson(masker: StoredMasker, text: string): string {
  const value = parsed(text)
  return value === undefined ? masker.text(text) : JSON.stringify(masker.tree(value))
}

/** The entries that are something else now. */
function changedOf<T>(
  of: Readonly<Record<string, T>>,
  mask: (value: T) => T,
): Readonly<Record<string, T>> {
  const entries = Object.entries(of).flatMap(([key, value]): [string, T][] => {
    const masked = mask(value)
    return isDeepStrictEqual(masked, value) ? [] : [[key, masked]]
  })
  return Object.fromEntries(entries)
}

function changedNames(masker: StoredMasker, names: readonly string[]): ReadonlyMap<string, string> {
  const changed = names.map((name) => [name, masker.text(name)] as const)
  return new Map(changed.filter(([before, after]) => before !== after))
}

/** Whether nothing that was made of a session's records holds a secret. */
export function isClean(
  masker: StoredMasker,
  key: SessionKey,
  derived: DerivedTexts,
  count: (secrets: Masked) => void,
): boolean {
  const { session, state, attributes, prompts, controls, work, usageNames, items } = derived
  const stateText = state && parsed(state.text)
  const isSame = <T>(value: T, masked: T): boolean => isDeepStrictEqual(masked, value)
  const details = [...Object.values(controls), ...Object.values(work)].map(parsed)
  const trees = [session, stateText ?? state?.text, prompts, details]
  const areTreesClean = trees.map((tree) => isSame(tree, masker.tree(tree, count))).every(Boolean)
  const areItemsClean = items
    .map(
      (item) => maskedPayload(masker, item.payload, count) === item.payload && isKeyOfPayload(item),
    )
    .every(Boolean)
  return (
    areTreesClean &&
    areItemsClean &&
    isSame({ ...masker.attributes(attributes, count) }, { ...attributes }) &&
    changedNames(masker, usageNames).size === 0 &&
    masker.text(key) === key
  )
}
