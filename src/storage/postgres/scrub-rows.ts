/**
 * What `scrub` writes: the records of sessions and all that was made of them, row by row, each change a
 * transaction that holds the session. It decides nothing about secrets; what takes the place of a text is
 * told by whoever masks. Replicas read the session anew after it, for its revision is another one.
 */
import type { SessionKey } from '../../domain/identity.ts'
import { LONGER } from '../../domain/record-identity.ts'
import type { MaskedTexts, PromptText, ScrubStore } from '../../domain/scrub-store.ts'
import { parseJsonText } from '../json-text.ts'
import { contentOf, hashOf } from '../origin-content.ts'
import { packJson } from '../packed-json.ts'
import type { Database, Statements } from './connection.ts'
import type { PostgresQuarantine } from './quarantine.ts'
import type { ReferenceRows } from './reference-rows.ts'
import { createScrubReader, derivedTexts, REMARKS } from './scrub-reader.ts'
import { rebuildSearch } from './search-rows.ts'
import { keyText, plainText } from './stored-values.ts'
import { forgetTrace } from './trace-rows.ts'
import { ACTIVITY, additionTo, MODEL_USAGE, TOOL_USAGE, type UsageTable } from './usage-rows.ts'
import { insertRows } from './values-list.ts'
import type { Write } from './writer.ts'

interface ScrubRowsDeps {
  readonly database: Database
  readonly quarantine: Pick<PostgresQuarantine, 'rewrite' | 'texts'>
  readonly references: Pick<ReferenceRows, 'dimensions' | 'forget'>
  /** Version of the states that are written. */
  readonly stateVersion: number
  /** Deletes some of what is left of deleted sessions; whether there is more. */
  readonly sweepDeleted: () => Promise<boolean>
  readonly write: Write
  /** Told after a change: what was remembered of names and rows is void. */
  readonly onChanged: () => void
}

