/** Whether the database that is only read is a copy of the one that is written to. */
import { readStoreInstance } from '../storage/beside.ts'
import { databaseName, type StorePlace } from '../storage/store-place.ts'
import { fault, fine, type Finding, skipped } from './finding.ts'

const ID = 'database.read'

/** Nothing without `DATABASE_READ_URL`. */
export async function readDatabaseFindings(place: StorePlace): Promise<readonly Finding[]> {
  const { dataDir, database } = place
  if (database?.readUrl === undefined) return []
  const { url, readUrl } = database
  const name = databaseName(readUrl)
  const [own, read] = await Promise.all([
    readStoreInstance({ dataDir, database: { ...database, url } }),
    readStoreInstance({ dataDir, database: { ...database, url: readUrl } }),
  ])
  if (read === undefined) {
    const what = `DATABASE_READ_URL: ${name} cannot be read, or holds no data of claude-telemetry`
    const todo =
      'Check its address and that it is a replica of DATABASE_URL, which is read in its place meanwhile'
    return [fault(ID, what, todo)]
  }
  if (own === undefined) return [skipped(ID, `${name} is read, and DATABASE_URL cannot be`)]
  if (own !== read) {
    const what = `DATABASE_READ_URL: ${name} is not a replica of DATABASE_URL, but another store`
    return [fault(ID, what, 'Name a replica of the database of DATABASE_URL, or leave it out')]
  }
  return [fine(ID, `${name} is a replica of DATABASE_URL`)]
}
