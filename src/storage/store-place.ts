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
