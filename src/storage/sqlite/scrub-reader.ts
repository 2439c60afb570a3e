/** What `scrub` looks at, read from the tables. */
import type { SessionKey } from '../../domain/identity.ts'
import { err, ok, type Result } from '../../domain/result.ts'
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
import type { OpenScrubReader } from '../maintenance.ts'
import type { ReadConnection } from './connection.ts'
import { type SessionTextRow, sessionTextsOf, storedStateOf } from '../scrub-texts.ts'
import { openExisting } from './open-existing.ts'
import { dimensionsOf } from '../stored-rows.ts'
import { createQuarantineTexts } from './quarantine.ts'

interface PromptRow {
  readonly dedup_key: string
  readonly prompt_id: string | null
  readonly command: string | null
  readonly text: string | null
}

/** Of large items, at once. */
const ITEMS_PER_SLICE = 8
const TRACES_PER_SLICE = 20

export const REMARKS = {
  budgetAlert: { table: 'budget_alerts', column: 'subject' },
  alert: { table: 'alerts', column: 'subject' },
  failure: { table: 'outbox_exceptions', column: 'reason' },
  audit: { table: 'audit_log', column: 'target' },
} as const satisfies Record<Remark['of'], { readonly table: string; readonly column: string }>

export interface SqliteScrubReader extends ScrubReader {
  /** The same inside of a transaction. */
  readonly derivedNow: (key: SessionKey) => DerivedTexts | undefined
}

/** Opens it, or says why not. */
export function openSqliteScrubReader(dataDir: string): Result<OpenScrubReader, string> {
  const opened = openExisting(dataDir, 'read')
  if (!opened.ok) return err(opened.error.message)
  const connection = opened.value
  const { derivedNow: _, ...reader } = createScrubReader(connection)
  return ok({ ...reader, close: async () => connection.close() })
}

export function createScrubReader(connection: ReadConnection): SqliteScrubReader {
  const { handle } = connection
  const keys = handle.prepare<[], string>('select session_key from sessions order by id').pluck()
  const idOf = handle
    .prepare<[string], number>('select id from sessions where session_key = ?')
    .pluck()
  const textsOf = handle.prepare<[string], SessionTextRow & { readonly state: string | null }>(
    `select id, user_id, title, project, team, owner_team, owner_user, first_prompt_ms, first_commit_ms, version, state
     from sessions left join session_states on session_ref = id where session_key = ?`,
  )
  const batches = handle.prepare<
    [number, number, number],
    BatchColumns & { readonly body: string }
  >(
    `select b.id, signal, received_ms, body, scope_name, scope_version, resource
     from record_batches b join origins o on o.id = b.origin_ref
     where session_ref = ? and b.id > ? order by b.id limit ?`,
  )
  const attributesOf = handle.prepare<[number], { readonly key: string; readonly value: string }>(
    'select key, value from session_attributes where session_ref = ?',
  )
  const promptsOf = handle.prepare<[number], PromptRow>(
    'select dedup_key, prompt_id, command, text from prompts where session_ref = ?',
  )
  const itemsOf = handle.prepare<[string], DerivedTexts['items'][number]>(
    'select id, kind, payload, score_key as scoreKey from outbox where session_key = ? order by id',
  )
  const namesOf = handle
    .prepare<[number, number, number], string>(
      `select model from model_usage where session_ref = ? union
       select tool from tool_usage where session_ref = ? union
       select facet from activity where session_ref = ?`,
    )
    .pluck()
  const controlsOf = handle.prepare<[number], { readonly id: number; readonly detail: string }>(
    `select id, detail from session_controls
     where session_ref = ? and kind = 'budget' and detail is not null`,
  )
  const workOf = handle.prepare<[number], { readonly segment: number; readonly work: string }>(
    'select segment, work from work_segments where session_ref = ?',
  )
  const allOrigins = handle.prepare<[], { readonly id: number } & Parameters<typeof originOf>[0]>(
    'select id, scope_name, scope_version, resource from origins order by id',
  )
  const allDimensions = handle.prepare<[], { readonly id: number; readonly key: string }>(
    'select id, key from usage_dimensions order by id',
  )
  const transcriptsBehind = handle.prepare<[number, number], TranscriptState>(
    'select rowid as id, state as text from transcript_files where rowid > ? order by rowid limit ?',
  )
  const othersBehind = handle.prepare<[number, number], WaitingItem>(
    `select id, kind, payload, score_key as scoreKey from outbox where id > ? and not exists (
       select 1 from sessions where sessions.session_key = outbox.session_key)
     order by id limit ?`,
  )
  const tracesBehind = handle.prepare<[number, number], TraceTexts>(
    `select id, '[' || iif(facts = '', 'null', facts) || (
       select coalesce(group_concat(',' || body, ''), '') from span_trace_parts where trace_ref = t.id
     ) || ']' as text
     from span_traces t where id > ? order by id limit ?`,
  )
  const quarantined = createQuarantineTexts(connection)

  function derived(key: SessionKey): DerivedTexts | undefined {
    const row = textsOf.get(key)
    if (row === undefined) return undefined
    const { id } = row
    return {
      session: sessionTextsOf(key, row),
      state: storedStateOf(key, row, row.state),
      attributes: Object.fromEntries(attributesOf.all(id).map(({ key: k, value }) => [k, value])),
      prompts: Object.fromEntries(
        promptsOf.all(id).map((prompt) => [prompt.dedup_key, promptTextOf(prompt)]),
      ),
      items: itemsOf.all(key),
      usageNames: namesOf.all(id, id, id),
      controls: Object.fromEntries(controlsOf.all(id).map(({ id: at, detail }) => [at, detail])),
      work: Object.fromEntries(workOf.all(id).map(({ segment, work }) => [segment, work])),
    }
  }

  return {
    sessionKeys: async () => keys.all(),
    has: async (key) => idOf.get(key) !== undefined,
    batchRows: async (key, afterId, limit) => {
      const ref = idOf.get(key)
      if (ref === undefined) return []
      const rows = batches.all(ref, afterId, limit)
      return rows.map((row) => ({ id: row.id, batch: wholeBatchOf(key, row, row.body) }))
    },
    derived: async (key) => derived(key),
    origins: async () => allOrigins.all().map(({ id, ...row }) => ({ id, origin: originOf(row) })),
    remarks: async () =>
      (Object.keys(REMARKS) as Remark['of'][]).flatMap((of) => {
        const { table, column } = REMARKS[of]
        const texts = handle
          .prepare<[], string>(
            `select distinct ${column} from ${table} where ${column} is not null`,
          )
          .pluck()
        return texts.all().map((text) => ({ of, text }))
      }),
    dimensions: async () =>
      allDimensions.all().map(({ id, key }) => ({ id, dimensions: dimensionsOf(key) })),
    otherItems: async (afterId) => othersBehind.all(afterId, ITEMS_PER_SLICE),
    quarantined: async (afterId) => quarantined(afterId),
    transcriptStates: async (afterId) => transcriptsBehind.all(afterId, ITEMS_PER_SLICE),
    traces: async (afterId) => tracesBehind.all(afterId, TRACES_PER_SLICE),
    derivedNow: derived,
  }
}

function promptTextOf({ prompt_id: promptId, command, text }: PromptRow): PromptText {
  return { promptId, command, text }
}
