/** The server that tests of PostgreSQL run against. */
import { existsSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { newTestDatabase, skipWithoutPostgres } from '../postgres/database.ts'
import { askPostgres as ask, startPostgresServer } from '../postgres/postgres-server.ts'

test('each test has a database of its own, empty or of a collation', async () => {
  const [one, another] = [await newTestDatabase(), await newTestDatabase({ locale: 'en-US' })]
  await ask(one.url, 'create table here (name text)')
  expect(await ask(one.url, 'select count(*) from here')).toBe('0')
  await expect(ask(another.url, 'select count(*) from here')).rejects.toThrow('does not exist')
  expect(await ask(one.url, "select 'a' < 'B'")).toBe('f')
  expect(await ask(another.url, "select 'a' < 'B'")).toBe('t')
})

test('a copy of a database has what is in it', async () => {
  const original = await newTestDatabase()
  await ask(original.url, 'create table kept as select 7 as number')
  const copy = await newTestDatabase({ template: original.name })
  expect(await ask(copy.url, 'select number from kept')).toBe('7')
})

test('a server of one’s own keeps its data and its port over a stop, a crash and a restart', async () => {
  skipWithoutPostgres()
  const server = await startPostgresServer({ isDurable: true, settings: { max_connections: '17' } })
  onTestFinished(() => server.remove())
  const { url } = await server.newDatabase()
  await ask(url, 'create table kept as select 7 as number')
  expect(await ask(url, 'show fsync')).toBe('on')
  expect(await ask(url, 'show max_connections')).toBe('17')
  await server.stop('immediate')
  await expect(ask(url, 'select 1')).rejects.toThrow('refused')
  await server.start()
  await server.restart('fast')
  expect(await ask(url, 'select number from kept')).toBe('7')
  const folder = await ask(url, 'show data_directory')
  await server.remove()
  expect(existsSync(folder)).toBe(false)
})
