/** Commands over a database that is there and cannot be used: each kind of trouble has its words. */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nothing, other, row } from '../storage/arrivals.ts'
import {
  connect,
  databaseIn,
  openStore,
  temporaryFolder,
  tryToOpen,
} from '../storage/open-store.ts'
import { runCommandLine } from './run-command.ts'

const NOBODY = 65_534
const isRoot = process.getuid?.() === 0

/** With some sessions in it, and no bridge. */
let used: string
beforeAll(async () => {
  used = mkdtempSync(join(tmpdir(), 'claude-telemetry-'))
  const opened = await tryToOpen(used)
  if (!opened.ok) throw new Error(opened.error.message)
  const ids = Array.from({ length: 200 }, (_, n) => `s${n}`)
  await opened.value.sessions.commit(
    ids.map((id) => other('k', id)),
    [],
    () => ({ ...nothing, sessions: ids.map((id) => row(id, { title: 'x'.repeat(2000) })) }),
  )
  await opened.value.close()
})
afterAll(() => rmSync(used, { recursive: true }))

function copyOfUsed(): string {
  const dataDir = temporaryFolder()
  cpSync(used, dataDir, { recursive: true })
  return dataDir
}

const commands = [
  ['status'],
  ['sessions'],
  ['report'],
  ['prune', '--older-than', '0'],
  ['outbox', 'list'],
]

const troubles: readonly (readonly [string, (dataDir: string) => void, RegExp])[] = [
  [
    'is no database',
    (dataDir) => {
      for (const suffix of ['-wal', '-shm']) rmSync(databaseIn(dataDir) + suffix, { force: true })
      writeFileSync(databaseIn(dataDir), 'Dear diary, '.repeat(1000))
    },
    /is not a SQLite database \(SQLITE_NOTADB\)/,
  ],
  [
    'is damaged',
    (dataDir) => {
      const bytes = readFileSync(databaseIn(dataDir))
      // Its first pages, with the schema, stay whole.
      writeFileSync(databaseIn(dataDir), bytes.fill(0xa5, 30 * 4096))
    },
    /is damaged \(SQLITE_CORRUPT/,
  ],
  [
    'is kept locked by another program',
    (dataDir) => {
      const locker = connect(dataDir)
      locker.pragma('locking_mode = EXCLUSIVE')
      locker.exec('begin immediate; create table mine (a); commit')
    },
    /keeps the database .* locked \(SQLITE_BUSY/,
  ],
  [
    'is a folder',
    (dataDir) => {
      rmSync(databaseIn(dataDir))
      mkdirSync(databaseIn(dataDir))
    },
    /is there, but cannot be read/,
  ],
]

describe.each(troubles)('a database that %s', (what, spoil, says) => {
  // What the outbox has stands in pages that are whole.
  const concerned = commands.filter(([name]) => what !== 'is damaged' || name !== 'outbox')

  test.each(concerned)('%s %s says so, and not that there is none', async (...args) => {
    const dataDir = copyOfUsed()
    spoil(dataDir)
    const variables = { DATA_DIR: dataDir, OTLP_RECEIVER_PORT: '9' }
    const { code, stdout, stderr } = await runCommandLine(args, variables)
    expect(stdout + stderr).toMatch(says)
    expect(stdout + stderr).not.toContain('There is no database')
    expect(code).toBe(1)
  })
})

test.each([
  ...['sessions', 'report', 'prune --older-than 0', 'outbox list', 'quarantine list'],
  ...['keys list', 'audit', 'budget remove a'],
])('%s says that PostgreSQL cannot be reached, and not to start a bridge', async (command) => {
  const args = command.split(' ')
  const variables = { DATA_DIR: temporaryFolder(), DATABASE_URL: 'postgres://127.0.0.1:9/x' }
  const { code, stderr } = await runCommandLine(args, variables)
  expect(stderr).toContain('PostgreSQL at 127.0.0.1:9/x cannot be used: connect ECONNREFUSED')
  expect(stderr).not.toMatch(/start/i)
  expect(code).toBe(1)
})

test.skipIf(process.platform === 'win32')('a database that this user may not read', async () => {
  const dataDir = join(temporaryFolder(), 'data')
  const store = await openStore(dataDir)
  await store.close()
  chmodSync(dataDir, isRoot ? 0o700 : 0o000)
  const module = pathToFileURL(join(import.meta.dirname, '../../../src/storage/beside.ts')).href
  const script = `
    import { openReader } from ${JSON.stringify(module)}
    const opened = await openReader({ dataDir: ${JSON.stringify(dataDir)} })
    console.log(opened.ok ? 'opened' : opened.error)`
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module-typescript', '-e', script],
    { encoding: 'utf8', cwd: '/', ...(isRoot && { uid: NOBODY, gid: NOBODY }) },
  )
  chmodSync(dataDir, 0o700)
  expect(stderr).toBe('')
  expect(stdout).toMatch(/is there, but cannot be read \(EACCES\)\. Run this as the user/)
})
