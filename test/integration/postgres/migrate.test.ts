/** `migrate`: what a data folder holds, moved to PostgreSQL by the real command. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { openReader } from '../../../src/storage/beside.ts'
import { openPostgresReader } from '../../../src/storage/postgres/postgres-reader.ts'
import { newTestDatabase } from '../../postgres/database.ts'
import { askPostgres } from '../../postgres/postgres-server.ts'
import { createHome } from '../cli/home.ts'
import { post as sendSessions, turn } from '../cli/telemetry.ts'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from '../corpus/bridge.ts'
import { expectTruth } from '../corpus/expect-truth.ts'
import { jsonRecordingNames, post, recording, replay, type Truth } from '../corpus/recording.ts'
import { createLangfuseStandIn } from '../langfuse-stand-in/stand-in.ts'
import { oldDatabases, startAfter, unpackDatabase } from '../old-database.ts'
import { everyAnswer } from './every-answer.ts'

function folder(): string {
  const path = temporaryFolder()
  onTestFinished(() => removeFolder(path))
  return path
}

/** A data folder with every recording in it, none of it delivered. */
async function filledFolder(): Promise<string> {
  const dataDir = folder()
  const langfuse = await createLangfuseStandIn()
  const environment = bridgeEnvironment(dataDir, langfuse)
  await langfuse.close()
  const bridge = await startBridge(environment)
  for (const name of jsonRecordingNames) await replay(bridge.url, recording(name))
  await bridge.stop()
  return dataDir
}

const migrate = (dataDir: string, url: string, ...options: readonly string[]) =>
  createHome().start(['migrate', '--to', url, ...options], { DATA_DIR: dataDir })

async function answersOf(opened: Awaited<ReturnType<typeof openReader>>, nowMs: number) {
  if (!opened.ok) throw new Error(opened.error)
  const answers = await everyAnswer(opened.value, nowMs)
  await opened.value.close()
  return answers
}

const isSearch = (question: string): boolean => question.startsWith('search ')

/** Every answer but those of searches: the records have to be read for them. */
async function expectSame(dataDir: string, url: string): Promise<void> {
  const nowMs = Date.now()
  const expected = await answersOf(await openReader({ dataDir }), nowMs)
  const found = await answersOf(await openPostgresReader({ url }), nowMs)
  expect([...found.keys()]).toEqual([...expected.keys()])
  for (const [question, answer] of [...expected].filter(([of]) => !isSearch(of))) {
    expect.soft(found.get(question), question).toEqual(answer)
  }
}

/** A bridge reads the records for searches. */
async function expectSearched(dataDir: string, url: string): Promise<void> {
  const nowMs = Date.now()
  const searchesIn = async (opened: Awaited<ReturnType<typeof openReader>>) =>
    [...(await answersOf(opened, nowMs))].filter(([question]) => isSearch(question))
  const expected = await searchesIn(await openReader({ dataDir }))
  expect(JSON.stringify(expected)).toContain('"sessions":[{')
  const bridge = await startBridge({ ...bridgeEnvironment(folder()), DATABASE_URL: url })
  const toRead = () => askPostgres(url, 'select count(*) from search_backlog')
  await vi.waitFor(async () => expect(await toRead()).toBe('0'), { timeout: 120_000 })
  await bridge.stop()
  expect(await searchesIn(await openPostgresReader({ url }))).toEqual(expected)
}

test('everything is there afterwards, and every report says the same', async () => {
  const { url } = await newTestDatabase()
  const dataDir = await filledFolder()
  const { code, stdout, stderr } = await migrate(dataDir, url)
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout).toContain('counts and sums agree')
  expect(stdout).toMatch(/^records +2530 +2530 +equal$/m)
  expect(stdout).toMatch(/^outbox langfuse: pending +(\d{3,}) +\1 +equal$/m)
  await expectSame(dataDir, url)
  await expectSearched(dataDir, url)
  const again = await migrate(dataDir, url, '--json')
  expect([again.code, JSON.parse(again.stdout)]).toEqual([
    0,
    { equal: true, alreadyDone: true, figures: [], leftBehind: [] },
  ])
})

test('a folder that went on after its move is told, with the sessions that were left behind', async () => {
  const { url } = await newTestDatabase()
  const dataDir = folder()
  const send = async (...ids: readonly string[]) => {
    const bridge = await startBridge(bridgeEnvironment(dataDir))
    await sendSessions(
      bridge.url,
      ids.map((id) => ({ id, events: turn(`to ${id}`, 1) })),
    )
    await bridge.stop()
  }
  await send('stays', 'grows')
  expect((await migrate(dataDir, url)).code).toBe(0)
  expect((await migrate(dataDir, url)).stdout).toContain('Nothing was changed.')
  await send('grows', 'late')
  const { code, stdout } = await migrate(dataDir, url)
  expect(code).toBe(1)
  expect(stdout).toContain('has changed since')
  expect(stdout.match(/claude-code\/\S+/g)).toEqual(['claude-code/grows', 'claude-code/late'])
  const json = await migrate(dataDir, url, '--json')
  expect([json.code, JSON.parse(json.stdout)]).toMatchObject([
    1,
    { equal: false, alreadyDone: true, leftBehind: ['claude-code/grows', 'claude-code/late'] },
  ])
  expect(await askPostgres(url, 'select count(*) from sessions')).toBe('2')
})

