/**
 * Usage of models by the MCP tool and the slash command that calls were made for, as the stored records of
 * Claude Code say it. A row is split only if the records that are kept add up to it to the last token, so
 * that no sum changes; every other row stays whole.
 *
 * What it reads of records is how they were stored up to this version, whatever the profiles say later.
 */
import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

export const toolsAndCommands: Migration = {
  async up(db: Kysely<unknown>) {
    const sessions = await sql<{ id: number }>`
      select distinct session_ref as id from record_batches join sessions s on s.id = session_ref
      where s.agent = 'claude-code' and signal = 'log'
        and (instr(body, '"mcp_tool.name"') > 0 or instr(body, '"command_name"') > 0)
      order by id`.execute(db)
    for (const { id } of sessions.rows) await splitSession(db, id)
  },
}

const TOKENS = [
  'input_tokens',
  'output_tokens',
  'cache_read_tokens',
  'cache_creation_tokens',
] as const
const AMOUNTS = ['calls', 'cost_usd', ...TOKENS, 'duration_ms'] as const
/** Money in units. */
type Amounts = Record<(typeof AMOUNTS)[number], number>

interface Row extends Amounts {
  readonly bucket_ms: number
  readonly model: string
  readonly is_subagent: number
  readonly dimensions_ref: number
  readonly errors: number
  readonly key: string
}

type Names = Readonly<Record<string, string>>

interface Call {
  /** Which row it is in. */
  readonly row: string
  /** What it names besides. */
  readonly more: Names
  readonly amounts: Amounts
}

async function splitSession(db: Kysely<unknown>, session: number): Promise<void> {
  const { rows } = await sql<Row>`select u.*, d.key from model_usage u
    join usage_dimensions d on d.id = u.dimensions_ref
    where session_ref = ${session} and calls > 0 and unpriced_calls = 0
      and coalesce(estimated_usd, 0) = 0 and coalesce(metrics_usd, 0) = 0`.execute(db)
  const calls = Map.groupBy(await callsOf(db, session), ({ row }) => row)
  for (const [name, alike] of Map.groupBy(rows, rowName)) {
    const [row] = alike
    const told = calls.get(name) ?? []
    // Where only the type of a subagent tells rows apart, it is not known whose calls these are.
    if (row === undefined || alike.length > 1 || !addsUp(row, told)) continue
    await splitRow(db, session, row, told)
  }
}

async function splitRow(
  db: Kysely<unknown>,
  session: number,
  row: Row,
  told: readonly Call[],
): Promise<void> {
  const rest = emptyAmounts()
  for (const part of Map.groupBy(told, ({ more }) => JSON.stringify(more)).values()) {
    const amounts = sumOf(part)
    const [first] = part
    if (first === undefined || Object.keys(first.more).length === 0) {
      add(rest, amounts)
      continue
    }
    const { costSource, ...named } = namesIn(row.key)
    const set = { ...named, ...first.more, ...(costSource !== undefined && { costSource }) }
    const ref = await refOf(db, JSON.stringify(set))
    await sql`insert into model_usage (session_ref, bucket_ms, model, is_subagent, dimensions_ref,
        errors, ${sql.join(AMOUNTS.map((name) => sql.ref(name)))})
      values (${session}, ${row.bucket_ms}, ${row.model}, ${row.is_subagent}, ${ref}, 0,
        ${sql.join(valuesOf(amounts))})`.execute(db)
  }
  if (rest.calls === row.calls) return
  const where = sql`session_ref = ${session} and bucket_ms = ${row.bucket_ms}
    and model = ${row.model} and is_subagent = ${row.is_subagent}
    and dimensions_ref = ${row.dimensions_ref}`
  if (rest.calls === 0 && row.errors === 0) {
    await sql`delete from model_usage where ${where}`.execute(db)
    return
  }
  const values = valuesOf(rest)
  const set = AMOUNTS.map((name, at) => sql`${sql.ref(name)} = ${values[at]}`)
  await sql`update model_usage set ${sql.join(set)} where ${where}`.execute(db)
}

async function refOf(db: Kysely<unknown>, key: string): Promise<number> {
  await sql`insert into usage_dimensions (key) values (${key}) on conflict do nothing`.execute(db)
  const { rows } = await sql<{ id: number }>`
    select id from usage_dimensions where key = ${key}`.execute(db)
  return rows[0]?.id ?? 0
}

/** Sums of money are exact to a billionth of a dollar. */
const UNITS_PER_USD = 1e9

