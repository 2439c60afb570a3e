/**
 * Usage of models by what calls were made for (`usage_dimensions`), beside model and time.
 *
 * What is there is split by what the stored records of Claude Code say, the one agent that told any of
 * it so far. A row is split only if the records that are kept add up to it to the last token, so that
 * no sum changes; every other row stays whole, and what its calls were made for stays unknown. Failed
 * calls stay without: they cost nothing. Who said the cost is known where nothing of it was estimated
 * and no call was left without; the operator's own prices were not told apart from the price table.
 *
 * What it reads of records is how they were stored up to this version, whatever the profiles say later.
 */
import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { COUNT, identity, NUMBER, REF } from '../schema.ts'

export const usageDimensions: Migration = {
  async up(db: Kysely<unknown>) {
    await createTables(db)
    const sets = createSets(db)
    const plain = await sets.refOf(NOTHING)
    const subagent = await sets.refOf({ ...NOTHING, subagent_type: UNKNOWN })
    const plainByAgent = await sets.refOf({ ...NOTHING, cost_source: 'agent' })
    const subagentByAgent = await sets.refOf({
      ...NOTHING,
      subagent_type: UNKNOWN,
      cost_source: 'agent',
    })
    await sql`insert into model_usage (session_ref, bucket_ms, model, is_subagent, dimensions_ref,
        ${sql.join(AMOUNTS.map((name) => sql.ref(name)))})
      select session_ref, bucket_ms, model, is_subagent,
        case when cost_usd > 0 and coalesce(estimated_usd, 0) = 0 and coalesce(metrics_usd, 0) = 0
            and unpriced_calls = 0
          then iif(is_subagent = 1, ${subagentByAgent}, ${plainByAgent})
          else iif(is_subagent = 1, ${subagent}, ${plain}) end,
        ${sql.join(AMOUNTS.map((name) => sql.ref(name)))}
      from old_model_usage`.execute(db)
    await db.schema.dropTable('old_model_usage').execute()
    await db.schema
      .createIndex('model_usage_bucket')
      .on('model_usage')
      .column('bucket_ms')
      .execute()
    const sessions = await sql<{ id: number }>`
      select id from sessions where agent = 'claude-code' order by id`.execute(db)
    for (const { id } of sessions.rows) await splitSession(db, id, sets)
  },
}

const UNKNOWN = 'unknown'
const NAMES = [
  'query_source',
  'subagent_type',
  'skill',
  'mcp_server',
  'plugin',
  'effort',
  'workflow',
  'cost_source',
] as const
type DimensionSet = Readonly<Record<(typeof NAMES)[number], string | null>>

const NOTHING: DimensionSet = {
  query_source: null,
  subagent_type: null,
  skill: null,
  mcp_server: null,
  plugin: null,
  effort: null,
  workflow: null,
  cost_source: null,
}

const TOKENS = [
  'input_tokens',
  'output_tokens',
  'cache_read_tokens',
  'cache_creation_tokens',
] as const
const AMOUNTS = [
  'calls',
  'errors',
  'cost_usd',
  'estimated_usd',
  'metrics_usd',
  'unpriced_calls',
  ...TOKENS,
  'duration_ms',
] as const

async function createTables(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('usage_dimensions')
    .addColumn('id', REF, identity)
    .addColumn('key', 'text', (column) => column.notNull().unique())
    .addColumn('query_source', 'text')
    .addColumn('subagent_type', 'text')
    .addColumn('skill', 'text')
    .addColumn('mcp_server', 'text')
    .addColumn('plugin', 'text')
    .addColumn('effort', 'text')
    .addColumn('workflow', 'text')
    .addColumn('cost_source', 'text')
    .execute()
  await db.schema.dropIndex('model_usage_bucket').execute()
  await db.schema.alterTable('model_usage').renameTo('old_model_usage').execute()
  const counts = ['calls', 'errors', 'unpriced_calls']
  let table = db.schema
    .createTable('model_usage')
    .addColumn('session_ref', REF, (column) =>
      column.notNull().references('sessions.id').onDelete('cascade'),
    )
    .addColumn('bucket_ms', NUMBER, (column) => column.notNull())
    .addColumn('model', 'text', (column) => column.notNull())
    .addColumn('is_subagent', COUNT, (column) => column.notNull())
    .addColumn('dimensions_ref', REF, (column) =>
      column.notNull().references('usage_dimensions.id'),
    )
  for (const name of AMOUNTS) {
    table = counts.includes(name)
      ? table.addColumn(name, COUNT, (column) => column.notNull().defaultTo(0))
      : table.addColumn(name, NUMBER)
  }
  await table
    .addPrimaryKeyConstraint('model_usage_key', [
      'session_ref',
      'bucket_ms',
      'model',
      'is_subagent',
      'dimensions_ref',
    ])
    .modifyEnd(sql`without rowid`)
    .execute()
}

