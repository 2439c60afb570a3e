/** Commands over a store in PostgreSQL: they find it by DATABASE_URL, whatever data folder they have. */
import { expect, onTestFinished, test } from 'vitest'
import { newTestDatabase } from '../../postgres/database.ts'
import { createHome, type Finished } from '../cli/home.ts'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from '../corpus/bridge.ts'
import { recording, replay } from '../corpus/recording.ts'
import { createLangfuseStandIn } from '../langfuse-stand-in/stand-in.ts'

const RECORDINGS = ['tools', 'plain', 'multi-turn-traces']

/** That of the recordings. */
const RANGE = ['--since', '2026-11-20', '--until', '2026-11-26']

function folder(): string {
  const path = temporaryFolder()
  onTestFinished(() => removeFolder(path))
  return path
}

async function run(
  variables: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<Finished> {
  const environment = { DATA_DIR: folder(), OTLP_RECEIVER_PORT: '9', TZ: 'UTC', ...variables }
  return createHome().start(args, environment)
}

/** A bridge that has some recordings, and delivers nothing. */
async function filledBridge(dataDir: string, variables: Readonly<Record<string, string>> = {}) {
  const langfuse = await createLangfuseStandIn()
  const environment = { ...bridgeEnvironment(dataDir, langfuse), ...variables }
  await langfuse.close()
  const bridge = await startBridge(environment)
  for (const name of RECORDINGS) await replay(bridge.url, recording(name))
  return bridge
}

test('doctor says whether DATABASE_READ_URL is a copy of the database', async () => {
  const { url } = await newTestDatabase()
  const other = await newTestDatabase()
  for (const each of [url, other.url]) {
    const bridge = await startBridge({ ...bridgeEnvironment(folder()), DATABASE_URL: each })
    await bridge.stop()
  }
  const empty = await newTestDatabase()
  const statusOf = async (readUrl: string) => {
    const variables = { DATABASE_URL: url, DATABASE_READ_URL: readUrl }
    const { stdout } = await run(variables, 'doctor', '--server', '--no-record', '--json')
    const { findings } = JSON.parse(stdout) as {
      readonly findings: readonly { readonly id: string; readonly status: string }[]
    }
    return findings.find(({ id }) => id === 'database.read')?.status
  }
  expect(await statusOf(url)).toBe('ok')
  expect(await statusOf(other.url)).toBe('fail')
  expect(await statusOf(empty.url)).toBe('fail')
  const { stderr } = await run({ DATABASE_URL: url, DATABASE_READ_URL: empty.url }, 'sessions')
  expect(stderr).toContain('DATABASE_READ_URL')
})

test('say the same of a store in either engine', async () => {
  const { url } = await newTestDatabase()
  const dataDir = folder()
  await (await filledBridge(dataDir)).stop()
  expect((await run({ DATA_DIR: dataDir }, 'migrate', '--to', url)).code).toBe(0)
  const id = Object.keys(recording('tools').truth)[0] ?? ''
  const commands = [
    ['sessions', '--json'],
    ['session', id, '--json'],
    ['session', id],
    ['report', '--json', ...RANGE],
    ['report', '--group', 'model', ...RANGE],
    ['export', id],
    ['outbox', 'list', '--json'],
    ['quarantine', 'list', '--json'],
    ['prune', '--older-than', '0', '--dry-run'],
    ['replay', '--all', '--dry-run'],
    ['scrub', '--dry-run', '--json'],
  ]
  for (const args of commands) {
    const expected = await run({ DATA_DIR: dataDir }, ...args)
    const found = await run({ DATABASE_URL: url }, ...args)
    expect(expected.code, args.join(' ')).toBeLessThan(2)
    expect.soft(withoutPlace(found), args.join(' ')).toEqual(withoutPlace(expected))
  }
})

/** Some name where the data is. */
function withoutPlace({ code, stdout, stderr }: Finished): Finished {
  const plain = (text: string) => text.replaceAll(/^Data .*$/gm, 'Data')
  return { code, stdout: plain(stdout), stderr: plain(stderr) }
}

test('know the bridge of their database, and change it through that', async () => {
  const { url } = await newTestDatabase()
  const bridge = await filledBridge(folder(), { DATABASE_URL: url })
  onTestFinished(() => bridge.stop())
  const port = new URL(bridge.url).port
  const beside = { DATABASE_URL: url, OTLP_RECEIVER_PORT: port }
  const status = await run(beside, 'status', '--json')
  expect(JSON.parse(status.stdout)).toMatchObject({
    bridge: { answers: true, folder: 'same' },
    database: expect.stringMatching(/^PostgreSQL at 127\.0\.0\.1:\d+\/test_/),
    data: { openSessions: expect.any(Number) },
  })
  const id = Object.keys(recording('tools').truth)[0] ?? ''
  expect((await run(beside, 'delete', id, '--yes')).stdout).toContain('Deleted session')
  expect((await run(beside, 'session', id)).code).toBe(1)

  const other = await newTestDatabase()
  const elsewhere = await startBridge({ ...bridgeEnvironment(folder()), DATABASE_URL: other.url })
  onTestFinished(() => elsewhere.stop())
  const asked = { DATABASE_URL: url, OTLP_RECEIVER_PORT: new URL(elsewhere.url).port }
  expect((await run(asked, 'status')).stdout).toContain('uses a different database')
  const refused = await run(asked, 'delete', '--all', '--yes')
  expect([refused.code, refused.stderr]).toEqual([
    1,
    expect.stringContaining('uses a different database'),
  ])
})

test('change the database themselves while no bridge runs', async () => {
  const { url } = await newTestDatabase()
  const bridge = await filledBridge(folder(), { DATABASE_URL: url })
  await bridge.stop()
  const alone = { DATABASE_URL: url }
  const before = JSON.parse((await run(alone, 'sessions', '--json')).stdout) as unknown[]
  expect(before.length).toBeGreaterThan(RECORDINGS.length - 1)
  const id = Object.keys(recording('tools').truth)[0] ?? ''
  const deleted = await run(alone, 'delete', id, '--yes')
  expect([deleted.code, deleted.stderr]).toEqual([0, ''])
  const after = JSON.parse((await run(alone, 'sessions', '--json')).stdout) as unknown[]
  expect(after).toHaveLength(before.length - 1)
  const scrubbed = await run(alone, 'scrub', '--yes', '--json')
  expect([scrubbed.code, scrubbed.stderr]).toEqual([0, ''])
  const retried = await run(alone, 'outbox', 'retry', '--all')
  expect([retried.code, retried.stderr]).toEqual([0, ''])
})

test('say why a database cannot be used', async () => {
  const { url } = await newTestDatabase()
  const empty = await run({ DATABASE_URL: url }, 'sessions')
  expect([empty.code, empty.stderr]).toEqual([
    1,
    expect.stringContaining('holds no data of claude-telemetry yet'),
  ])
  const away = await run({ DATABASE_URL: 'postgres://me:secret-1@127.0.0.1:9/x' }, 'sessions')
  expect([away.code, away.stderr]).toEqual([1, expect.stringContaining('ECONNREFUSED')])
  expect(away.stderr).not.toContain('secret-1')
})

test('a database that has no room for every character is refused at the start', async () => {
  const { url } = await newTestDatabase({ encoding: 'LATIN1' })
  await expect(startBridge({ ...bridgeEnvironment(folder()), DATABASE_URL: url })).rejects.toThrow(
    /has the encoding LATIN1.*encoding 'UTF8'/,
  )
})
