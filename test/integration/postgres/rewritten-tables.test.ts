/** What was deleted or replaced is in no file of the database once its tables were written anew. */
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
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
  tsvector: `'''${MARKER}'':1'`,
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
  expect(await rewriteTables({ url })).toEqual({ ok: true, value: undefined })
  expect(holding()).toBe(0)
})

/** A database with a replaced row, and what says how many of its files still hold that. */
async function replaced() {
  const { url } = await newTestDatabase()
  askPostgresNow(url, ['create table notes (text text)', `insert into notes values ('${MARKER}')`])
  return {
    url,
    replace: () => askPostgresNow(url, [`update notes set text = 'masked'`]),
    holding: () =>
      filesBelow(databaseFolder(url)).filter(({ bytes }) => bytes.includes(MARKER)).length,
  }
}

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'nightly dump' })
  await client.connect()
  onTestFinished(() => client.end())
  return client
}

test('waits for whoever may still read what was replaced', async () => {
  const { url, replace, holding } = await replaced()
  const reader = await connected(url)
  await reader.query('begin isolation level repeatable read')
  await reader.query('select from notes')
  replace()
  expect(await rewriteTables({ url }, 0)).toEqual({
    ok: false,
    error: expect.stringMatching(
      /^connection \d+ \(nightly dump, since 20.*\) may still read replaced rows$/,
    ) as string,
  })
  expect(holding()).toBe(1)
  const rewritten = rewriteTables({ url })
  await reader.query('select from notes')
  await reader.query('commit')
  expect(await rewritten).toEqual({ ok: true, value: undefined })
  expect(holding()).toBe(0)
})

// A snapshot of this database reaches back to the oldest transaction of the whole server.
test('waits for who changes another database of the server', async () => {
  const { url, replace, holding } = await replaced()
  const writer = await connected((await newTestDatabase()).url)
  await writer.query('begin')
  await writer.query('create table other (id int)')
  replace()
  expect(await rewriteTables({ url }, 0)).toMatchObject({ ok: false })
  const rewritten = rewriteTables({ url })
  await writer.query('rollback')
  expect(await rewritten).toEqual({ ok: true, value: undefined })
  expect(holding()).toBe(0)
})

test('does not wait for who reads another database', async () => {
  const { url, replace, holding } = await replaced()
  const elsewhere = await connected((await newTestDatabase()).url)
  await elsewhere.query('begin isolation level repeatable read')
  await elsewhere.query('select 1 from pg_class')
  replace()
  expect(await rewriteTables({ url })).toEqual({ ok: true, value: undefined })
  expect(holding()).toBe(0)
  await elsewhere.query('commit')
})
