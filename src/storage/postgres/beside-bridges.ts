/** What commands open of a database: to look at it beside running bridges, or to change it without any. */
import type { NamedSession, SessionKey } from '../../domain/identity.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import type {
  Maintenance,
  MaintenanceOptions,
  MaintenanceProblem,
  OpenDeadItems,
  OpenQuarantine,
  OpenScrubReader,
} from '../maintenance.ts'
import { databaseName } from '../store-place.ts'
import { createAuditRows } from './audit-rows.ts'
import { createBudgetRows } from './budget-rows.ts'
import type { Database } from './connection.ts'
import { createDeadItems } from './dead-items.ts'
import { createKeyRows } from './key-rows.ts'
import {
  instanceOf,
  keepOthersOut,
  openDatabase,
  openExisting,
  openProblem,
} from './open-database.ts'
import { createQuarantine } from './quarantine.ts'
import { createSessionInputs } from './queries/session-inputs.ts'
import { createReferenceRows } from './reference-rows.ts'
import { isAlive } from './replica.ts'
import { rewriteTables } from './rewrite-tables.ts'
import { createScrubReader } from './scrub-reader.ts'
import { createScrubRows } from './scrub-rows.ts'
import { createSessionDeletion } from './session-deletion.ts'
import { plainText } from './stored-values.ts'
import type { Write } from './writer.ts'

/** One thing after the other; a look through a large table may take its time. */
const CONNECTIONS = 2
const STATEMENT_TIMEOUT_MS = 120_000
/** No replica has this number: what it leaves undone, any of them goes on with. */
const NOBODY = 0

const write: Write = (work) => work()

function settingsOf(url: string, purpose: 'read' | 'change') {
  return {
    url,
    size: CONNECTIONS,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    name: 'claude-telemetry command',
    isReadOnly: purpose === 'read',
  }
}

async function opened<T>(
  url: string,
  purpose: 'read' | 'change',
  use: (database: Database) => T,
): Promise<Result<T & { close(): Promise<void> }, string>> {
  const found = await openExisting(settingsOf(url, purpose))
  if (!found.ok) return err(found.error.message)
  const database = found.value
  return ok({ ...use(database), close: () => database.close() })
}

export function openPostgresDeadItemList(
  url: string,
): Promise<Result<Pick<OpenDeadItems, 'list' | 'count' | 'close'>, string>> {
  return opened(url, 'read', (database) => createDeadItems(database, write))
}

export function openPostgresDeadItems(url: string): Promise<Result<OpenDeadItems, string>> {
  return opened(url, 'change', (database) => createDeadItems(database, write))
}

export function openPostgresQuarantineList(url: string): Promise<Result<OpenQuarantine, string>> {
  return opened(url, 'read', (database) => {
    const quarantine = createQuarantine({ database, write })
    return {
      list: (limit) => quarantine.list(limit),
      count: async () => (await quarantine.counts()).records,
    }
  })
}

export function openPostgresScrubReader(url: string): Promise<Result<OpenScrubReader, string>> {
  return opened(url, 'read', (database) =>
    createScrubReader(database, createQuarantine({ database, write })),
  )
}

/**
 * For changes while no bridge runs; one that is started meanwhile waits. With `migrates` the schema is
 * brought up to date first.
 */
export async function openPostgresMaintenance(
  url: string,
  { migrates = false }: MaintenanceOptions,
): Promise<Result<Maintenance, MaintenanceProblem>> {
  const settings = settingsOf(url, 'change')
  const found = await (migrates ? openDatabase(settings) : openExisting(settings))
  if (!found.ok) return err({ reason: 'unusable', message: found.error.message })
  const database = found.value
  let letIn: () => Promise<void> = async () => {}
  try {
    letIn = await keepOthersOut(settings)
    const bridges = await database.query(`select 1 from replicas where ${isAlive('replicas')}`)
    if (bridges.length === 0) return ok(maintenanceOf(database, url, letIn))
    await letIn()
    await database.close()
    return err({ reason: 'in_use', message: `a bridge uses ${databaseName(url)}` })
  } catch (error) {
    await letIn()
    await database.close()
    const message = openProblem(error, url)
    if (message === undefined) throw error
    return err({ reason: 'unusable', message })
  }
}

function maintenanceOf(database: Database, url: string, letIn: () => Promise<void>): Maintenance {
  const deletion = createSessionDeletion(database, NOBODY, () => {})
  return {
    removeSession: async (key) => {
      const id = await deletion.take(key)
      if (id === undefined) return undefined
      for (let records = 0; ; ) {
        const slice = await deletion.slice(id)
        records += slice.records
        if (slice.isDone) return records
      }
    },
    deadItems: createDeadItems(database, write),
    keys: createKeyRows(database, write),
    budgets: createBudgetRows(database, write),
    // The bridges know the retention, and keep to it.
    audit: createAuditRows({ database, write, retentionMs: 0, now: Date.now }),
    scrub: (stateVersion) => ({
      store: createScrubRows({
        ...{ database, write, stateVersion },
        quarantine: createQuarantine({ database, write }),
        references: createReferenceRows(database),
        sweepDeleted: () => deletion.sweep(),
        onChanged: () => {},
      }),
      inputs: createSessionInputs(database),
      rewriteFiles: () => rewriteTables({ url }),
    }),
    close: async () => {
      await database.close()
      await letIn()
    },
  }
}

/** The key of a session; the error says why it is not known, in the middle of a sentence. */
export async function findPostgresSession(
  url: string,
  { agent, sessionId }: NamedSession,
): Promise<Result<SessionKey | undefined, string>> {
  const found = await opened(url, 'read', (database) => ({ database }))
  if (!found.ok) return found
  try {
    const [row] = await found.value.database.query<{ readonly key: SessionKey }>(
      'select session_key as key from sessions where agent = $1 and session_id = $2',
      [plainText(agent), plainText(sessionId)],
    )
    return ok(row?.key)
  } catch (error) {
    const message = openProblem(error, url)
    if (message === undefined) throw error
    return err(message)
  } finally {
    await found.value.close()
  }
}

/** Which store this is; undefined when it cannot be asked. */
export async function readPostgresInstance(url: string): Promise<string | undefined> {
  const found = await opened(url, 'read', (database) => ({ database }))
  if (!found.ok) return undefined
  try {
    return await instanceOf(found.value.database)
  } catch {
    return undefined
  } finally {
    await found.value.close()
  }
}
