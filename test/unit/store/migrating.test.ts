/** A database of an older program: brought up to date with all that is in it. */
import Database from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import { Migrator } from 'kysely/migration'
import { expect, test } from 'vitest'
import { initial } from '../../../src/store/migrations/0001-initial.ts'
import { migrations } from '../../../src/store/migrations/migrations.ts'
import { AT_MS, nothing, observation, other } from './arrivals.ts'
import { databaseIn, openStore, temporaryFolder } from './open-store.ts'

/** A file as the first released schema left it, with a record, a session and two items. */
async function oldDatabase(): Promise<string> {
  const dataDir = temporaryFolder()
  const database = new Database(databaseIn(dataDir))
  const db = new Kysely<unknown>({ dialect: new SqliteDialect({ database }) })
  const provider = { getMigrations: async () => ({ '0001-initial': initial }) }
  const { error } = await new Migrator({ db, provider }).migrateToLatest()
  if (error !== undefined) throw new Error('the first migration failed', { cause: error })
  database.exec(`
    insert into sessions (session_key, agent, session_id, updated_ms, deadline_ms, state_version, state)
      values ('claude-code/s1', 'claude-code', 's1', ${AT_MS}, ${AT_MS + 5}, 1, '{"seen":["a"]}');
    insert into origins (hash, scope_name, scope_version, resource) values ('h', 's', '1', '{}');
    insert into events (session_ref, dedup_key, signal, name, received_ms, origin_ref, attributes)
      values (1, 'a', 'log', 'something', ${AT_MS}, 1, '{}')`)
  const put = database.prepare(`
    insert into outbox (session_key, kind, state, attempts, not_before_ms, created_ms,
      payload_version, bytes, payload) values ('claude-code/s1', 'observation', 'pending', 0, 0,
      ${AT_MS}, ?, 10, ?)`)
  put.run(1, JSON.stringify(observation('kept')))
  put.run(99, '{"written":"by another program"}')
  await db.destroy()
  return dataDir
}

test('a database of the first schema is brought up to date, whole', async () => {
  const store = await openStore(await oldDatabase())
  const applied = store.rows('select name from kysely_migration order by name')
  expect(applied).toEqual(Object.keys(migrations).map((name) => ({ name })))

  let fresh: readonly string[] = []
  let state: unknown
  await store.sessions.commit([other('a'), other('b')], ['claude-code/s1'], (arrivals, stored) => {
    fresh = arrivals.map(({ item }) => item.dedupKey)
    state = stored.get('claude-code/s1')
    return nothing
  })
  expect(fresh).toEqual(['b'])
  expect(state).toEqual({ seen: ['a'] })
})

test('an item of another payload version is put aside with the reason, its neighbour is not', async () => {
  const store = await openStore(await oldDatabase())
  const due = await store.outbox.due(AT_MS, 10, 1_000_000)
  expect(due.map(({ emission }) => emission)).toEqual([observation('kept')])
  expect(await store.outbox.stats()).toMatchObject({ pending: 1, dead: 1 })
  expect(store.rows(`select reason from outbox where state = 'dead'`)).toEqual([
    { reason: 'its payload has version 99, this program reads 1' },
  ])
})
