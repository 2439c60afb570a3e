/**
 * Connections to PostgreSQL: pools, transactions, and what an error says about the place.
 *
 * A connection on which a statement was not answered in time, or whose transaction could not be ended, is
 * closed and never used again: what was sent on it may still be under way. Whether such a transaction was
 * committed is not known then; whoever repeats it is known by the duplicate filter and by revisions.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { Kysely, PostgresDialect, type PostgresPool } from 'kysely'
import pg from 'pg'
import type { SharedTables } from '../shared/dialect.ts'
import { postgresDialect } from './dialect.ts'
import type { Schema } from './schema.ts'
import { plainText } from './stored-values.ts'

export interface PoolSettings {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string
  /** Connections at most. */
  readonly size: number
  /** How long one statement may take, waiting for locks included. */
  readonly statementTimeoutMs: number
  /** How long one statement may wait for a lock; as long as it may take when absent. */
  readonly lockTimeoutMs?: number
  /** What the connections are called in `pg_stat_activity`. */
  readonly name?: string
  /** Nothing can be changed over them. */
  readonly isReadOnly?: boolean
}

/** Asks statements, with values for `$1` and so on; one after the other on one connection. */
export interface Statements {
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<readonly Row[]>
  /** Resolves to how many rows were changed. */
  run(text: string, values?: readonly unknown[]): Promise<number>
}

export interface Database extends Statements {
  /** Over the same pool, for what is only read. */
  readonly kysely: Kysely<Schema>
  readonly shared: SharedTables
  /**
   * Runs `work` in a transaction (read committed), again where the database gave it up in favour of
   * another one. Rejects with what `work` or the database says; nothing is stored then, unless the
   * connection was lost in the middle of the commit.
   */
  transaction<T>(work: (statements: Statements) => Promise<T>): Promise<T>
  /**
   * From now on a new connection is used only where it leads to this store: another database may have the
   * address by then. What is asked rejects with `OtherStore` otherwise.
   */
  keepTo(instance: string): void
  close(): Promise<void>
}

/** How long a connection may take to be made, or to become free. */
const CONNECT_TIMEOUT_MS = 5_000
/** A client that says nothing in the middle of a transaction is gone: what it locks is free then. */
const IDLE_IN_TRANSACTION_MS = 10_000
/** Beyond the server's own limit, for an answer that never comes. */
const READ_GRACE_MS = 1_000
const MAX_TRIES = 6
const RETRY_MS = 20

const INT8 = 20
const NUMERIC = 1700

/** Counts and sums as numbers. Those that the program makes are exact, for they stay below 2^53. */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary'): unknown =>
    (oid === INT8 || oid === NUMERIC) && format !== 'binary'
      ? Number
      : pg.types.getTypeParser(oid, format)) as pg.CustomTypesConfig['getTypeParser'],
}

/** What every connection is made with. */
export function clientConfig(settings: Omit<PoolSettings, 'size'>): pg.ClientConfig {
  const { url, statementTimeoutMs, lockTimeoutMs, isReadOnly = false } = settings
  const { name = 'claude-telemetry' } = settings
  const { connectionString, options } = connectionParts(url)
  const allOptions = [options, isReadOnly ? '-c default_transaction_read_only=on' : '']
  return {
    connectionString,
    application_name: name,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + READ_GRACE_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    keepAlive: true,
    ...(lockTimeoutMs !== undefined && { lock_timeout: lockTimeoutMs }),
    options: allOptions.filter((text) => text !== '').join(' '),
    types,
  }
}

/** What `clientConfig` sets: `pg` would have the address's own instead. */
const SET_HERE = [
  'application_name',
  'connectionTimeoutMillis',
  'statement_timeout',
  'lock_timeout',
  'query_timeout',
  'idle_in_transaction_session_timeout',
  'keepAlive',
  'options',
]
/** `pg` verifies the server's certificate and name with each of them, and warns of it. */
const VERIFYING = ['prefer', 'require', 'verify-ca']

