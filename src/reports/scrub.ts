/**
 * Masks what is stored already, session by session, as if it had been masked when it came. In slices,
 * with others in between, so that intake goes on.
 *
 * Of a session, first the keys are added under which its masked records will be known when they come
 * again; then what was made of the records is replaced, in one step between two commits; the records
 * come last. So whoever is killed in between finds the session as one that still has secrets, and does
 * all of it again: what is masked once stays as it is. Origins are shared by sessions and come after
 * all of them, for the same reason.
 */
import { isDeepStrictEqual } from 'node:util'
import type { PromptEvent } from '../domain/agent-event.ts'
import type { SessionKey } from '../domain/identity.ts'
import { seenKeyOf } from '../domain/record-identity.ts'
import type {
  BatchRow,
  KeyChange,
  PromptChange,
  PromptText,
  ScrubReader,
  ScrubStore,
  TraceTexts,
  TranscriptState,
} from '../domain/scrub-store.ts'
import type { Arrival } from '../domain/session-store.ts'
import type { Masked, StoredBatch } from '../domain/telemetry-record.ts'
import type { MaskedBatch, MaskedMeaning, StoredMasker } from '../processors/stored-masker.ts'
import { letOthersRun } from './pause.ts'
import { isClean, isKeyOfPayload, maskedPayload, maskedTexts } from './scrub-derived.ts'
import { parsed, sessionIdOf } from './scrub-json.ts'
import { createRetelling, type RetellingDeps } from './scrub-retelling.ts'

export interface ScrubDeps extends RetellingDeps {
  readonly store: ScrubStore
  /** Runs a change while nothing else happens to the session; who holds its state forgets it after. */
  readonly exclusively: <T>(key: SessionKey, change: () => Promise<T>) => Promise<T>
}

/** What can be found out without changing anything. */
export interface ScrubReadDeps extends Pick<ScrubDeps, 'masker'> {
  readonly store: ScrubReader
}

export interface Scrubbed {
  /** Something in it was, or would be, masked. */
  readonly isChanged: boolean
  /** Records that were masked. */
  readonly records: number
  /** By rule. */
  readonly secrets: Masked
}

export interface ScrubbedSession extends Scrubbed {
  /** Its key from now on: another one where the session was called by a secret. */
  readonly key: SessionKey
}

/** Large batches are masked a part at a time. */
const RECORDS_PER_PART = 20
const BATCHES_PER_SLICE = 4

/** What there is to mask of a session; undefined where there is no such session. */
export async function findSecrets(
  deps: ScrubReadDeps,
  key: SessionKey,
): Promise<Scrubbed | undefined> {
  const found = await scan(deps, key, async () => {})
  return found && scrubbedOf(found)
}

/** Masks a session; undefined where there is no such session. */
export async function scrubSession(
  deps: ScrubDeps,
  key: SessionKey,
): Promise<ScrubbedSession | undefined> {
  const { store } = deps
  const found = await scan(deps, key, async (meanings) => {
    const keys = meanings.flatMap(keyChangeOf)
    if (keys.length > 0) await store.addSeen(key, keys)
  })
  if (found === undefined) return undefined
  if (!found.isChanged) return { ...scrubbedOf(found), key }
  const newKey = await newKeyOf(deps, key, found)
  await replaceDerived(deps, key, newKey, found)
  await maskRecords(deps, newKey)
  return { ...scrubbedOf(found), key: newKey }
}

interface Found extends Scrubbed {
  /** The key that its masked records name. */
  readonly named: SessionKey | undefined
  /** What states call things by, as far as that was made of what is masked now. */
  readonly names: ReadonlyMap<string, string>
  /** All secrets that were ever masked in its records, by rule. */
  readonly ever: Masked
}

function scrubbedOf({ isChanged, records, secrets }: Found): Scrubbed {
  return { isChanged, records, secrets }
}

