/** What `scrub` looks at, read from the tables. */
import { ownerOfSession, type SessionKey } from '../../domain/identity.ts'
import type { Attributes } from '../../domain/json-value.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import type {
  BatchRow,
  DerivedTexts,
  PromptText,
  Remark,
  ScrubReader,
  TranscriptState,
  WaitingItem,
} from '../../domain/scrub-store.ts'
import type { StoredState } from '../../domain/stored-state.ts'
import type { Origin, Signal, StoredRecord } from '../../domain/telemetry-record.ts'
import type { OpenScrubReader } from '../maintenance.ts'
import type { ReadConnection } from './connection.ts'
import { parseJsonText } from '../json-text.ts'
import { openExisting } from './open-existing.ts'
import { dimensionsOf } from '../stored-rows.ts'
import { createQuarantineTexts } from './quarantine.ts'

interface SessionTextRow {
  readonly id: number
  readonly user_id: string | null
  readonly title: string | null
  readonly project: string | null
  readonly team: string | null
  readonly owner_team: string | null
  readonly owner_user: string | null
  readonly first_prompt_ms: number | null
  readonly first_commit_ms: number | null
  readonly version: number | null
  readonly state: string | null
}

interface RawBatch {
  readonly id: number
  readonly signal: Signal
  readonly received_ms: number
  readonly body: string
  readonly scope_name: string
  readonly scope_version: string
  readonly resource: string
}

interface PromptRow {
  readonly dedup_key: string
  readonly prompt_id: string | null
  readonly command: string | null
  readonly text: string | null
}

/** Of large items, at once. */
const ITEMS_PER_SLICE = 8

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
  const textsOf = handle.prepare<[string], SessionTextRow>(
    `select id, user_id, title, project, team, owner_team, owner_user, first_prompt_ms, first_commit_ms, version, state
     from sessions left join session_states on session_ref = id where session_key = ?`,
  )
  const batches = handle.prepare<[number, number, number], RawBatch>(
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
  const allOrigins = handle.prepare<
    [],
    { readonly id: number; readonly scope_name: string } & Pick<
      RawBatch,
      'scope_version' | 'resource'
    >
  >('select id, scope_name, scope_version, resource from origins order by id')
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
  const quarantined = createQuarantineTexts(connection)

  function derived(key: SessionKey): DerivedTexts | undefined {
    const row = textsOf.get(key)
    if (row === undefined) return undefined
    const { id, user_id: userId, title, project, team } = row
    const owner = ownerOfSession(key)
    return {
      session: {
        ...{ userId, title, project, team },
        ownerTeam: owner?.team === undefined ? row.owner_team : null,
        ownerUser: owner?.user === undefined ? row.owner_user : null,
      },
      state: storedStateOf(key, row),
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
      return batches.all(ref, afterId, limit).map((row) => batchRowOf(key, row))
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
    derivedNow: derived,
  }
}

function batchRowOf(sessionKey: SessionKey, row: RawBatch): BatchRow {
  const { id, signal, received_ms: receivedMs, body } = row
  const parsed = parseJsonText(body)
  // What is damaged has no records, as wherever they are read.
  const records = parsed.ok ? (parsed.value as StoredRecord['record'][]) : []
  return { id, batch: { id, sessionKey, signal, receivedMs, origin: originOf(row), records } }
}

function originOf(row: Pick<RawBatch, 'scope_name' | 'scope_version' | 'resource'>): Origin {
  const resource = parseJsonText(row.resource)
  return {
    resource: resource.ok ? (resource.value as Attributes) : {},
    scopeName: row.scope_name,
    scopeVersion: row.scope_version,
  }
}

function storedStateOf(sessionKey: SessionKey, row: SessionTextRow): StoredState | undefined {
  const { state: text, version, title, first_prompt_ms, first_commit_ms } = row
  if (text === null || version === null) return undefined
  return {
    sessionKey,
    version,
    text,
    title: title ?? undefined,
    firstPromptMs: first_prompt_ms ?? undefined,
    firstCommitMs: first_commit_ms ?? undefined,
  }
}

function promptTextOf({ prompt_id: promptId, command, text }: PromptRow): PromptText {
  return { promptId, command, text }
}
