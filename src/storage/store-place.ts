/** Where a store is. */

export interface StorePlace {
  /**
   * Absolute path of the folder with the files of this process: all of the store, unless that is in a
   * database. Made when it is missing, for its owner alone.
   */
  readonly dataDir: string
  /** Of a store that several processes share. */
  readonly database?: DatabasePlace | undefined
}

/** A PostgreSQL database. */
export interface DatabasePlace {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string
  /** What is only read is read there: a replica of the server. Absent: from the database itself. */
  readonly readUrl?: string | undefined
  /** Connections of a process that writes, at most. */
  readonly poolSize: number
  /** How long one statement of it may take. */
  readonly statementTimeoutMs: number
}

/** What to call it to a person; without what lets anybody in. */
export function placeName({ dataDir, database }: StorePlace): string {
  return database === undefined ? dataDir : databaseName(database.url)
}

/** Server and database. */
export function databaseName(url: string): string {
  if (!URL.canParse(url)) return 'PostgreSQL'
  const { hostname, port, pathname } = new URL(url)
  return `PostgreSQL at ${hostname || 'localhost'}${port === '' ? '' : `:${port}`}${pathname}`
}