/** The address without what is set here, and the server options that were in it. */
function connectionParts(url: string) {
  const at = url.indexOf('?')
  if (at < 0) return { connectionString: url, options: '' }
  const query = new URLSearchParams(url.slice(at + 1))
  const options = query.get('options') ?? ''
  for (const name of SET_HERE) query.delete(name)
  const isVerifying = VERIFYING.includes(query.get('sslmode') ?? '')
  if (isVerifying && query.get('uselibpqcompat') !== 'true') query.set('sslmode', 'verify-full')
  return { connectionString: `${url.slice(0, at)}?${query.toString()}`, options }
}

/** Opens no connection yet. */
export function openPool(settings: PoolSettings): Database {
  let keptTo: string | undefined
  // `pg` waits for it, which its types do not say.
  const hooks = { onConnect: verify }
  const pool = new pg.Pool({ ...clientConfig(settings), max: settings.size, ...hooks })

  async function verify(client: pg.ClientBase): Promise<void> {
    if (keptTo !== undefined && (await instanceAt(client)) !== keptTo) throw new OtherStore()
  }
  // Of a connection that nobody uses: the next one to be used is made anew.
  pool.on('error', () => {})
  // Of one that is in use between two statements: the next statement fails, which whoever uses it hears.
  pool.on('connect', (client) => void client.on('error', () => {}))
  const kysely = new Kysely<Schema>({
    dialect: new PostgresDialect({ pool: discardingPool(pool) }),
  })

  async function withClient<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await connecting(() => pool.connect())
    try {
      const result = await work(client)
      client.release()
      return result
    } catch (error) {
      client.release(isUsable(error) ? undefined : asError(error))
      throw error
    }
  }

  async function attempt<T>(work: (statements: Statements) => Promise<T>): Promise<T> {
    return withClient(async (client) => {
      // The database may have another default; what is written here is made for this one.
      await client.query('begin isolation level read committed')
      try {
        const result = await work(statementsOf(client))
        await client.query('commit')
        return result
      } catch (error) {
        if (!isUsable(error)) throw error
        try {
          await client.query('rollback')
        } catch {
          // Not to be used again, whatever the first error was.
          throw Object.assign(asError(error), { [BROKEN]: true })
        }
        throw error
      }
    })
  }

  return {
    kysely,
    shared: { kysely, dialect: postgresDialect },
    query: (text, values) => withClient((client) => statementsOf(client).query(text, values)),
    run: (text, values) => withClient((client) => statementsOf(client).run(text, values)),
    transaction: async (work) => {
      for (let tries = 1; ; tries += 1) {
        try {
          return await attempt(work)
        } catch (error) {
          if (!isConflict(error) || tries === MAX_TRIES) throw error
          await delay(RETRY_MS * 2 ** tries * Math.random())
        }
      }
    },
    keepTo: (instance) => {
      keptTo = instance
    },
    close: () => pool.end(),
  }
}

/** Undefined where no store is. */
async function instanceAt(client: pg.ClientBase): Promise<string | undefined> {
  try {
    return (await client.query<{ readonly id: string }>('select id from instance')).rows[0]?.id
  } catch (error) {
    if (sqlState(error) === NO_TABLE) return undefined
    throw error
  }
}

function statementsOf(client: pg.ClientBase): Statements {
  return {
    query: async <Row extends object>(text: string, values: readonly unknown[] = []) =>
      (await client.query<Row>(text, values.map(storable))).rows,
    run: async (text, values = []) =>
      (await client.query(text, values.map(storable))).rowCount ?? 0,
  }
}

/** Texts come from anywhere: one that PostgreSQL cannot store would fail its statement at every try. */
function storable(value: unknown): unknown {
  if (typeof value === 'string') return plainText(value)
  return Array.isArray(value) ? value.map(storable) : value
}

/** `pg` gives promises for some arguments and none for others; Kysely asks for promises. */
interface AnyQuery {
  query(...args: unknown[]): Promise<unknown>
}