async function scan(
  deps: ScrubReadDeps,
  key: SessionKey,
  visit: (meanings: readonly MaskedMeaning[]) => Promise<void>,
): Promise<Found | undefined> {
  const { store, masker } = deps
  const secrets = createTally()
  const ever = createTally()
  const names = new Map<string, string>()
  let records = 0
  let areRecordsClean = true
  let named: SessionKey | undefined
  for await (const { batch, masked } of maskedRows(deps, key, secrets.count)) {
    for (const record of masked.batch.records) {
      if (record.masked !== undefined) ever.count(record.masked)
    }
    if (masked.batch === batch) continue
    areRecordsClean = false
    records += masked.changed.length
    const meanings = masker.meanings(batch, masked)
    for (const [old, own] of meanings.flatMap(namesOf)) names.set(old, own)
    named ??= meanings.map((meaning) => newNameIn(meaning, key)).find((name) => name !== undefined)
    await visit(meanings)
  }
  const derived = await store.derived(key)
  if (derived === undefined) return undefined
  const ofDerived = createTally()
  const isDerivedClean = isClean(masker, key, derived, ofDerived.count)
  return {
    isChanged: !(areRecordsClean && isDerivedClean),
    records,
    // What was made of a record holds the same secrets: they are counted once.
    secrets: (areRecordsClean ? ofDerived : secrets).sum(),
    named,
    names,
    ever: ever.sum(),
  }
}

/** The session that a record of this one names now that it is masked. */
function newNameIn({ before, after }: MaskedMeaning, key: SessionKey): SessionKey | undefined {
  return before?.sessionKey === key && after?.sessionKey !== key ? after?.sessionKey : undefined
}

/** The batches of a session, each with what it would be. */
async function* maskedRows(
  { store, masker }: ScrubReadDeps,
  key: SessionKey,
  count: (secrets: Masked) => void,
): AsyncGenerator<BatchRow & { readonly masked: MaskedBatch }> {
  for (let afterId = 0; ; ) {
    const rows = await store.batchRows(key, afterId, BATCHES_PER_SLICE)
    const last = rows.at(-1)
    if (last === undefined) return
    for (const row of rows) yield { ...row, masked: await maskedInParts(masker, row.batch, count) }
    afterId = last.id
    await letOthersRun()
  }
}

async function maskedInParts(
  masker: StoredMasker,
  batch: StoredBatch,
  count: (secrets: Masked) => void,
): Promise<MaskedBatch> {
  if (batch.records.length <= RECORDS_PER_PART) return masker.batch(batch, count)
  const records: StoredBatch['records'][number][] = []
  const changed: number[] = []
  for (let from = 0; from < batch.records.length; from += RECORDS_PER_PART) {
    const part = { ...batch, records: batch.records.slice(from, from + RECORDS_PER_PART) }
    const masked = masker.batch(part, count)
    records.push(...masked.batch.records)
    for (const index of masked.changed) changed.push(from + index)
    await letOthersRun()
  }
  const origin = masker.origin(batch.origin)
  const isSame = changed.length === 0 && origin === batch.origin
  return { batch: isSame ? batch : { ...batch, origin, records }, changed }
}

function keyChangeOf({ before, after }: MaskedMeaning): KeyChange[] {
  if (before === undefined || after === undefined) return []
  const change = { before: seenKeyOf(before), after: seenKeyOf(after) }
  return change.before === change.after ? [] : [change]
}

function namesOf({ before, after }: MaskedMeaning): [string, string][] {
  const names: (readonly [string | undefined, string | undefined])[] = [
    [before?.item.identity?.userId, after?.item.identity?.userId],
  ]
  if (before?.item.kind === 'metric' && after?.item.kind === 'metric') {
    names.push([before.item.seriesKey, after.item.seriesKey])
  }
  return names.flatMap(([old, own]): [string, string][] =>
    old === undefined || own === undefined || old === own ? [] : [[old, own]],
  )
}

/** A name that another session has already gets a number behind it. */
async function newKeyOf(
  { store, masker }: ScrubReadDeps,
  key: SessionKey,
  { named }: Found,
): Promise<SessionKey> {
  const wanted = named ?? masker.text(key)
  if (wanted === key) return key
  for (let n = 2, free = wanted; ; n += 1) {
    if (!(await store.has(free))) return free
    free = `${wanted}~${n}`
  }
}

/**
 * In one step between two commits: then what was made of the records is that of masked ones, for
 * whatever comes next.
 */
