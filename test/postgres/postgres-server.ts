/**
 * A PostgreSQL server of our own, in a temporary folder and on a random port of 127.0.0.1: for tests,
 * for the fault command and for measurements. Whatever server this machine runs is left alone.
 */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { PATIENCE_MS } from '../patience.ts'

const run = promisify(execFile)

export interface PostgresServerOptions {
  /**
   * Whether a commit is on the disk when it is answered, as in production. Without it the server
   * is several times as quick, and loses nothing when it is ended in whatever way but with the machine.
   */
  readonly isDurable?: boolean
  /** Further settings, such as `max_connections`. */
  readonly settings?: Readonly<Record<string, string>>
}

/** `fast` ends connections and shuts down cleanly; `immediate` is a crash, with recovery at the next start. */
export type StopMode = 'fast' | 'immediate'

export interface PostgresServer {
  /** Of the database `postgres`; the same over restarts. */
  readonly url: string
  readonly port: number
  /** An empty database, or a copy of another one that nobody is connected to. */
  newDatabase(options?: NewDatabaseOptions): Promise<PostgresDatabase>
  /** Does nothing when it runs. */
  start(): Promise<void>
  /** Does nothing when it does not run. */
  stop(mode?: StopMode): Promise<void>
  restart(mode?: StopMode): Promise<void>
  /** Ends it and removes its files. */
  remove(): Promise<void>
}

export interface NewDatabaseOptions {
  readonly template?: string
  /** A collation of ICU, such as `en-US`; by default texts are ordered by their bytes. */
  readonly locale?: string
  /** UTF8 unless told otherwise. */
  readonly encoding?: string
}

export interface PostgresDatabase {
  readonly name: string
  readonly url: string
  /** Also while somebody is connected. */
  drop(): Promise<void>
}

const NEEDED = ['initdb', 'postgres', 'psql']

/** The folder with the server's programs; undefined when there is none on this machine. */
const binaries: string | undefined = [
  process.env.POSTGRES_BIN,
  ...debianFolders(),
  ...(process.env.PATH ?? '').split(delimiter),
  '/opt/homebrew/opt/postgresql/bin',
  '/usr/local/opt/postgresql/bin',
].find((folder) => folder && NEEDED.every((program) => existsSync(join(folder, program))))

/** Debian keeps them out of PATH, one folder for each version; the newest first. */
function debianFolders(): string[] {
  const root = '/usr/lib/postgresql'
  if (!existsSync(root)) return []
  const versions = readdirSync(root).sort((a, b) => Number(b) - Number(a))
  return versions.map((version) => join(root, version, 'bin'))
}

/** Whom the server runs as when we are root, whom it refuses; undefined when we are somebody else. */
const serverUser: { readonly uid: number; readonly gid: number } | undefined =
  process.getuid?.() === 0 ? (userNamed('postgres') ?? userNamed('nobody')) : undefined

function userNamed(name: string): { readonly uid: number; readonly gid: number } | undefined {
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n')
  const [, , uid, gid] = lines.find((line) => line.startsWith(`${name}:`))?.split(':') ?? []
  return uid === undefined || gid === undefined ? undefined : { uid: +uid, gid: +gid }
}

/** Why no server can be started here; undefined when one can. */
export const whyNoPostgres: string | undefined =
  binaries === undefined
    ? 'PostgreSQL is not installed (Debian: apt-get install postgresql; or set POSTGRES_BIN)'
    : undefined

const USER = 'telemetry'

