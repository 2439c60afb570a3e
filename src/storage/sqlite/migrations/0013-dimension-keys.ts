/** Sets of dimensions as JSON objects in place of a column for each dimension, so that one more changes nothing here. */
import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** The columns in the order of the names in the object. */
const NAMES = {
  query_source: 'querySource',
  subagent_type: 'subagentType',
  skill: 'skill',
  mcp_server: 'mcpServer',
  plugin: 'plugin',
  effort: 'effort',
  workflow: 'workflow',
  cost_source: 'costSource',
} as const
const columns = Object.keys(NAMES) as (keyof typeof NAMES)[]

type Row = { readonly id: number } & Readonly<Record<keyof typeof NAMES, string | null>>

export const dimensionKeys: Migration = {
  async up(db: Kysely<unknown>) {
    const { rows } = await sql<Row>`select * from usage_dimensions`.execute(db)
    for (const row of rows) {
      const told = columns.filter((column) => row[column] !== null)
      const key = JSON.stringify(Object.fromEntries(told.map((name) => [NAMES[name], row[name]])))
      await sql`update usage_dimensions set key = ${key} where id = ${row.id}`.execute(db)
    }
    for (const column of columns) {
      await db.schema.alterTable('usage_dimensions').dropColumn(column).execute()
    }
  },
}
