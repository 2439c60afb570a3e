/**
 * What `scrub` writes: the records of sessions and all that was made of them, row by row, each change
 * a transaction. It decides nothing about secrets; what takes the place of a text is told by whoever
 * masks.
 */
import type { SessionKey } from '../../domain/identity.ts'
import type {
  KeyChange,
  MaskedTexts,
  PromptText,
  ScrubStore,
  SessionTexts,
} from '../../domain/scrub-store.ts'
import { UNITS_PER_USD } from '../../domain/exact-sum.ts'
import { dimensionsKey } from '../../domain/usage.ts'
import type { Connection } from './connection.ts'
import { contentOf, hashOf } from '../origin-content.ts'
import type { OutboxTable } from './outbox-table.ts'
import type { SqliteQuarantine } from './quarantine.ts'
import { createScrubReader, REMARKS } from './scrub-reader.ts'
import type { SearchChanges } from './search-rows.ts'
import { createForgetTrace } from './trace-rows.ts'
import type { Write } from './writer.ts'

interface ScrubRowsDeps {
  readonly connection: Connection
  readonly outbox: Pick<OutboxTable, 'change' | 'rewrite'>
  readonly quarantine: Pick<SqliteQuarantine, 'rewrite'>
  readonly search: SearchChanges
  /** Version of the states that are written. */
  readonly stateVersion: number
  /** Deletes some of what is left of deleted sessions; true while there is more. */
  readonly sweepDeleted: () => boolean
  readonly write: Write
  /** Told after a change: what was remembered of names and rows is void. */
  readonly onChanged: () => void
}

/** Tables whose rows add up under a name that an agent told. */
const USAGE = [
  { table: 'model_usage', name: 'model' },
  { table: 'tool_usage', name: 'tool' },
  { table: 'activity', name: 'facet' },
] as const

