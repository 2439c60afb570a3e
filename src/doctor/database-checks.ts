/** Whether the database that is only read is a copy of the one that is written to. */
import { checkReadDatabase } from '../storage/beside.ts'
import { databaseName, type StorePlace } from '../storage/store-place.ts'
import { fault, fine, type Finding, skipped } from './finding.ts'

const ID = 'database.read'

/** Nothing without `DATABASE_READ_URL`. */
export async function readDatabaseFindings({ database }: StorePlace): Promise<readonly Finding[]> {
  if (database?.readUrl === undefined) return []
  const name = databaseName(database.readUrl)
  const checked = await checkReadDatabase(database)
  if (checked?.ok === false) {
    return [fault(ID, checked.error, 'Name a replica of the database of DATABASE_URL, or none')]
  }
  if (checked?.value === 'unknown') {
    return [skipped(ID, `${name} is read, and DATABASE_URL cannot be`)]
  }
  return [fine(ID, `${name} is a replica of DATABASE_URL`)]
}