/** Starts one with an empty cluster of its own. */
export async function startPostgresServer(
  options: PostgresServerOptions = {},
): Promise<PostgresServer> {
  if (binaries === undefined) throw new Error(whyNoPostgres)
  const folder = mkdtempSync(join(tmpdir(), 'claude-telemetry-postgres-'))
  if (serverUser !== undefined) chownSync(folder, serverUser.uid, serverUser.gid)
  const data = join(folder, 'data')
  const asServer = { ...serverUser, cwd: folder, env: { ...process.env, HOME: folder } }
  const isDurable = options.isDurable ?? false
  const initdb = ['-D', data, '-U', USER, '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync']
  await run(join(binaries, 'initdb'), initdb, asServer)
  const port = await freePort()
  const url = urlOf(port, 'postgres')
  const settings: Readonly<Record<string, string>> = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    shared_buffers: '64MB',
    max_connections: '200',
    // Of hundreds of databases that live for seconds none has to be vacuumed, nor looked at for that.
    ...(!isDurable && { autovacuum: 'off' }),
    ...(!isDurable && { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
    ...options.settings,
  }
  const args = ['-D', data, '-p', `${port}`]
  for (const [name, value] of Object.entries(settings)) args.push('-c', `${name}=${value}`)

  let running: { readonly child: ChildProcess; readonly ended: Promise<void> } | undefined
  let output = ''

  async function start(): Promise<void> {
    if (running !== undefined) return
    output = ''
    const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe']
    const child = spawn(join(binaries ?? '', 'postgres'), args, { ...asServer, stdio })
    const note = (text: Buffer) => (output = (output + text.toString()).slice(-20_000))
    child.stdout.on('data', note)
    child.stderr.on('data', note)
    const ended = new Promise<void>((resolve) => {
      child.once('error', () => resolve())
      child.once('exit', () => resolve())
    }).then(() => {
      if (running?.child === child) running = undefined
    })
    running = { child, ended }
    await answering()
  }

  async function answering(): Promise<void> {
    for (const untilMs = Date.now() + PATIENCE_MS; ; ) {
      if (running === undefined) throw new Error(`PostgreSQL ended at its start:\n${output}`)
      try {
        await askPostgres(url, 'select 1')
        return
      } catch (error) {
        if (Date.now() > untilMs) throw new Error(`no answer:\n${output}`, { cause: error })
        await setTimeout(50)
      }
    }
  }

  async function stop(mode: StopMode = 'fast'): Promise<void> {
    if (running === undefined) return
    const { child, ended } = running
    // As pg_ctl does: SIGINT is the fast shutdown, SIGQUIT the immediate one.
    child.kill(mode === 'fast' ? 'SIGINT' : 'SIGQUIT')
    await ended
  }

  async function remove(): Promise<void> {
    await stop('immediate')
    rmSync(folder, { recursive: true, force: true })
  }

  try {
    await start()
  } catch (error) {
    await remove()
    throw error
  }
  return {
    url,
    port,
    newDatabase: (database) => createPostgresDatabase(url, database),
    start,
    stop,
    restart: async (mode) => {
      await stop(mode)
      await start()
    },
    remove,
  }
}

/** A database of the server at this address. */
export async function createPostgresDatabase(
  serverUrl: string,
  { template = 'template0', locale, encoding }: NewDatabaseOptions = {},
): Promise<PostgresDatabase> {
  const name = `test_${crypto.randomUUID().replaceAll('-', '')}`
  const collation = locale === undefined ? '' : ` locale_provider icu icu_locale '${locale}'`
  const characters = encoding === undefined ? '' : ` encoding '${encoding}'`
  const options = `template ${template}${characters}${collation}`
  await askPostgres(serverUrl, `create database ${name} ${options}`)
  return {
    name,
    url: urlOf(Number(new URL(serverUrl).port), name),
    drop: async () =>
      void (await askPostgres(serverUrl, `drop database if exists ${name} with (force)`)),
  }
}

/** Of the server that tests share: an empty store of today's schema, to make others from. */
export const MIGRATED_DATABASE = 'migrated'

/** The same at once, under a name that is given, and dropped with others. Returns its address. */
export function makePostgresDatabase(
  serverUrl: string,
  name: string,
  template = 'template0',
): string {
  askPostgresNow(serverUrl, [`create database ${name} template ${template}`])
  return urlOf(Number(new URL(serverUrl).port), name)
}

/** Removes databases at these addresses, whoever is connected. */
export function dropPostgresDatabases(serverUrl: string, urls: readonly string[]): void {
  const names = urls.map((url) => new URL(url).pathname.slice(1))
  askPostgresNow(
    serverUrl,
    names.map((name) => `drop database if exists ${name} with (force)`),
  )
}

const PSQL_ARGS = ['--no-psqlrc', '--quiet', '--tuples-only', '--no-align', '--set=ON_ERROR_STOP=1']
const psqlOptions = { env: { ...process.env, PGCONNECT_TIMEOUT: '5' } }

/**
 * What a statement answers, as text: columns apart by `|`, rows by line ends. Asked by the server's own
 * client, so that what a driver makes of it is not tested by itself.
 */
export async function askPostgres(url: string, text: string): Promise<string> {
  const args = [...PSQL_ARGS, '--command', text, url]
  const { stdout } = await run(join(binaries ?? '', 'psql'), args, psqlOptions)
  return stdout.trim()
}

/** The same while this process waits. */
export function askPostgresNow(url: string, statements: readonly string[]): string {
  const commands = statements.flatMap((text) => ['--command', text])
  const args = [...PSQL_ARGS, ...commands, url]
  return execFileSync(join(binaries ?? '', 'psql'), args, psqlOptions)
    .toString()
    .trim()
}

/** The folder with the files of a database, which hold all that is committed. */
export function databaseFolder(url: string): string {
  askPostgresNow(url, ['checkpoint'])
  return askPostgresNow(url, [
    `select current_setting('data_directory') || '/base/' || oid from pg_database
     where datname = current_database()`,
  ])
}

function urlOf(port: number, database: string): string {
  return `postgres://${USER}@127.0.0.1:${port}/${database}`
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
