/** What was deleted or replaced is in no file of the database once its tables were written anew. */
import { expect, test } from 'vitest'
import { openDatabase } from '../../../src/storage/postgres/open-database.ts'
import { rewriteTables } from '../../../src/storage/postgres/rewrite-tables.ts'
import { newTestDatabase } from '../../postgres/database.ts'
import { askPostgresNow, databaseFolder } from '../../postgres/postgres-server.ts'
import { filesBelow } from '../store.ts'

const MARKER = 'what-somebody-told'

/** A value of each type that a column has. */
const VALUES: Readonly<Record<string, string>> = {
  text: `'${MARKER}'`,
  bytea: `'${MARKER}'`,
  boolean: 'false',
  'timestamp with time zone': 'now()',
}

interface Column {
  readonly table: string
  readonly name: string
  readonly type: string
}

test('whichever table it stood in', async () => {
  const { url } = await newTestDatabase()
  const opened = await openDatabase({ url, size: 2, statementTimeoutMs: 20_000 })
  if (!opened.ok) throw new Error(opened.error.message)
  await opened.value.close()
  const columns = JSON.parse(
    askPostgresNow(url, [
      `select json_agg(c) from (
         select table_name as table, column_name as name, data_type as type
         from information_schema.columns where table_schema = 'public' order by 1
       ) c`,
    ]),
  ) as Column[]
  const tables = Map.groupBy(columns, ({ table }) => table)
  expect(tables.size).toBeGreaterThan(35)
  const inserts = [...tables].map(([table, of]) => {
    const values = of.map(({ type }) => VALUES[type] ?? '77')
    return `insert into ${table} (${of.map(({ name }) => name).join(', ')})
      values (${values.join(', ')})`
  })
  askPostgresNow(url, [
    ...inserts,
    // What the planner's statistics keep of values: several of a column.
    `insert into forwarded select '${MARKER}' || n, n from generate_series(1, 50) n`,
    'analyze forwarded',
  ])
  const holding = () =>
    filesBelow(databaseFolder(url)).filter(({ bytes }) => bytes.includes(MARKER)).length
  expect(holding()).toBeGreaterThan(35)
  const emptied = [...tables.keys()].filter((table) => table !== 'forwarded').toReversed()
  askPostgresNow(url, [
    ...emptied.map((table) => `delete from ${table}`),
    `update forwarded set digest = 'masked ' || received_ms || random()`,
  ])
  expect(holding()).toBeGreaterThan(35)
  await rewriteTables({ url })
  expect(holding()).toBe(0)
})
