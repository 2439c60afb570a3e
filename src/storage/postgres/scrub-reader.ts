/** What `scrub` looks at, read from the tables. */
import type { SessionKey } from '../../domain/identity.ts'
import type {
  DerivedTexts,
  PromptText,
  Remark,
  ScrubReader,
  TraceTexts,
  TranscriptState,
  WaitingItem,
} from '../../domain/scrub-store.ts'
import { type BatchColumns, originOf, wholeBatchOf } from '../batch-parts.ts'
import { readJson } from '../packed-json.ts'
import { type SessionTextRow, sessionTextsOf, storedStateOf } from '../scrub-texts.ts'
import { dimensionsOf } from '../stored-rows.ts'
import type { Database, Statements } from './connection.ts'
import type { PostgresQuarantine } from './quarantine.ts'
import { keyText } from './stored-values.ts'

/** Of large items, at once. */
const ITEMS_PER_SLICE = 8
const TRACES_PER_SLICE = 20

export const REMARKS = {
  budgetAlert: { table: 'budget_alerts', column: 'subject' },
  alert: { table: 'alerts', column: 'subject' },
  failure: { table: 'outbox_deliveries', column: 'reason' },
  audit: { table: 'audit_log', column: 'target' },
} as const satisfies Record<Remark['of'], { readonly table: string; readonly column: string }>

export function createScrubReader(
  database: Database,
  quarantine: Pick<PostgresQuarantine, 'texts'>,
): ScrubReader {
  return {
    sessionKeys: async () => {
      const rows = await database.query<{ readonly session_key: string }>(
        'select session_key from sessions order by id',
      )
      return rows.map(({ session_key }) => session_key)
    },
    has: async (key) => {
      const rows = await database.query('select 1 from sessions where session_key = $1', [
        keyText(key),
      ])
      return rows.length > 0
    },
    batchRows: async (key, afterId, limit) => {
      const rows = await database.query<BatchColumns & { readonly body: Buffer }>(
        `select b.id, signal, received_ms, body, scope_name, scope_version, resource
         from record_batches b join origins o on o.id = b.origin_ref
         where session_ref = (select id from sessions where session_key = $1) and b.id > $2
         order by b.id limit $3`,
        [keyText(key), afterId, limit],
      )
      return rows.map((row) => ({ id: row.id, batch: wholeBatchOf(key, row, readJson(row.body)) }))
    },
    derived: (key) => derivedTexts(database, key),
    origins: async () => {
      const rows = await database.query<{ readonly id: number } & Parameters<typeof originOf>[0]>(
        'select id, scope_name, scope_version, resource from origins order by id',
      )
      return rows.map(({ id, ...row }) => ({ id, origin: originOf(row) }))
    },
    dimensions: async () => {
      const rows = await database.query<{ readonly id: number; readonly key: string }>(
        'select id, key from usage_dimensions order by id',
      )
      return rows.map(({ id, key }) => ({ id, dimensions: dimensionsOf(key) }))
    },
    remarks: async () => {
      const remarks: Remark[] = []
      for (const of of Object.keys(REMARKS) as Remark['of'][]) {
        const { table, column } = REMARKS[of]
        const rows = await database.query<{ readonly text: string }>(
          `select distinct ${column} as text from ${table} where ${column} is not null`,
        )
        remarks.push(...rows.map(({ text }) => ({ of, text })))
      }
      return remarks
    },
    otherItems: (afterId) =>
      waitingItems(
        database,
        `id > $1 and not exists (
           select 1 from sessions where sessions.session_key = outbox.session_key)`,
        [afterId],
        ITEMS_PER_SLICE,
      ),
    quarantined: (afterId) => quarantine.texts(afterId),
    transcriptStates: (afterId) =>
      database.query<TranscriptState>(
        `select id, state as text from transcript_files where id > $1 order by id
         limit ${ITEMS_PER_SLICE}`,
        [afterId],
      ),
    traces: (afterId) =>
      database.query<TraceTexts>(
        `select id, '[' || coalesce(nullif(facts, ''), 'null') || (
           select coalesce(string_agg(',' || body, ''), '') from span_trace_parts where trace_ref = t.id
         ) || ']' as text
         from span_traces t where id > $1 order by id limit ${TRACES_PER_SLICE}`,
        [afterId],
      ),
  }
}

/** What was made of a session's records; undefined where there is no such session. */
export async function derivedTexts(
  statements: Statements,
  key: SessionKey,
): Promise<DerivedTexts | undefined> {
  const stored = keyText(key)
  const [row] = await statements.query<SessionTextRow & { readonly state: Buffer | null }>(
    `select id, user_id, title, project, team, owner_team, owner_user, first_prompt_ms,
       first_commit_ms, version, state
     from sessions left join session_states on session_ref = id where session_key = $1`,
    [stored],
  )
  if (row === undefined) return undefined
  const { id } = row
  const attributes = await statements.query<{ readonly key: string; readonly value: string }>(
    'select key, value from session_attributes where session_ref = $1',
    [id],
  )
  const prompts = await statements.query<PromptText & { readonly dedup_key: string }>(
    `select dedup_key, prompt_id as "promptId", command, text from prompts
     where session_ref = $1`,
    [id],
  )
  const names = await statements.query<{ readonly name: string }>(
    `select model as name from model_usage where session_ref = $1 union
     select tool from tool_usage where session_ref = $1 union
     select facet from activity where session_ref = $1`,
    [id],
  )
  const controls = await statements.query<{ readonly id: number; readonly detail: string }>(
    `select id, detail from session_controls
     where session_ref = $1 and kind = 'budget' and detail is not null`,
    [id],
  )
  const work = await statements.query<{ readonly segment: number; readonly work: string }>(
    'select segment, work from work_segments where session_ref = $1',
    [id],
  )
  return {
    session: sessionTextsOf(key, row),
    state: storedStateOf(key, row, row.state && readJson(row.state)),
    attributes: Object.fromEntries(attributes.map(({ key: name, value }) => [name, value])),
    prompts: Object.fromEntries(prompts.map(({ dedup_key, ...prompt }) => [dedup_key, prompt])),
    items: await waitingItems(statements, 'session_key = $1', [stored]),
    usageNames: names.map(({ name }) => name),
    controls: Object.fromEntries(controls.map(({ id: at, detail }) => [at, detail])),
    work: Object.fromEntries(work.map(({ segment, work: text }) => [segment, text])),
  }
}

async function waitingItems(
  statements: Statements,
  condition: string,
  values: readonly unknown[],
  limit?: number,
): Promise<readonly WaitingItem[]> {
  const rows = await statements.query<
    Pick<WaitingItem, 'id' | 'kind' | 'scoreKey'> & { readonly payload: Buffer }
  >(
    `select id, kind, payload, score_key as "scoreKey" from outbox where ${condition}
     order by id ${limit === undefined ? '' : `limit ${limit}`}`,
    values,
  )
  return rows.map(({ payload, ...item }) => ({ ...item, payload: readJson(payload) }))
}
