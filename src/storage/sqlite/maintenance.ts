/**
 * Changes to the stored data from a command, while no bridge runs: takes the folder's lock, so
 * that none begins meanwhile. Leaves the schema as it is, unless it is asked to bring it up to date.
 */
import { existsSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { err, ok, type Result } from '../../domain/result.ts'
import type { Maintenance, MaintenanceOptions, MaintenanceProblem } from '../maintenance.ts'
import { createAuditRows } from './audit-rows.ts'
import { createBudgetRows } from './budget-rows.ts'
import type { Connection } from './connection.ts'
import { dataFolderAt, makePrivateFile } from '../data-folder.ts'
import { createDeadItems } from './dead-items.ts'
import { acquireFolderLock, type FolderLock } from './folder-lock.ts'
import { createIdBlocks } from './id-blocks.ts'
import { createKeyRows } from './key-rows.ts'
import { openDatabase } from './open-database.ts'
import { openExisting } from './open-existing.ts'
import { createOutboxTable } from './outbox-table.ts'
import { createSessionDeletion } from './session-deletion.ts'
import { besideErrorOf, lockedError } from './open-error.ts'
import { createQuarantine } from './quarantine.ts'
import { createRecordBatches } from './queries/record-batches.ts'
import { createSessionInputs } from './queries/session-inputs.ts'
import { rewriteDatabase } from './rewrite-database.ts'
import { createScrubRows } from './scrub-rows.ts'
import { createSearchChanges } from './search-rows.ts'
import { createTotals } from './totals.ts'
import type { Write } from './writer.ts'

/**
 * Opens the data of a folder; the problem is for a person. With `migrates` a database of an earlier
 * version is brought up to date, as the bridge does at its start: none runs, and none can start.
 */
export async function openSqliteMaintenance(
  dataDir: string,
  { migrates = false }: MaintenanceOptions,
): Promise<Result<Maintenance, MaintenanceProblem>> {
  const { databasePath, lockPath } = dataFolderAt(dataDir)
  const unusable = (message: string) => err<MaintenanceProblem>({ reason: 'unusable', message })
  let lock: FolderLock | undefined
  try {
    // Where there is no database, no lock is made either.
    if (existsSync(databasePath)) {
      makePrivateFile(lockPath)
      lock = acquireFolderLock(lockPath)
      if (lock === undefined) {
        return err({ reason: 'in_use', message: lockedError(dataDir).message })
      }
    }
    const opened =
      migrates && lock !== undefined
        ? await openDatabase(databasePath)
        : openExisting(dataDir, 'change')
    const held = lock
    if (opened.ok) return ok(maintenanceOf(opened.value, () => held?.release()))
    lock?.release()
    return unusable(opened.error.message)
  } catch (error) {
    lock?.release()
    const expected = besideErrorOf(error, databasePath)
    if (expected === undefined) throw error
    return unusable(expected.message)
  }
}

function maintenanceOf(connection: Connection, release: () => void): Maintenance {
  const outbox = createOutboxTable(connection, createIdBlocks(connection))
  const deletion = createSessionDeletion({ connection, outbox, onTaken: () => {} })
  const write: Write = async (work) => work()

  /** Slice after slice, so that a signal is heard in between. */
  async function whileMore(slice: () => boolean): Promise<void> {
    while (slice()) await setImmediate()
  }

  return {
    removeSession: async (key) => {
      const id = deletion.take(key)
      if (id === undefined) return undefined
      let records = 0
      await whileMore(() => {
        const slice = deletion.slice(id)
        records += slice.records
        return !slice.isDone
      })
      return records
    },
    deadItems: createDeadItems({ connection, table: outbox, write }),
    keys: createKeyRows(connection, write),
    budgets: createBudgetRows(connection, write),
    // The bridge knows the retention, and keeps to it.
    audit: createAuditRows({ connection, write, retentionMs: 0, now: Date.now }),
    scrub: (stateVersion) => {
      return {
        store: createScrubRows({
          connection,
          outbox,
          quarantine: createQuarantine({ connection, totals: createTotals(connection), write }),
          search: createSearchChanges(connection),
          stateVersion,
          sweepDeleted: () => deletion.sweep(),
          write,
          onChanged: () => {},
        }),
        inputs: createSessionInputs(connection, createRecordBatches(connection)),
        rewriteFiles: async () => rewriteDatabase(connection.handle),
      }
    },
    close: async () => {
      await connection.kysely.destroy()
      connection.close()
      release()
    },
  }
}