async function replaceDerived(
  deps: ScrubDeps,
  key: SessionKey,
  newKey: SessionKey,
  { names, ever }: Found,
): Promise<void> {
  const retelling = await createRetelling(deps, key, newKey)
  while (!(await retelling.advance())) await letOthersRun()
  const renamed = newKey === key ? {} : { renamed: { key: newKey, sessionId: sessionIdOf(newKey) } }
  await deps.exclusively(key, async () => {
    while (!(await retelling.advance())) {
      // What came meanwhile.
    }
    await deps.store.replaceDerived(key, (derived) => ({
      ...maskedTexts(deps, derived, retelling, { key, newKey, names, ever }),
      ...renamed,
    }))
  })
}

/** The records themselves, batch by batch, with the keys that they were known by. */
async function maskRecords(deps: ScrubDeps, key: SessionKey): Promise<void> {
  const { store, masker } = deps
  for await (const { id, batch, masked } of maskedRows(deps, key, () => {})) {
    if (masked.batch === batch) continue
    const meanings = masker.meanings(batch, masked)
    const keys = meanings.flatMap(keyChangeOf)
    const prompts = meanings.flatMap(promptChangeOf)
    if (prompts.length > 0) await store.changePrompts(key, prompts)
    if (keys.length > 0) {
      // Some came since the keys were added.
      await store.addSeen(key, keys)
      await store.dropSeen(key, keys)
    }
    if (masked.changed.length > 0) await store.writeBatch(id, masked.batch.records)
  }
}

function promptChangeOf({ before, after }: MaskedMeaning): PromptChange[] {
  const told = promptOf(before)
  const masked = promptOf(after)
  if (told === undefined || masked === undefined) return []
  const prompt: PromptText = {
    promptId: masked.promptId ?? null,
    command: masked.command ?? null,
    text: masked.prompt.text ?? null,
  }
  const wellFormed = ({ dedupKey }: PromptEvent) => dedupKey.toWellFormed()
  return [{ before: wellFormed(told), after: wellFormed(masked), prompt }]
}

function promptOf(arrival: Arrival | undefined): PromptEvent | undefined {
  const item = arrival?.item
  const event = item?.kind === 'transcript' ? item.event : item
  return event?.kind === 'prompt' ? event : undefined
}

/** What there is to mask outside of sessions. */
export async function findSecretsBeside({ store, masker }: ScrubReadDeps): Promise<Scrubbed> {
  const found = createBeside()
  for await (const change of changesBeside(store, masker)) found.add(change)
  return found.sum()
}

/** Masks what belongs to no session, and what all share. After all sessions. */
export async function scrubBeside({
  store,
  masker,
}: Pick<ScrubDeps, 'store' | 'masker'>): Promise<Scrubbed> {
  while (await store.sweepDeleted()) await letOthersRun()
  const found = createBeside()
  for await (const change of changesBeside(store, masker)) {
    await change.apply(store)
    found.add(change)
    await letOthersRun()
  }
  return found.sum()
}

/** One thing that belongs to no session and holds secrets. */
interface ChangeBeside {
  readonly apply: (store: ScrubStore) => Promise<void>
  readonly records: number
  readonly secrets: Masked
}

async function* changesBeside(
  store: ScrubReader,
  masker: StoredMasker,
): AsyncGenerator<ChangeBeside> {
  for (const { id, origin } of await store.origins()) {
    const masked = masker.origin(origin)
    if (masked === origin) continue
    const secrets = createTally()
    masker.attributes(origin.resource, secrets.count)
    yield {
      apply: (to) => to.writeOrigin({ id, origin: masked }),
      ...{ records: 0, secrets: secrets.sum() },
    }
  }
  for (const { id, dimensions } of await store.dimensions()) {
    const secrets = createTally()
    const masked = masker.tree(dimensions, secrets.count)
    if (isDeepStrictEqual(masked, dimensions)) continue
    // The records that they were told in are counted with their sessions.
    yield {
      apply: (to) => to.writeDimensions({ id, dimensions: masked }),
      ...{ records: 0, secrets: {} },
    }
  }
  yield* changesOfItems(store, masker)
  yield* changesOfQuarantine(store, masker)
  yield* changesOfTranscripts(store, masker)
  yield* changesOfTraces(store, masker)
  for (const remark of await store.remarks()) {
    const secrets = createTally()
    const text = masker.tree(remark.text, secrets.count)
    if (text === remark.text) continue
    yield { apply: (to) => to.writeRemark(remark, text), records: 0, secrets: secrets.sum() }
  }
}