function valuesOf(amounts: Amounts): number[] {
  return AMOUNTS.map((name) =>
    name === 'cost_usd' ? amounts.cost_usd / UNITS_PER_USD : amounts[name],
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
  for (const name of AMOUNTS) into[name] += amounts[name]
}

function sumOf(calls: readonly Call[]): Amounts {
  const sum = emptyAmounts()
  for (const { amounts } of calls) add(sum, amounts)
  return sum
}

function addsUp(row: Row, told: readonly Call[]): boolean {
  const sum = sumOf(told)
  return AMOUNTS.every((name) => {
    const stored = name === 'cost_usd' ? Math.round(row.cost_usd * UNITS_PER_USD) : row[name]
    return sum[name] === stored
  })
}

/** Alike for a row and for its calls: without what no record of a call says. */
function nameOf(row: Pick<Row, 'bucket_ms' | 'is_subagent' | 'model'>, names: Names): string {
  const { subagentType: _, costSource: __, ...told } = names
  const sorted = Object.keys(told)
    .sort((a, b) => (a < b ? -1 : 1))
    .map((name) => [name, told[name]])
  return JSON.stringify([row.bucket_ms, row.is_subagent, row.model, sorted])
}

function rowName(row: Row): string {
  return nameOf(row, namesIn(row.key))
}

type Json = Readonly<Record<string, unknown>>

function namesIn(key: string): Names {
  return JSON.parse(key) as Names
}

/** Batches read at once. */
const PAGE = 50

async function callsOf(db: Kysely<unknown>, session: number): Promise<readonly Call[]> {
  const requests: Json[] = []
  const commands = new Map<string, string>()
  let after: number | undefined = 0
  while (after !== undefined) {
    const page: { readonly rows: readonly { readonly id: number; readonly body: string }[] } =
      await sql<{ id: number; body: string }>`
        select id, body from record_batches
        where session_ref = ${session} and id > ${after} and signal = 'log'
          and (instr(body, 'api_request') > 0 or instr(body, 'command_name') > 0)
        order by id limit ${PAGE}`.execute(db)
    for (const { body } of page.rows) {
      for (const record of recordsOf(body)) noteRecord(record, requests, commands)
    }
    after = page.rows[PAGE - 1]?.id
  }
  return requests.flatMap((record) => callOf(record, commands) ?? [])
}

function noteRecord(record: Json, requests: Json[], commands: Map<string, string>): void {
  const attributes = jsonOf(record.attributes)
  const name = text(attributes['event.name']) ?? text(record.eventName) ?? text(record.body) ?? ''
  const bare = name.replace(/^claude_code\./, '')
  if (bare === 'api_request') requests.push(record)
  const [prompt, command] = [text(attributes['prompt.id']), text(attributes.command_name)]
  if (bare === 'user_prompt' && prompt !== undefined && command !== undefined) {
    commands.set(prompt, command)
  }
}

const BUCKET_MS = 900_000
const TOLD = {
  querySource: 'query_source',
  skill: 'skill.name',
  mcpServer: 'mcp_server.name',
  plugin: 'plugin.name',
  effort: 'effort',
  workflow: 'workflow.name',
} as const

/** Undefined where something in it cannot be what was counted. */
function callOf(
  { timeMs, attributes }: Json,
  commands: ReadonlyMap<string, string>,
): Call | undefined {
  const of = jsonOf(attributes)
  const cost = of.cost_usd === undefined ? Number.NaN : Number(of.cost_usd)
  if (typeof timeMs !== 'number' || !Number.isFinite(cost)) return undefined
  const told = Object.entries(TOLD).flatMap(([name, attribute]) => {
    const value = text(of[attribute])
    return value === undefined ? [] : [[name, value] as const]
  })
  const mcpTool = text(of['mcp_tool.name'])
  const command = commands.get(text(of['prompt.id']) ?? '')
  const place = {
    bucket_ms: Math.floor(timeMs / BUCKET_MS) * BUCKET_MS,
    is_subagent: text(of.agent_id) === undefined ? 0 : 1,
    model: (text(of.model) ?? 'unknown').replace(/\[(\w+)\]$/, ''),
  }
  return {
    row: nameOf(place, Object.fromEntries(told)),
    more: { ...(mcpTool !== undefined && { mcpTool }), ...(command !== undefined && { command }) },
    amounts: {
      calls: 1,
      cost_usd: Math.round(cost * UNITS_PER_USD),
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
