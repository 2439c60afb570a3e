/** A database that answers and takes no commit: the bridge says so, and is ready again with the next one. */
import { expect, onTestFinished, test, vi } from 'vitest'
import { newTestDatabase } from '../../postgres/database.ts'
import { askPostgres } from '../../postgres/postgres-server.ts'
import { resourceLogsOf, turn } from '../cli/telemetry.ts'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from '../corpus/bridge.ts'

const refuse = `create function refuse() returns trigger language plpgsql as
  'begin raise exception ''not today''; end'`

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
    const session = { id: `s${sent}`, events: turn('hello', 1) }
    const response = await fetch(`${bridge.url}/v1/logs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ resourceLogs: [resourceLogsOf(session)] }),
    })
    return response.status
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