/** Requests on their way to another collector belong to no session. */
async function* changesOfItems(
  store: ScrubReader,
  masker: StoredMasker,
): AsyncGenerator<ChangeBeside> {
  for (let afterId = -1; ; ) {
    const items = await store.otherItems(afterId)
    const last = items.at(-1)
    if (last === undefined) return
    for (const item of items) {
      const { id, payload } = item
      const secrets = createTally()
      const masked = maskedPayload(masker, payload, secrets.count)
      if (masked === payload && isKeyOfPayload(item)) continue
      yield { apply: (to) => to.writeItem(id, masked), records: 0, secrets: secrets.sum() }
    }
    afterId = last.id
    await letOthersRun()
  }
}

async function* changesOfQuarantine(
  store: ScrubReader,
  masker: StoredMasker,
): AsyncGenerator<ChangeBeside> {
  for (let afterId = -1; ; ) {
    const rows = await store.quarantined(afterId)
    const last = rows.at(-1)
    if (last === undefined) return
    for (const row of rows) {
      const secrets = createTally()
      const { signal, record } = row.unplaced
      const { origin, ...own } = record
      const batch = { id: 0, sessionKey: '', signal, origin, receivedMs: 0, records: [own] }
      const masked = masker.batch(batch, secrets.count)
      const [message, name] = [masker.text(row.message), masker.text(row.name)]
      if (masked.batch === batch && message === row.message && name === row.name) continue
      const unplaced = {
        signal,
        record: { ...masked.batch.records[0], origin: masked.batch.origin },
      } as typeof row.unplaced
      yield {
        apply: (to) => to.writeQuarantined({ id: row.id, unplaced, message, name }),
        ...{ records: 1, secrets: secrets.sum() },
      }
    }
    afterId = last.id
  }
}

/** What has a secret in it is forgotten: a transcript is read again then, masked as it is read. */
async function* changesOfTranscripts(
  store: ScrubReader,
  masker: StoredMasker,
): AsyncGenerator<ChangeBeside> {
  for await (const { id, secrets } of withSecrets(
    (afterId) => store.transcriptStates(afterId),
    masker,
  )) {
    yield { apply: (to) => to.forgetTranscript(id), records: 0, secrets }
  }
}

/** What a masked span names is another session. The secrets are counted with the spans. */
async function* changesOfTraces(
  store: ScrubReader,
  masker: StoredMasker,
): AsyncGenerator<ChangeBeside> {
  for await (const { id } of withSecrets((afterId) => store.traces(afterId), masker)) {
    yield { apply: (to) => to.forgetTrace(id), records: 0, secrets: {} }
  }
}

/** Of texts that are JSON, read by their ids, those that have secrets. */
async function* withSecrets(
  read: (afterId: number) => Promise<readonly (TraceTexts | TranscriptState)[]>,
  masker: StoredMasker,
): AsyncGenerator<{ readonly id: number; readonly secrets: Masked }> {
  for (let afterId = 0; ; ) {
    const texts = await read(afterId)
    const last = texts.at(-1)
    if (last === undefined) return
    for (const { id, text } of texts) {
      const secrets = createTally()
      const known = parsed(text)
      if (isDeepStrictEqual(masker.tree(known, secrets.count), known)) continue
      yield { id, secrets: secrets.sum() }
    }
    afterId = last.id
    await letOthersRun()
  }
}

function createBeside() {
  const secrets = createTally()
  let isChanged = false
  let records = 0
  return {
    add: (change: ChangeBeside): void => {
      isChanged = true
      records += change.records
      secrets.count(change.secrets)
    },
    sum: (): Scrubbed => ({ isChanged, records, secrets: secrets.sum() }),
  }
}

interface Tally {
  readonly count: (secrets: Masked) => void
  sum(): Masked
}

function createTally(): Tally {
  const sum: Record<string, number> = {}
  return {
    count: (secrets) => {
      for (const [rule, times] of Object.entries(secrets)) sum[rule] = (sum[rule] ?? 0) + times
    },
    sum: () => sum,
  }
}