interface Sets {
  /** The id of a set's row, which is made when there is none. */
  refOf(set: DimensionSet): Promise<number>
}

function createSets(db: Kysely<unknown>): Sets {
  const refs = new Map<string, number>()
  return {
    refOf: async (set) => {
      const key = keyOf(set)
      const known = refs.get(key)
      if (known !== undefined) return known
      const values = [key, ...NAMES.map((name) => set[name])]
      const { rows } = await sql<{ id: number }>`
        insert into usage_dimensions (key, ${sql.join(NAMES.map((name) => sql.ref(name)))})
        values (${sql.join(values)}) returning id`.execute(db)
      const ref = rows[0]?.id ?? 0
      refs.set(key, ref)
      return ref
    },
  }
}

function keyOf(set: DimensionSet): string {
  return JSON.stringify(NAMES.map((name) => set[name]))
}

type Amounts = Record<(typeof TOKENS)[number] | 'calls' | 'cost_usd' | 'duration_ms', number>

/** What the records say of the calls of one row, by `keyOf`; money in units. */
type Told = Map<string, { readonly set: DimensionSet; readonly amounts: Amounts }>

interface OldRow extends Amounts {
  readonly bucket_ms: number
  readonly model: string
  readonly is_subagent: number
  readonly dimensions_ref: number
  readonly errors: number
}

async function splitSession(db: Kysely<unknown>, session: number, sets: Sets): Promise<void> {
  const { rows } = await sql<OldRow>`select * from model_usage where session_ref = ${session}
    and calls > 0 and unpriced_calls = 0 and coalesce(estimated_usd, 0) = 0
    and coalesce(metrics_usd, 0) = 0`.execute(db)
  if (rows.length === 0) return
  const told = await toldOf(db, session)
  for (const row of rows) {
    const split = told.get(rowKey(row))
    if (split !== undefined && addsUp(row, split)) await splitRow(db, session, row, split, sets)
  }
}

async function splitRow(
  db: Kysely<unknown>,
  session: number,
  row: OldRow,
  told: Told,
  sets: Sets,
): Promise<void> {
  const { bucket_ms, model, is_subagent, dimensions_ref, errors } = row
  await sql`delete from model_usage where session_ref = ${session} and bucket_ms = ${bucket_ms}
    and model = ${model} and is_subagent = ${is_subagent}
    and dimensions_ref = ${dimensions_ref}`.execute(db)
  const insert = async (set: DimensionSet, amounts: Amounts, failed: number) => {
    const ref = await sets.refOf(set)
    const names = ['calls', 'cost_usd', ...TOKENS, 'duration_ms'] as const
    await sql`insert into model_usage (session_ref, bucket_ms, model, is_subagent, dimensions_ref,
        errors, ${sql.join(names.map((name) => sql.ref(name)))})
      values (${session}, ${bucket_ms}, ${model}, ${is_subagent}, ${ref}, ${failed},
        ${sql.join(names.map((name) => amounts[name]))})`.execute(db)
  }
  const unknown = { ...NOTHING, subagent_type: is_subagent === 1 ? UNKNOWN : null }
  if (errors > 0) await insert(unknown, emptyAmounts(), errors)
  for (const { set, amounts } of told.values()) {
    await insert(set, { ...amounts, cost_usd: amounts.cost_usd / UNITS_PER_USD }, 0)
  }
}

/** Sums of money are exact to a billionth of a dollar. */
const UNITS_PER_USD = 1e9
const unitsOf = (usd: number): number => Math.round(usd * UNITS_PER_USD)

function addsUp(row: OldRow, told: Told): boolean {
  const sum = emptyAmounts()
  for (const { amounts } of told.values()) add(sum, amounts)
  return (
    sum.calls === row.calls &&
    sum.cost_usd === unitsOf(row.cost_usd) &&
    sum.duration_ms === row.duration_ms &&
    TOKENS.every((name) => sum[name] === row[name])
  )
}

function emptyAmounts(): Amounts {
  return {
    calls: 0,
    cost_usd: 0,
    input_tokens: 0,
    output_tokens: 0,
    cache_read_tokens: 0,
    cache_creation_tokens: 0,
    duration_ms: 0,
  }
}

function add(into: Amounts, amounts: Amounts): void {
  for (const name of Object.keys(into) as (keyof Amounts)[]) into[name] += amounts[name]
}

const rowKey = ({ bucket_ms, model, is_subagent }: OldRow): string =>
  `${bucket_ms}|${is_subagent}|${model}`

type Json = Readonly<Record<string, unknown>>

/** A call as its record tells it, before the type of its subagent is looked for. */
interface ToldCall {
  readonly rowKey: string
  readonly subagentId: string | undefined
  readonly set: DimensionSet
  readonly amounts: Amounts
}

