/** A database that answers and takes no commit: the bridge says so, and is ready again with the next one. */
import { expect, onTestFinished, test, vi } from 'vitest'
import { newTestDatabase, sharedServerUrl } from '../../postgres/database.ts'
import { askPostgres } from '../../postgres/postgres-server.ts'
import { resourceLogsOf, turn } from '../cli/telemetry.ts'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from '../corpus/bridge.ts'

const refuse = `create function refuse() returns trigger language plpgsql as
  'begin raise exception ''not today''; end'`

/** The status of the answer to a session with one prompt. */
async function sendTurn(url: string, id: string): Promise<number> {
  const response = await fetch(`${url}/v1/logs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceLogs: [resourceLogsOf({ id, events: turn('hello', 1) })] }),
  })
  return response.status
}

test.each([
  ['a table is missing', 'alter table seen rename to gone', 'alter table gone rename to seen'],
  [
    'a column is missing',
    'alter table prompts rename text to gone',
    'alter table prompts rename gone to text',
  ],
  [
    'a trigger refuses every row',
    `${refuse}; create trigger refuse before insert on record_batches execute function refuse()`,
    'drop trigger refuse on record_batches',
  ],
])('%s', async (_, breaking, mending) => {
  const { url: databaseUrl } = await newTestDatabase()
  const dataDir = temporaryFolder()
  onTestFinished(() => removeFolder(dataDir))
  const bridge = await startBridge({ ...bridgeEnvironment(dataDir), DATABASE_URL: databaseUrl })
  onTestFinished(() => bridge.stop())
  let sent = 0
  const send = async () => {
    sent += 1
    return sendTurn(bridge.url, `s${sent}`)
  }
  const readiness = async () => (await fetch(`${bridge.url}/health/ready`)).status
  const after = async () => [await send(), await readiness()]
  expect(await after()).toEqual([200, 200])
  await askPostgres(databaseUrl, breaking)
  await vi.waitFor(async () => expect(await after()).toEqual([503, 503]), { interval: 500 })
  await askPostgres(databaseUrl, mending)
  await vi.waitFor(async () => expect(await after()).toEqual([200, 200]), { interval: 500 })
})

test('a database that is gone is told to whoever reads, as an outage', async () => {
  const database = await newTestDatabase()
  const dataDir = temporaryFolder()
  onTestFinished(() => removeFolder(dataDir))
  const bridge = await startBridge({ ...bridgeEnvironment(dataDir), DATABASE_URL: database.url })
  onTestFinished(() => bridge.stop())
  const asked = async () => {
    const response = await fetch(`${bridge.url}/api/sessions`)
    return { status: response.status, text: await response.text() }
  }
  expect((await asked()).status).toBe(200)
  await database.drop()
  // On a connection that was cut off, and on a new one.
  for (const _ of [1, 2]) {
    expect(await asked()).toMatchObject({
      status: 503,
      text: expect.stringContaining('unavailable'),
    })
  }
})

test('an empty database, or another store, in place of its own is an outage', async () => {
  const database = await newTestDatabase()
  const { url: databaseUrl } = database
  const dataDir = temporaryFolder()
  onTestFinished(() => removeFolder(dataDir))
  const environment = { ...bridgeEnvironment(dataDir), DATABASE_URL: databaseUrl }
  const bridge = await startBridge(environment)
  onTestFinished(() => bridge.stop())
  const answer = async (path: string) => {
    const { status, headers } = await fetch(`${bridge.url}${path}`)
    return { status, retryAfter: headers.get('retry-after') }
  }
  const health = async () => (await fetch(`${bridge.url}/health`)).json()
  expect(await sendTurn(bridge.url, 'before')).toBe(200)
  await expectAnswers({ status: 200, retryAfter: null })

  await database.drop()
  await askPostgres(await sharedServerUrl(), `create database ${database.name} template template0`)
  expect(await sendTurn(bridge.url, 'empty')).toBe(503)
  await expectAnswers({ status: 503, retryAfter: '2' })
  expect(await health()).toMatchObject({
    status: 'unavailable',
    storage: { lastError: expect.stringMatching(/another database.*start the bridge again/) },
  })

  const otherDir = temporaryFolder()
  onTestFinished(() => removeFolder(otherDir))
  const other = await startBridge({ ...environment, DATA_DIR: otherDir })
  onTestFinished(() => other.stop())
  expect(await sendTurn(bridge.url, 'another')).toBe(503)
  await expectAnswers({ status: 503, retryAfter: '2' })
  expect(await askPostgres(databaseUrl, 'select count(*) from sessions')).toBe('0')
  expect(await askPostgres(databaseUrl, 'select count(*) from replicas')).toBe('1')
  expect(await sendTurn(other.url, 'another')).toBe(200)

  async function expectAnswers(expected: { status: number; retryAfter: string | null }) {
    // Of the thread that reads, and of the one that stores.
    for (const path of ['/api/sessions', '/api/keys']) {
      expect(await answer(path)).toEqual(expected)
    }
  }
})

test('a store that is emptied where it is takes nothing until it is put back', async () => {
  const { url: databaseUrl } = await newTestDatabase()
  const dataDir = temporaryFolder()
  onTestFinished(() => removeFolder(dataDir))
  const bridge = await startBridge({ ...bridgeEnvironment(dataDir), DATABASE_URL: databaseUrl })
  onTestFinished(() => bridge.stop())
  expect(await sendTurn(bridge.url, 'before')).toBe(200)
  await askPostgres(databaseUrl, 'alter schema public rename to away; create schema public')
  expect(await sendTurn(bridge.url, 'meanwhile')).toBe(503)
  expect((await fetch(`${bridge.url}/api/sessions`)).status).toBe(503)
  expect((await fetch(`${bridge.url}/health/ready`)).status).toBe(503)
  await askPostgres(databaseUrl, 'drop schema public; alter schema away rename to public')
  await vi.waitFor(async () => expect(await sendTurn(bridge.url, 'after')).toBe(200), {
    interval: 500,
  })
  expect(await askPostgres(databaseUrl, 'select count(*) from sessions')).toBe('2')
})