export function createScrubRows(deps: ScrubRowsDeps): ScrubStore {
  const { database, quarantine, references, stateVersion, write, onChanged } = deps

  async function changed(change: (statements: Statements) => Promise<unknown>): Promise<void> {
    await write(() => database.transaction(change))
    onChanged()
  }

  /** Does nothing for a session that is gone. */
  function changedSession(
    key: SessionKey,
    change: (statements: Statements, ref: number) => Promise<unknown>,
  ): Promise<void> {
    return changed(async (statements) => {
      const [session] = await statements.query<{ readonly id: number }>(
        'update sessions set revision = revision + 1 where session_key = $1 returning id',
        [keyText(key)],
      )
      if (session !== undefined) await change(statements, session.id)
    })
  }

  async function replace(
    statements: Statements,
    key: SessionKey,
    ref: number,
    texts: MaskedTexts,
  ): Promise<void> {
    const { session, state, attributes, prompts = {}, items = [] } = texts
    if (session !== undefined) {
      const { userId, title, project, team, ownerTeam, ownerUser } = session
      await statements.run(
        `update sessions set user_id = $2, title = $3, project = $4, team = $5,
           owner_team = coalesce($6, owner_team), owner_user = coalesce($7, owner_user)
         where id = $1`,
        [ref, userId, title, project, team, ownerTeam, ownerUser],
      )
    }
    if (state !== undefined) {
      await statements.run(
        'update session_states set version = $2, state = $3 where session_ref = $1',
        [ref, stateVersion, packJson(state)],
      )
    }
    if (attributes !== undefined) await replaceAttributes(statements, ref, attributes)
    for (const [before, prompt] of Object.entries(prompts)) {
      await setPrompt(statements, ref, { before, after: before, prompt })
    }
    await setDetails(statements, ref, texts)
    for (const { id, payload } of items) await rewriteItem(statements, id, payload)
    for (const [before, after] of texts.usageNames ?? []) {
      await renameUsage(statements, ref, before, after)
    }
    if (texts.renamed === undefined) return
    const { key: newKey, sessionId } = texts.renamed
    const renamed = [keyText(newKey), keyText(key)]
    await statements.run('update sessions set session_key = $2, session_id = $3 where id = $1', [
      ref,
      keyText(newKey),
      plainText(sessionId),
    ])
    for (const table of ['outbox', 'outbox_deliveries', 'outbox_leases']) {
      await statements.run(`update ${table} set session_key = $1 where session_key = $2`, renamed)
    }
  }

  return {
    ...createScrubReader(database, quarantine),
    addSeen: (key, changes) =>
      changedSession(key, async (statements, ref) => {
        for (const { before, after } of changes) {
          await statements.run(
            `insert into seen (session_ref, dedup_key, detail)
             values ($1, $2, (select detail from seen where session_ref = $1 and dedup_key = $3))
             on conflict do nothing`,
            [ref, seenKey(after), seenKey(before)],
          )
        }
      }),
    dropSeen: (key, changes) =>
      changedSession(key, (statements, ref) =>
        statements.run('delete from seen where session_ref = $1 and dedup_key = any($2)', [
          ref,
          changes.map(({ before }) => seenKey(before)),
        ]),
      ),
    replaceDerived: (key, mask) =>
      changedSession(key, async (statements, ref) => {
        const derived = await derivedTexts(statements, key)
        if (derived === undefined) return
        await replace(statements, key, ref, mask(derived))
        await rebuildSearch(statements, ref)
      }),
    changePrompts: (key, changes) =>
      changedSession(key, async (statements, ref) => {
        for (const change of changes) await setPrompt(statements, ref, change)
      }),
    writeBatch: (id, records) =>
      changed(async (statements) => {
        const text = JSON.stringify(records)
        const [batch] = await statements.query<{ readonly session_ref: number }>(
          `update record_batches set body = $2, json_bytes = $3 where id = $1 returning session_ref`,
          [id, packJson(text), Buffer.byteLength(text)],
        )
        // What upkeep has read meanwhile was not masked.
        if (batch !== undefined) await rebuildSearch(statements, batch.session_ref)
      }),
    writeOrigin: ({ id, origin }) =>
      changed(async (statements) => {
        const content = contentOf(origin)
        const hash = hashOf(content)
        const same = await statements.query('select 1 from origins where hash = $1 and id <> $2', [
          hash,
          id,
        ])
        // Another row is that origin already: new records are to find that one.
        const own = same.length === 0 ? hash : `${hash} ${id}`
        const texts = [plainText(origin.scopeName), plainText(origin.scopeVersion)]
        await statements.run(
          `update origins set hash = $2, scope_name = $3, scope_version = $4, resource = $5
           where id = $1`,
          [id, own, ...texts, content.resource],
        )
      }),
    writeDimensions: ({ id, dimensions }) =>
      changed(async (statements) => {
        references.forget()
        // Under another id: whoever reads remembers what an id stands for.
        const after = (await references.dimensions(statements, [dimensions])).get(dimensions)
        if (after === undefined || after === id) return
        await moveRows(statements, MODEL_USAGE, { column: 'dimensions_ref', before: id, after })
        await statements.run('delete from usage_dimensions where id = $1', [id])
      }),
    writeRemark: ({ of, text: before }, text) =>
      changed((statements) => {
        const { table, column } = REMARKS[of]
        return statements.run(`update ${table} set ${column} = $1 where ${column} = $2`, [
          text,
          before,
        ])
      }),
    writeItem: (id, payload) => changed((statements) => rewriteItem(statements, id, payload)),
    writeQuarantined: (texts) => quarantine.rewrite(texts),
    forgetTranscript: async (id) => {
      await write(() => database.run('delete from transcript_files where id = $1', [id]))
    },
    forgetTrace: (id) => changed((statements) => forgetTrace(statements, id)),
    sweepDeleted: () => write(deps.sweepDeleted),
  }
}

/** A key as it stands in the duplicate filter, which bounds the two parts of a longer one. */
function seenKey(key: string): string {
  return key.toWellFormed().split(LONGER).map(keyText).join(LONGER)
}

async function replaceAttributes(
  statements: Statements,
  ref: number,
  attributes: Readonly<Record<string, string>>,
): Promise<void> {
  await statements.run('delete from session_attributes where session_ref = $1', [ref])
  await insertRows(
    statements,
    'session_attributes',
    ['session_ref', 'key', 'value'],
    Object.entries(attributes).map(([name, value]) => [ref, keyText(name), plainText(value)]),
    'on conflict do nothing',
  )
}