test('the address may come from DATABASE_URL; a password in --to is warned of', async () => {
  const { url } = await newTestDatabase()
  const dataDir = folder()
  await (await startBridge(bridgeEnvironment(dataDir))).stop()
  const home = createHome()
  const named = await home.start(['migrate'], { DATA_DIR: dataDir, DATABASE_URL: url })
  expect([named.code, named.stderr]).toEqual([0, ''])
  expect(named.stdout).toContain('(DATABASE_URL in the environment)')
  const shown = await migrate(dataDir, url.replace('@', ':secret-1@'))
  expect([shown.code, shown.stdout]).toEqual([0, expect.stringContaining('already been moved')])
  expect(shown.stderr).toMatch(/--to has a password in it.*Set DATABASE_URL/)
  expect(shown.stdout + shown.stderr).not.toContain('secret-1')
  const nowhere = await home.start(['migrate'], { DATA_DIR: dataDir })
  expect([nowhere.code, nowhere.stderr]).toEqual([2, expect.stringContaining('DATABASE_URL')])
})

test('a command that was killed is run again, and goes on', async () => {
  const { url } = await newTestDatabase()
  const dataDir = await filledFolder()
  const home = createHome()
  const stuck = () => {
    const child = spawn(process.execPath, [...home.nodeArgs, 'migrate', '--to', url], {
      cwd: home.folder,
      env: { HOME: home.folder, DATA_DIR: dataDir },
      stdio: 'ignore',
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    return child
  }
  // The tables are there, and the first item that is copied hangs.
  const first = stuck()
  await vi.waitUntil(() => hasTable(url, 'outbox'))
  first.kill('SIGKILL')
  await once(first, 'exit')
  await askPostgres(
    url,
    `create function hang() returns trigger language plpgsql as
    'begin perform pg_sleep(1000); return new; end'`,
  )
  await askPostgres(url, `create trigger hang before insert on outbox execute function hang()`)
  const second = stuck()
  await vi.waitUntil(async () => (await stageOf(url)) === 'outbox')
  second.kill('SIGKILL')
  await once(second, 'exit')
  await askPostgres(
    url,
    `select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`,
  )
  await askPostgres(url, 'drop trigger hang on outbox')
  const begun = await askPostgres(url, 'select min(xmin::text::bigint) from sessions')
  const { code, stderr } = await migrate(dataDir, url)
  expect([code, stderr]).toEqual([0, ''])
  // Not copied again.
  expect(await askPostgres(url, 'select min(xmin::text::bigint) from sessions')).toBe(begun)
  await expectSame(dataDir, url)
})

async function hasTable(url: string, name: string): Promise<boolean> {
  return (await askPostgres(url, `select to_regclass('${name}') is not null`)) === 't'
}

async function stageOf(url: string): Promise<string> {
  return (await hasTable(url, 'moves')) ? askPostgres(url, 'select stage from moves') : ''
}

describe('is refused', () => {
  test('while a bridge has the folder', async () => {
    const { url } = await newTestDatabase()
    const dataDir = folder()
    const bridge = await startBridge(bridgeEnvironment(dataDir))
    onTestFinished(() => bridge.stop())
    const { code, stderr } = await migrate(dataDir, url)
    expect([code, stderr]).toEqual([1, expect.stringContaining('Stop the bridge')])
    expect(await hasTable(url, 'sessions')).toBe(false)
  })

  test('where there is nothing to move', async () => {
    const { url } = await newTestDatabase()
    const dataDir = folder()
    mkdirSync(dataDir, { recursive: true })
    const { code, stderr } = await migrate(dataDir, url)
    expect([code, stderr]).toEqual([1, expect.stringContaining('DATA_DIR')])
    expect(await hasTable(url, 'sessions')).toBe(false)
  })

  test.each([
    ['an address of something else', 'https://127.0.0.1/x', 2, '--to is not a PostgreSQL address'],
    ['a server that is not there', 'postgres://me:secret-1@127.0.0.1:9/x', 1, 'ECONNREFUSED'],
  ])('with %s', async (_, url, exitCode, message) => {
    const dataDir = folder()
    const bridge = await startBridge(bridgeEnvironment(dataDir))
    await bridge.stop()
    const { code, stdout, stderr } = await migrate(dataDir, url)
    expect([code, stderr]).toEqual([exitCode, expect.stringContaining(message)])
    expect(stdout + stderr).not.toContain('secret-1')
  })
})

describe.each(oldDatabases)('a database of $commit', (old) => {
  test('is moved in the middle of its turns, taken up on PostgreSQL, and adds up', async () => {
    const { url: databaseUrl } = await newTestDatabase()
    const dataDir = folder()
    unpackDatabase(old, dataDir)
    const moved = await migrate(dataDir, databaseUrl)
    expect([moved.code, moved.stderr]).toEqual([0, ''])
    await expectSame(dataDir, databaseUrl)
    const langfuse = await createLangfuseStandIn()
    onTestFinished(() => langfuse.close())
    const environment = { ...bridgeEnvironment(folder(), langfuse), DATABASE_URL: databaseUrl }
    const { app, url } = await startAfter(old, environment)
    const truths = Object.keys(old.posted).map((name) => recording(name).truth)
    for (const name of Object.keys(old.posted)) {
      for (const request of recording(name).requests) expect(await post(url, request)).toBe(200)
    }
    await app.stop()
    expectTruth(langfuse, Object.assign({}, ...truths) as Readonly<Record<string, Truth>>)
  })
})
