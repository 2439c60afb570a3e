/** The files of the store, and every reason not to open them. */
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { nothing, other } from './arrivals.ts'
import { databaseIn, openStore, temporaryFolder, tryToOpen, withDatabase } from './open-store.ts'

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8)
const windows = process.platform === 'win32'

describe('the files', () => {
  test.skipIf(windows)('are for their owner alone', async () => {
    const dataDir = join(temporaryFolder(), 'deep', 'data')
    const store = await openStore(dataDir)
    await store.sessions.commit([other('a')], [], () => nothing)
    expect(mode(dataDir)).toBe('700')
    expect(mode(join(dataDir, '..'))).toBe('700')
    const files = readdirSync(dataDir).sort()
    expect(files).toEqual([
      'claude-telemetry.db',
      'claude-telemetry.db-shm',
      'claude-telemetry.db-wal',
      'claude-telemetry.id',
      'claude-telemetry.lock',
    ])
    for (const file of files) expect([file, mode(join(dataDir, file))]).toEqual([file, '600'])
  })

  test.skipIf(windows)(
    'are made private when they were not, the folder is left alone',
    async () => {
      const dataDir = temporaryFolder()
      mkdirSync(join(dataDir, 'own'), { mode: 0o755 })
      writeFileSync(databaseIn(join(dataDir, 'own')), '', { mode: 0o644 })
      await openStore(join(dataDir, 'own'))
      expect(mode(join(dataDir, 'own'))).toBe('755')
      expect(mode(databaseIn(join(dataDir, 'own')))).toBe('600')
    },
  )

  test('can be read by others while they are in use', async () => {
    const store = await openStore()
    await store.sessions.commit([other('a')], [], () => nothing)
    expect(store.rows('select dedup_key from seen')).toEqual([{ dedup_key: 'a' }])
    await store.sessions.commit([other('b')], [], () => nothing)
    expect(store.rows('select count(*) as n from seen')).toEqual([{ n: 2 }])
  })
})

describe('opening is refused', () => {
  async function refusal(dataDir: string) {
    const opened = await tryToOpen(dataDir)
    return opened.ok ? undefined : opened.error
  }

  /** The folder of a store that was closed. */
  async function usedFolder(): Promise<string> {
    const store = await openStore()
    await store.close()
    return store.dataDir
  }

  test('while another store has the folder, and no longer', async () => {
    const store = await openStore()
    const { dataDir } = store
    const error = await refusal(dataDir)
    expect(error?.reason).toBe('locked')
    expect(error?.message).toContain(dataDir)
    expect(await refusal(dataDir)).toEqual(error)
    expect(await store.check()).toEqual({ ok: true, value: undefined })
    await store.close()
    expect(await refusal(dataDir)).toBeUndefined()
  })

  test('when the schema is newer than the program', async () => {
    const dataDir = await usedFolder()
    withDatabase(dataDir, (database) =>
      database.exec(`insert into kysely_migration values ('9999-future', '2099-01-01')`),
    )
    const error = await refusal(dataDir)
    expect(error?.reason).toBe('newer_schema')
    expect(error?.message).toContain('9999-future')
    withDatabase(dataDir, (database) =>
      database.exec(`delete from kysely_migration where name = '9999-future'`),
    )
    expect(await refusal(dataDir)).toBeUndefined()
  })

  test.each([
    {
      name: 'a folder is in its place',
      reason: 'unusable_folder',
      spoil: (path: string) => {
        rmSync(path)
        mkdirSync(path)
      },
    },
  ])('when $name', async ({ reason, spoil }) => {
    const dataDir = await usedFolder()
    spoil(databaseIn(dataDir))
    const error = await refusal(dataDir)
    expect(error?.reason).toBe(reason)
    expect(error?.message).toContain(databaseIn(dataDir))
    // The lock was let go: the folder can be repaired without ending the process.
    rmSync(databaseIn(dataDir), { recursive: true })
    expect(await refusal(dataDir)).toBeUndefined()
  })

  test('when the folder cannot be made', async () => {
    const file = join(temporaryFolder(), 'file')
    writeFileSync(file, '')
    const error = await refusal(join(file, 'data'))
    expect(error).toMatchObject({ reason: 'unusable_folder' })
    expect(error?.message).toMatch(/ENOTDIR.*DATA_DIR/)
  })

  // Root may write everywhere.
  test.skipIf(windows || process.getuid?.() === 0)('when the folder is read-only', async () => {
    const dataDir = join(temporaryFolder(), 'data')
    mkdirSync(dataDir, { mode: 0o500 })
    expect(await refusal(dataDir)).toMatchObject({ reason: 'unusable_folder' })
  })
})