async function setDetails(
  statements: Statements,
  ref: number,
  { controls = {}, work = {} }: MaskedTexts,
): Promise<void> {
  for (const [id, detail] of Object.entries(controls)) {
    await statements.run(
      'update session_controls set detail = $3 where session_ref = $1 and id = $2',
      [ref, Number(id), detail],
    )
  }
  for (const [segment, text] of Object.entries(work)) {
    await statements.run(
      'update work_segments set work = $3 where session_ref = $1 and segment = $2',
      [ref, Number(segment), text],
    )
  }
}

interface ChangedPrompt {
  readonly before: string
  readonly after: string
  readonly prompt: PromptText
}

async function setPrompt(
  statements: Statements,
  ref: number,
  { before, after, prompt }: ChangedPrompt,
): Promise<void> {
  const keys = [keyText(before), keyText(after)]
  if (before !== after) {
    // Where another one has that key, this one takes its place.
    await statements.run(
      `delete from prompts where session_ref = $1 and dedup_key = $3
       and exists (select 1 from prompts where session_ref = $1 and dedup_key = $2)`,
      [ref, ...keys],
    )
  }
  await statements.run(
    `update prompts set dedup_key = $3, prompt_id = $4, command = $5, text = $6
     where session_ref = $1 and dedup_key = $2`,
    [ref, ...keys, prompt.promptId, prompt.command, prompt.text],
  )
}

/** Gives an item another payload. Of scores that have one key after that, the newer stays. */
async function rewriteItem(statements: Statements, id: number, payload: string): Promise<void> {
  const [row] = await statements.query<{
    readonly session_key: string
    readonly score_key: string | null
  }>('select session_key, score_key from outbox where id = $1 for update', [id])
  if (row === undefined) return
  const key = row.score_key === null ? null : scoreKeyIn(payload)
  if (key !== null && key !== row.score_key) {
    const [other] = await statements.query<{ readonly id: number }>(
      'select id from outbox where session_key = $1 and score_key = $2 for update',
      [row.session_key, key],
    )
    if (other !== undefined) {
      await statements.run('delete from outbox where id = $1', [Math.min(id, other.id)])
      if (other.id > id) return
    }
  }
  await statements.run('update outbox set payload = $2, bytes = $3, score_key = $4 where id = $1', [
    id,
    packJson(payload),
    Buffer.byteLength(payload),
    key,
  ])
}

/** The key that a score says it has; null where the text is damaged. */
function scoreKeyIn(payload: string): string | null {
  const parsed = parseJsonText(payload)
  const key: unknown = parsed.ok ? (parsed.value as { readonly key?: unknown } | null)?.key : null
  return typeof key === 'string' ? keyText(key) : null
}

async function renameUsage(
  statements: Statements,
  ref: number,
  before: string,
  after: string,
): Promise<void> {
  const names: readonly (readonly [UsageTable, string])[] = [
    [MODEL_USAGE, 'model'],
    [TOOL_USAGE, 'tool'],
    [ACTIVITY, 'facet'],
  ]
  for (const [table, column] of names) {
    await moveRows(statements, table, { column, before, after: keyText(after), ref })
  }
}

interface Move {
  readonly column: string
  readonly before: string | number
  readonly after: string | number
  /** Only of this session. */
  readonly ref?: number
}

/** What stood under two names and is under one now adds up. */
async function moveRows(
  statements: Statements,
  table: UsageTable,
  { column, before, after, ref }: Move,
): Promise<void> {
  if (before === after) return
  const columns = [...table.key, ...table.sums]
  const ofSession = ref === undefined ? '' : 'and session_ref = $2'
  const values = ref === undefined ? [before] : [before, ref]
  // Their figures are read before they go, and added where they go to.
  await statements.run(
    `with gone as (delete from ${table.name} where ${column} = $1 ${ofSession} returning *)
     insert into ${table.name} (${columns.join(', ')})
     select ${columns.map((name) => (name === column ? `$${values.length + 1}` : name)).join(', ')}
     from gone ${additionTo(table)}`,
    [...values, after],
  )
}
