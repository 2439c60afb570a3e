/**
 * Changes to the stored data from a command, while no bridge runs: takes the folder's lock, so
 * that none begins meanwhile.
 */
import { existsSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import type { SessionKey } from '../domain/identity.ts'
import { err, ok, type Result } from '../domain/result.ts'
import type { Connection } from './connection.ts'
import { dataFolderAt, makePrivateFile } from './data-folder.ts'
import { acquireFolderLock } from './folder-lock.ts'
import { openDatabase } from './open-database.ts'
import { createRetention } from './retention.ts'
import { createSessionRemoval } from './session-removal.ts'
import { lockedError, openErrorOf } from './store-open-error.ts'

export interface Maintenance {
  /** Deletes a session with every row of it. Resolves to its records; undefined when there is none. */
  removeSession(key: SessionKey): Promise<number | undefined>
  /**
   * Deletes closed sessions that were last written before that, unless something of that age waits
   * for Langfuse. Resolves to how many.
   */
  prune(beforeMs: number): Promise<number>
  /** The folder is free for a bridge again. */
  close(): Promise<void>
}

export interface MaintenanceProblem {
  /** `in_use`: a bridge runs, and has to be asked itself. */
  readonly reason: 'in_use' | 'unusable'
  readonly message: string
}

/** Opens the data of a folder; the problem is for a person. */
export async function openMaintenance(
  dataDir: string,
): Promise<Result<Maintenance, MaintenanceProblem>> {
  const { databasePath, lockPath } = dataFolderAt(dataDir)
  if (!existsSync(databasePath)) {
    const message = `There is no database ${databasePath}. Set DATA_DIR to the folder of the bridge.`
    return err({ reason: 'unusable', message })
  }
  try {
    makePrivateFile(lockPath)
    const lock = acquireFolderLock(lockPath)
    if (lock === undefined) return err({ reason: 'in_use', message: lockedError(dataDir).message })
    try {
      const opened = await openDatabase(databasePath)
      if (opened.ok) return ok(maintenanceOf(opened.value, () => lock.release()))
      lock.release()
      return err({ reason: 'unusable', message: opened.error.message })
    } catch (error) {
      lock.release()
      throw error
    }
  } catch (error) {
    const expected = openErrorOf(error, databasePath)
    if (expected === undefined) throw error
    return err({ reason: 'unusable', message: expected.message })
  }
}

function maintenanceOf(connection: Connection, release: () => void): Maintenance {
  const removal = createSessionRemoval(connection)
  const retention = createRetention({ connection, onDeleted: () => {} })

  async function countSessions(): Promise<number> {
    const { count } = await connection.kysely
      .selectFrom('sessions')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow()
    return count
  }

  return {
    removeSession: (key) => removal.remove(key),
    prune: async (beforeMs) => {
      const before = await countSessions()
      while (retention.prune(beforeMs)) await setImmediate()
      while (retention.shrink()) await setImmediate()
      return before - (await countSessions())
    },
    close: async () => {
      await connection.kysely.destroy()
      connection.close()
      release()
    },
  }
}