/** Batches read at once. */
const PAGE = 50

/** What the kept records say of each row of a session, by `rowKey`. */
async function toldOf(db: Kysely<unknown>, session: number): Promise<ReadonlyMap<string, Told>> {
  const { calls, types } = await callsOf(db, session)
  const told = new Map<string, Told>()
  for (const { rowKey: row, subagentId, set: known, amounts } of calls) {
    const typed = subagentId === undefined ? null : (types.get(subagentId) ?? UNKNOWN)
    const set = { ...known, subagent_type: known.subagent_type ?? typed }
    const ofRow: Told = told.get(row) ?? new Map()
    told.set(row, ofRow)
    const found = ofRow.get(keyOf(set))
    if (found === undefined) ofRow.set(keyOf(set), { set, amounts: { ...amounts } })
    else add(found.amounts, amounts)
  }
  return told
}

interface SessionCalls {
  readonly calls: ToldCall[]
  /** Types of subagents, by id. */
  readonly types: Map<string, string>
}

async function callsOf(db: Kysely<unknown>, session: number): Promise<SessionCalls> {
  const found: SessionCalls = { calls: [], types: new Map() }
  let after: number | undefined = 0
  while (after !== undefined) {
    const page: { readonly rows: readonly Batch[] } = await sql<Batch>`
      select id, signal, body from record_batches
      where session_ref = ${session} and id > ${after} and signal in ('log', 'hook')
        and (instr(body, 'api_request') > 0 or instr(body, 'agent_type') > 0)
      order by id limit ${PAGE}`.execute(db)
    for (const { signal, body } of page.rows) {
      for (const record of recordsOf(body)) {
        if (signal === 'log') noteLog(record, found)
        else noteType(jsonOf(record.body), found)
      }
    }
    after = page.rows[PAGE - 1]?.id
  }
  return found
}

interface Batch {
  readonly id: number
  readonly signal: string
  readonly body: string
}

function noteLog(record: Json, found: SessionCalls): void {
  const attributes = jsonOf(record.attributes)
  const name = text(attributes['event.name']) ?? text(record.eventName) ?? text(record.body) ?? ''
  switch (name.replace(/^claude_code\./, '')) {
    case 'subagent_completed':
      noteType(attributes, found)
      return
    case 'api_request': {
      const call = callOf(record, attributes)
      if (call !== undefined) found.calls.push(call)
    }
  }
}

function noteType(of: Json, { types }: SessionCalls): void {
  const [id, type] = [text(of.agent_id), text(of.agent_type)]
  if (id !== undefined && type !== undefined) types.set(id, type)
}

const BUCKET_MS = 900_000
/** Longer names were cut, and are left alone. */
const MAX_NAME_LENGTH = 60

/** Undefined where something in it cannot be what was counted. */
function callOf({ timeMs }: Json, of: Json): ToldCall | undefined {
  const model = (text(of.model) ?? 'unknown').replace(/\[(\w+)\]$/, '')
  const subagentId = text(of.agent_id)
  const cost = of.cost_usd === undefined ? Number.NaN : Number(of.cost_usd)
  const set: DimensionSet = {
    query_source: text(of.query_source) ?? null,
    subagent_type: text(of['agent.name']) ?? null,
    skill: text(of['skill.name']) ?? null,
    mcp_server: text(of['mcp_server.name']) ?? null,
    plugin: text(of['plugin.name']) ?? null,
    effort: text(of.effort) ?? null,
    workflow: text(of['workflow.name']) ?? null,
    cost_source: 'agent',
  }
  const isLong = Object.values(set).some((name) => (name ?? '').length > MAX_NAME_LENGTH)
  if (typeof timeMs !== 'number' || !Number.isFinite(cost) || isLong) return undefined
  return {
    rowKey: `${Math.floor(timeMs / BUCKET_MS) * BUCKET_MS}|${subagentId === undefined ? 0 : 1}|${model}`,
    subagentId,
    set,
    amounts: {
      calls: 1,
      cost_usd: unitsOf(cost),
      input_tokens: number(of.input_tokens),
      output_tokens: number(of.output_tokens),
      cache_read_tokens: number(of.cache_read_tokens),
      cache_creation_tokens: number(of.cache_creation_tokens),
      duration_ms: number(of.duration_ms),
    },
  }
}

function recordsOf(body: string): readonly Json[] {
  try {
    const records: unknown = JSON.parse(body)
    return Array.isArray(records) ? records.map(jsonOf) : []
  } catch {
    // Nobody can read it, so nothing is known of its calls.
    return []
  }
}

function jsonOf(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {}
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function number(value: unknown): number {
  const told = Number(value ?? 0)
  return Number.isFinite(told) ? told : 0
}
