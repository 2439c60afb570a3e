/**
 * Commands over a database of another version: only the bridge changes a schema, since another one,
 * of another version, may be using it.
 */
import { existsSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { dataFolderAt } from '../../../src/storage/data-folder.ts'
import { acquireFolderLock } from '../../../src/storage/sqlite/folder-lock.ts'
import { openStore, withDatabase } from '../storage/open-store.ts'
import { databaseOneBehind, schemaOf } from '../storage/older-database.ts'
import { runCommandLine } from './run-command.ts'

/** Every command that opens the data. */
const commands = [
  ['status'],
  ['sessions'],
  ['session', '--last'],
  ['report'],
  ['tail', '-n', '1'],
  ['export', 'some-session'],
  ['replay', '--all', '--dry-run'],
  ['prune'],
  ['delete', 'some-session', '--yes'],
  ['outbox', 'list'],
  ['outbox', 'retry', '--all'],
  ['outbox', 'drop', '1'],
]

/** As a bridge of that version holds it while it runs. */
function holdLock(dataDir: string): void {
  const lock = acquireFolderLock(dataFolderAt(dataDir).lockPath)
  if (lock === undefined) throw new Error('somebody else holds the lock')
  onTestFinished(() => lock.release())
}

async function run(dataDir: string, args: readonly string[]) {
  // Nobody listens there.
  const { code, stdout, stderr } = await runCommandLine(args, {
    DATA_DIR: dataDir,
    OTLP_RECEIVER_PORT: '9',
    LANGFUSE_PUBLIC_KEY: 'pk-lf-1',
    LANGFUSE_SECRET_KEY: 'sk-lf-1',
    LANGFUSE_HOST: 'http://127.0.0.1:9',
  })
  return { code, said: stdout + stderr }
}

describe.each([
  ['while a bridge runs on it', true],
  ['while none does', false],
])('a database one migration behind, %s', (_when, isHeld) => {
  test.each(commands)('%s %s is told what to do, and changes nothing', async (...args) => {
    const dataDir = await databaseOneBehind()
    if (isHeld) holdLock(dataDir)
    const before = schemaOf(dataDir)
    const { code, said } = await run(dataDir, args)
    expect(code).toBe(1)
    expect(said).toMatch(/written by an older claude-telemetry\. Start the bridge once/)
    expect(schemaOf(dataDir)).toEqual(before)
  })
})

test('the bridge itself brings it up to date', async () => {
  const store = await openStore(await databaseOneBehind())
  expect((await run(store.dataDir, ['outbox', 'list'])).said).toBe('no dead items\n')
})

test.each(commands)('%s %s refuses a newer one', async (...args) => {
  const store = await openStore()
  await store.close()
  withDatabase(store.dataDir, (db) =>
    db.exec(`insert into kysely_migration values ('9999-future', '2099-01-01')`),
  )
  const { code, said } = await run(store.dataDir, args)
  expect(code).toBe(1)
  expect(said).toMatch(/written by a newer claude-telemetry.*9999-future/)
})

test.each(commands)('%s %s makes no file where there is none', async (...args) => {
  const store = await openStore()
  const dataDir = `${store.dataDir}/nothing-here`
  const { code, said } = await run(dataDir, args)
  expect(code).toBe(1)
  expect(said).toMatch(/There is no database .*Set DATA_DIR/s)
  expect(existsSync(dataDir)).toBe(false)
})