export function createScrubRows(deps: ScrubRowsDeps): ScrubStore {
  const { connection, outbox, quarantine, search, stateVersion, write, onChanged } = deps
  const { handle } = connection
  const forgetTrace = createForgetTrace(connection)
  const idOf = handle
    .prepare<[string], number>('select id from sessions where session_key = ?')
    .pluck()
  const addKey = handle.prepare<{ readonly ref: number } & KeyChange>(
    `insert into seen (session_ref, dedup_key, detail)
     values (:ref, :after,
       (select detail from seen where session_ref = :ref and dedup_key = :before))
     on conflict do nothing`,
  )
  const dropKey = handle.prepare<[number, string]>(
    'delete from seen where session_ref = ? and dedup_key = ?',
  )
  const setTexts = handle.prepare<SessionTexts & { readonly id: number }>(
    `update sessions set user_id = :userId, title = :title, project = :project, team = :team,
       owner_team = coalesce(:ownerTeam, owner_team), owner_user = coalesce(:ownerUser, owner_user)
     where id = :id`,
  )
  const setState = handle.prepare<[number, string, number]>(
    'update session_states set version = ?, state = ? where session_ref = ?',
  )
  const clearAttributes = handle.prepare<[number]>(
    'delete from session_attributes where session_ref = ?',
  )
  const putAttribute = handle.prepare<[number, string, string]>(
    'insert into session_attributes (session_ref, key, value) values (?, ?, ?) on conflict do nothing',
  )
  const setPrompt = handle.prepare<
    PromptText & { readonly ref: number; readonly before: string; readonly after: string }
  >(
    `update or replace prompts
     set dedup_key = :after, prompt_id = :promptId, command = :command, text = :text
     where session_ref = :ref and dedup_key = :before`,
  )
  const setControl = handle.prepare<[string, number, number]>(
    'update session_controls set detail = ? where session_ref = ? and id = ?',
  )
  const setWork = handle.prepare<[string, number, number]>(
    'update work_segments set work = ? where session_ref = ? and segment = ?',
  )
  const rename = handle.prepare<[string, string, number]>(
    'update sessions set session_key = ?, session_id = ? where id = ?',
  )
  const renameItems = handle.prepare<[string, string]>(
    'update outbox set session_key = ? where session_key = ?',
  )
  const setBody = handle.prepare<[string, number]>(
    'update record_batches set body = ? where id = ?',
  )
  const sessionOfBatch = handle
    .prepare<[number], number>('select session_ref from record_batches where id = ?')
    .pluck()
  const idOfHash = handle.prepare<[string], number>('select id from origins where hash = ?').pluck()
  const setOrigin = handle.prepare<[string, string, string, string, number]>(
    'update origins set hash = ?, scope_name = ?, scope_version = ?, resource = ? where id = ?',
  )

  const putDimensions = handle.prepare<[string]>(
    'insert into usage_dimensions (key) values (?) on conflict do nothing',
  )
  const dimensionsOfKey = handle
    .prepare<[string], number>('select id from usage_dimensions where key = ?')
    .pluck()
  const dropTranscript = handle.prepare<[number]>('delete from transcript_files where rowid = ?')
  const dropDimensions = handle.prepare<[number]>('delete from usage_dimensions where id = ?')

  function changed(change: () => void): Promise<void> {
    return write(() => {
      outbox.change(change)
      onChanged()
    })
  }

  /** Does nothing for a session that is gone. */
  function changedSession(key: SessionKey, change: (ref: number) => void): Promise<void> {
    return changed(() => {
      const ref = idOf.get(key)
      if (ref !== undefined) change(ref)
    })
  }

  function moveUsage(ref: number, names: ReadonlyMap<string, string>): void {
    for (const { table, name } of USAGE) {
      for (const [before, after] of names) {
        moveRows(table, name, before, after, { sql: 'and session_ref = ?', values: [ref] })
      }
    }
  }

  /** What stood under two names and is under one now adds up. */
  function moveRows<T extends string | number>(
    table: string,
    name: string,
    before: T,
    after: T,
    { sql, values }: { readonly sql: string; readonly values: readonly number[] },
  ): void {
    const columns = handle
      .prepare<[string], { readonly name: string; readonly pk: number }>(
        'select name, pk from pragma_table_info(?)',
      )
      .all(table)
    const key = columns.filter(({ pk }) => pk > 0).map((column) => column.name)
    const sums = columns.filter(({ pk }) => pk === 0).map((column) => column.name)
    const all = [...key, ...sums]
    handle
      .prepare(
        `insert into ${table} (${all.join(', ')})
         select ${all.map((column) => (column === name ? '?' : column)).join(', ')}
         from ${table} where ${name} = ? ${sql}
         on conflict (${key.join(', ')}) do update set ${sums
           .map((sum) => `${sum} = ${additionOf(table, sum)}`)
           .join(', ')}`,
      )
      .run(after, before, ...values)
    handle.prepare(`delete from ${table} where ${name} = ? ${sql}`).run(before, ...values)
  }

  function replace(key: SessionKey, ref: number, texts: MaskedTexts): void {
    const { session, state, attributes, items, usageNames, renamed } = texts
    if (session !== undefined) setTexts.run({ ...session, id: ref })
    if (state !== undefined) setState.run(stateVersion, state, ref)
    if (attributes !== undefined) replaceAttributes(ref, attributes)
    replaceDetails(ref, texts)
    for (const { id, payload } of items ?? []) outbox.rewrite(id, payload)
    if (usageNames !== undefined) moveUsage(ref, usageNames)
    if (renamed === undefined) return
    rename.run(renamed.key, renamed.sessionId, ref)
    renameItems.run(renamed.key, key)
  }

  function replaceAttributes(ref: number, attributes: Readonly<Record<string, string>>): void {
    clearAttributes.run(ref)
    for (const [name, value] of Object.entries(attributes)) putAttribute.run(ref, name, value)
  }

  function replaceDetails(ref: number, texts: MaskedTexts): void {
    const { prompts = {}, controls = {}, work = {} } = texts
    for (const [before, prompt] of Object.entries(prompts)) {
      setPrompt.run({ ...prompt, ref, before, after: before })
    }
    for (const [id, detail] of Object.entries(controls)) setControl.run(detail, ref, Number(id))
    for (const [segment, text] of Object.entries(work)) setWork.run(text, ref, Number(segment))
  }

  const { derivedNow, ...reader } = createScrubReader(connection)
  return {
    ...reader,
    addSeen: (key, changes) =>
      changedSession(key, (ref) => {
        for (const change of changes) addKey.run({ ref, ...change })
      }),
    dropSeen: (key, changes) =>
      changedSession(key, (ref) => {
        for (const { before } of changes) dropKey.run(ref, before)
      }),
    replaceDerived: (key, mask) =>
      changedSession(key, (ref) => {
        const derived = derivedNow(key)
        if (derived === undefined) return
        replace(key, ref, mask(derived))
        search.rebuild(ref)
      }),
    changePrompts: (key, changes) =>
      changedSession(key, (ref) => {
        for (const { before, after, prompt } of changes) {
          setPrompt.run({ ...prompt, ref, before, after })
        }
      }),
    writeBatch: (id, records) =>
      changed(() => {
        setBody.run(JSON.stringify(records), id)
        // What upkeep has read meanwhile was not masked.
        const ref = sessionOfBatch.get(id)
        if (ref !== undefined) search.rebuild(ref)
      }),
    writeOrigin: ({ id, origin }) =>
      changed(() => {
        const content = contentOf(origin)
        const hash = hashOf(content)
        const same = idOfHash.get(hash)
        // Another row is that origin already: new records are to find that one.
        const own = same === undefined || same === id ? hash : `${hash} ${id}`
        setOrigin.run(own, origin.scopeName, origin.scopeVersion, content.resource, id)
      }),
    writeDimensions: ({ id, dimensions }) =>
      changed(() => {
        // Under another id: whoever reads remembers what an id stands for.
        const key = dimensionsKey(dimensions)
        putDimensions.run(key)
        const after = dimensionsOfKey.get(key)
        if (after === undefined || after === id) return
        moveRows('model_usage', 'dimensions_ref', id, after, { sql: '', values: [] })
        dropDimensions.run(id)
      }),
    writeRemark: ({ of, text: before }, text) =>
      changed(() => {
        const { table, column } = REMARKS[of]
        // An alert that was told of the masked subject as well stays the one that is told.
        handle
          .prepare<[string, string]>(
            `update or replace ${table} set ${column} = ? where ${column} = ?`,
          )
          .run(text, before)
      }),
    writeItem: (id, payload) => changed(() => outbox.rewrite(id, payload)),
    writeQuarantined: (texts) => quarantine.rewrite(texts),
    forgetTranscript: (id) => write(() => void dropTranscript.run(id)),
    forgetTrace: (id) => changed(() => forgetTrace(id)),
    sweepDeleted: () => write(deps.sweepDeleted),
  }
}

/** Of two rows; sums of money are exact, as where they are added up first (`usage-rows.ts`). */
function additionOf(table: string, column: string): string {
  const [one, other] = [`${table}.${column}`, `excluded.${column}`]
  const sum = column.endsWith('_usd')
    ? `round((${one} + ${other}) * ${UNITS_PER_USD}) / ${UNITS_PER_USD}`
    : `${one} + ${other}`
  return `coalesce(${sum}, ${one}, ${other})`
}
