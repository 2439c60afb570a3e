/** Why the database could not be opened, for a person: what happened, where, and what to do. */
import type { StoreOpenError } from '../store.ts'

export interface SqliteOpenError extends StoreOpenError {
  readonly reason:
    | 'unusable_folder'
    | 'missing'
    | 'unreadable'
    | 'locked'
    | 'not_a_database'
    | 'damaged'
    | 'newer_schema'
    | 'older_schema'
}

type Explanation = (path: string, code: string) => SqliteOpenError

const unusable: Explanation = (path, code) => ({
  reason: 'unusable_folder',
  message:
    `The database ${path} cannot be written (${code}). ` +
    'Its folder must exist or be creatable, be writable for this user, and have space left. ' +
    'Set DATA_DIR to such a folder.',
})

/** Codes of SQLite and of the operating system by their beginning; the first that fits counts. */
const explanations: readonly (readonly [string, Explanation])[] = [
  [
    'SQLITE_BUSY',
    (path, code) => ({
      reason: 'locked',
      message: `Another program is writing to the database ${path} (${code}). Stop it, then try again.`,
    }),
  ],
  [
    'SQLITE_NOTADB',
    (path, code) => ({
      reason: 'not_a_database',
      message:
        `The file ${path} is not a SQLite database (${code}). ` +
        'Move it away, or set DATA_DIR to another folder.',
    }),
  ],
  [
    'SQLITE_CORRUPT',
    (path, code) => ({
      reason: 'damaged',
      message:
        `The database ${path} is damaged (${code}). Move it and its -wal file away to start ` +
        'afresh; what the agents sent before stays in those files.',
    }),
  ],
  ['SQLITE_CANTOPEN', unusable],
  ['SQLITE_READONLY', unusable],
  ['SQLITE_PERM', unusable],
  ['SQLITE_FULL', unusable],
  ['SQLITE_IOERR', unusable],
  ['E', unusable],
]

/** The same for a program beside the bridge, which makes nothing and repairs nothing. */
const explanationsBeside: readonly (readonly [string, Explanation])[] = [
  ['ENOENT', (path) => missingError(path)],
  ['ENOTDIR', (path) => missingError(path)],
  [
    'SQLITE_BUSY',
    (path, code) => ({
      reason: 'locked',
      message: `Another program keeps the database ${path} locked (${code}). Stop it, or try again.`,
    }),
  ],
  [
    'SQLITE_NOTADB',
    (path, code) => ({
      reason: 'not_a_database',
      message:
        `The file ${path} is not a SQLite database (${code}). ` +
        'Set DATA_DIR to the folder of the bridge; a bridge that starts here moves the file aside.',
    }),
  ],
  [
    'SQLITE_CORRUPT',
    (path, code) => ({
      reason: 'damaged',
      message:
        `The database ${path} is damaged (${code}). ` +
        'Restart the bridge: it moves the file aside and begins a new one.',
    }),
  ],
  ...['SQLITE_CANTOPEN', 'SQLITE_READONLY', 'SQLITE_PERM', 'SQLITE_IOERR', 'SQLITE_FULL', 'E'].map(
    (beginning) =>
      [
        beginning,
        (path: string, code: string): SqliteOpenError => ({
          reason: 'unreadable',
          message:
            `The database ${path} is there, but cannot be read (${code}). Run this as the user ` +
            'that runs the bridge, or set DATA_DIR to a folder that this user may read and write.',
        }),
      ] as const,
  ),
]

/** Explains what opening threw; `undefined` when that is no expected failure but a bug. */
export function openErrorOf(thrown: unknown, path: string): SqliteOpenError | undefined {
  return explained(explanations, thrown, path)
}

/** Explains what opening an existing database threw, or using it later. */
export function besideErrorOf(thrown: unknown, path: string): SqliteOpenError | undefined {
  return explained(explanationsBeside, thrown, path)
}

function explained(
  table: readonly (readonly [string, Explanation])[],
  thrown: unknown,
  path: string,
): SqliteOpenError | undefined {
  if (!(thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string')) {
    return undefined
  }
  const { code } = thrown
  // Node's own are bugs; those of the operating system have no underscore.
  if (code.startsWith('ERR_')) return undefined
  return table.find(([beginning]) => code.startsWith(beginning))?.[1](path, code)
}

function missingError(path: string): SqliteOpenError {
  const message = `There is no database ${path}. Set DATA_DIR to the folder of the bridge.`
  return { reason: 'missing', message }
}

export function lockedError(dataDir: string): SqliteOpenError {
  return {
    reason: 'locked',
    isInUse: true,
    message:
      `The data folder ${dataDir} is in use by another running claude-telemetry. ` +
      'Stop that one, or give this one a DATA_DIR of its own.',
  }
}

export function newerSchemaError(path: string, migration: string): SqliteOpenError {
  return {
    reason: 'newer_schema',
    message:
      `The database ${path} was written by a newer claude-telemetry ` +
      `(its migration ${migration} is not known here). ` +
      'Update claude-telemetry, or give this one a DATA_DIR of its own.',
  }
}

export function olderSchemaError(path: string): SqliteOpenError {
  return {
    reason: 'older_schema',
    message:
      `The database ${path} was written by an older claude-telemetry. Start the bridge once with ` +
      'this version (stop the older one first): it brings the database up to date.',
  }
}