/** As Kysely wants a pool: a connection that failed is not given back to be used again. */
function discardingPool(pool: pg.Pool): PostgresPool {
  const connect = async () => {
    const client = await connecting(() => pool.connect())
    let broken: Error | undefined
    return {
      query: async (text: unknown, values?: unknown, ...more: unknown[]) => {
        try {
          return await (client as AnyQuery).query(text, storable(values), ...more)
        } catch (error) {
          if (!isUsable(error)) broken = asError(error)
          throw error
        }
      },
      release: (error?: Error | boolean) => client.release(error ?? broken),
    }
  }
  return { connect, end: () => pool.end(), options: pool.options } as unknown as PostgresPool
}

const BROKEN = Symbol('broken')
const UNCONNECTED = Symbol('unconnected')

/**
 * Makes a connection. Rejects with what went wrong, marked as the storage's: whatever it is (a network, a
 * certificate, a password), nothing can be stored then.
 */
export async function connecting<T>(connect: () => Promise<T>): Promise<T> {
  try {
    return await connect()
  } catch (error) {
    throw Object.assign(asError(error), { [UNCONNECTED]: true })
  }
}

/** An error's five letters; undefined when the database did not say it. */
export function sqlState(error: unknown): string | undefined {
  if (!(error instanceof Error && 'code' in error)) return undefined
  return typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code) ? error.code : undefined
}

/** Whether the connection can go on: the server answered, and did not end the session. */
function isUsable(error: unknown): boolean {
  if (error instanceof Error && BROKEN in error) return false
  const state = sqlState(error)
  // Without a state it is the program's own error or that of the network, which look alike to `pg`.
  return state !== undefined ? !isOfSession(state) : !isOfNetwork(error)
}

/** The session is over: `57P01` and the like, `25P03`, `08...`. */
function isOfSession(state: string): boolean {
  return /^(57P|25P03|08)/.test(state)
}

const NETWORK_MESSAGE =
  /^(Connection terminated|Query read timeout|timeout e(xpired|xceeded)|Client (has encountered|was closed)|The server does not support|Cannot use a pool)/
const NETWORK_CODE =
  /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_AGAIN|ENOENT|EACCES|ERR_SSL|ERR_TLS)/

function isOfNetwork(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (UNCONNECTED in error) return true
  if (error instanceof AggregateError) return error.errors.some(isOfNetwork)
  if ('code' in error && typeof error.code === 'string' && NETWORK_CODE.test(error.code))
    return true
  return NETWORK_MESSAGE.test(error.message)
}

/** A newer program changed the schema in a way that this one cannot work with. */
export class Superseded extends Error {
  constructor(migration: string) {
    super(
      `the database was changed by a newer claude-telemetry that this one cannot work beside (${migration} is not known here). Update this one`,
    )
  }
}

/** Another database has the address of the one that was opened. */
export class OtherStore extends Error {
  constructor() {
    super(
      `the database holds another store than this bridge opened, or none: another database has its address. ${PUT_BACK}`,
    )
  }
}

const PUT_BACK =
  'Put the one back that it opened, or start the bridge again to go on with what is there now'

/** `undefined_table` */
const NO_TABLE = '42P01'

/** Whether the store that was opened is no longer at its address. */
export function isReplaced(error: unknown): boolean {
  return error instanceof OtherStore || sqlState(error) === NO_TABLE
}

/** What an error of the storage means, for a person; with what to do where it is known. */
export function storageReason(error: Error): string {
  if (sqlState(error) !== NO_TABLE) return error.message
  return `${error.message}: the database was emptied, or another one has its address. ${PUT_BACK}`
}

/** Given up in favour of another transaction: deadlock, serialisation. */
function isConflict(error: unknown): boolean {
  const state = sqlState(error)
  return state === '40P01' || state === '40001'
}

/**
 * Whether an error says that nothing can be stored at present: the server is away, full, only readable,
 * or too busy, or the tables are gone. Others are of the data, or of the program.
 */
export function isOfStorage(error: unknown): error is Error {
  if (isOfNetwork(error) || error instanceof Superseded || error instanceof OtherStore) return true
  const state = sqlState(error)
  return state !== undefined && /^(08|25006|28|3D|42501|42P01|53|55P03|57|58|XX)/.test(state)
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
