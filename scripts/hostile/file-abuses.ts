/** Files and folders that a client, a repository or the current folder names. */
import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, openSync, closeSync, ftruncateSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import Database from 'better-sqlite3'
import { Migrator } from 'kysely/migration'
import { openConnection } from '../../src/storage/sqlite/connection.ts'
import { dataFolderAt } from '../../src/storage/data-folder.ts'
import { acquireFolderLock } from '../../src/storage/sqlite/folder-lock.ts'
import { migrations } from '../../src/storage/sqlite/migrations/migrations.ts'
import type { Abuse } from './abuse.ts'
import { expectStatus, get, post } from './http.ts'
import { logsBody, record } from './records.ts'
import { entry } from './target.ts'

const run = promisify(execFile)
const REPOSITORIES = 12
const HUGE_BYTES = 1_500_000_000
const BODY_BYTES = 4 * 1024 * 1024

/** A repository whose `.git` files are whatever `fill` makes them. */
function repository(folder: string, name: string, fill: (gitDir: string) => void): void {
  const gitDir = join(folder, 'repositories', name, '.git')
  mkdirSync(gitDir, { recursive: true })
  fill(gitDir)
}

function sparseFile(path: string, bytes: number): void {
  const descriptor = openSync(path, 'w')
  ftruncateSync(descriptor, bytes)
  closeSync(descriptor)
}

const hostileRepositories: Readonly<Record<string, (gitDir: string) => void>> = {
  fifo: (gitDir) => execFileSync('mkfifo', [join(gitDir, 'HEAD')]),
  zero: (gitDir) => symlinkSync('/dev/zero', join(gitDir, 'HEAD')),
  huge: (gitDir) => {
    writeFileSync(join(gitDir, 'HEAD'), 'ref: refs/heads/main\n')
    sparseFile(join(gitDir, 'config'), HUGE_BYTES)
  },
}

const repositories: Abuse = {
  name: 'hooks from repositories whose .git files are FIFOs, /dev/zero or 1.5 GB',
  prepare: (folder) => {
    for (let n = 0; n < REPOSITORIES; n += 1) {
      for (const [kind, fill] of Object.entries(hostileRepositories)) {
        repository(folder, `${kind}-${n}`, fill)
      }
    }
  },
  run: async (target) => {
    const problems: string[] = []
    for (let n = 0; n < REPOSITORIES; n += 1) {
      for (const kind of Object.keys(hostileRepositories)) {
        const cwd = join(target.folder, 'repositories', `${kind}-${n}`)
        const hook = { session_id: `hooked-${n}`, hook_event_name: 'SessionStart', cwd }
        const answer = await post(target, '/hooks/claude-code', JSON.stringify(hook))
        problems.push(...expectStatus(`hook from ${kind}`, answer, 200))
      }
    }
    return problems
  },
}

function bodyReference(path: string, n: number) {
  return record('bodies', 'api_request_body', n, {
    request_body_id: `body-${n}`,
    body_ref: path,
  })
}

const bodyFile = (folder: string): string => join(folder, 'bodies', 'body.json')

const bodyReferences: Abuse = {
  name: '300 to 100,000 references to one 4 MiB file of a body in a request',
  settings: (folder) => ({ BODY_FOLDERS: join(folder, 'bodies') }),
  prepare: (folder) => {
    mkdirSync(join(folder, 'bodies'))
    const content = 'x'.repeat(BODY_BYTES - 200)
    writeFileSync(bodyFile(folder), JSON.stringify({ messages: [{ role: 'user', content }] }))
  },
  run: async (target) => {
    const problems: string[] = []
    for (const references of [300, 1000, 1000, 100_000]) {
      const records = Array.from({ length: references }, (_, n) =>
        bodyReference(bodyFile(target.folder), problems.length * 1_000_000 + references + n),
      )
      const answer = await post(target, '/v1/logs', logsBody(records))
      // More than a request may hold is refused whole; that is an answer, too.
      problems.push(...expectStatus(`${references} references`, answer, 200, 413, 503))
    }
    return problems
  },
}

const foreignBodyFiles: Abuse = {
  name: 'references to /proc, devices and files outside of BODY_FOLDERS',
  settings: (folder) => ({ BODY_FOLDERS: join(folder, 'bodies') }),
  prepare: (folder) => {
    mkdirSync(join(folder, 'bodies'))
    writeFileSync(join(folder, 'secret.json'), '{"messages":[{"role":"user","content":"hush"}]}')
    symlinkSync(join(folder, 'secret.json'), join(folder, 'bodies', 'link.json'))
    symlinkSync('/dev/zero', join(folder, 'bodies', 'zero.json'))
    execFileSync('mkfifo', [join(folder, 'bodies', 'fifo.json')])
  },
  run: async (target) => {
    const inFolder = (name: string): string => join(target.folder, 'bodies', name)
    const paths = [
      '/proc/self/pagemap',
      '/proc/self/environ',
      '/dev/zero',
      join(target.folder, 'secret.json'),
      inFolder('link.json'),
      inFolder('zero.json'),
      inFolder('fifo.json'),
      inFolder('../secret.json'),
    ]
    const sent = paths.map((path, n) => bodyReference(path, n))
    const answer = await post(target, '/v1/logs', logsBody(sent))
    const events = await get(target, '/api/sessions/claude-code%2Fbodies/events')
    const leaked = events.text.includes('hush') ? ['a file outside of BODY_FOLDERS was read'] : []
    return [...expectStatus('references', answer, 200), ...leaked]
  },
}

/** A stand-in for the attacker's Langfuse that notes every request. */
async function listen(): Promise<{ url: string; requests: string[]; close(): void }> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url} ${request.headers.authorization ?? ''}`)
    response.end('{}')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, requests, close: () => server.close() }
}

const foreignEnvFile: Abuse = {
  name: "a repository's .env in the current folder of bridge and commands",
  prepare: (folder) => {
    mkdirSync(join(folder, 'work'), { recursive: true })
    writeFileSync(
      join(folder, 'work', '.env'),
      'LOG_LEVEL=verbose\nOTLP_RECEIVER_PORT=abc\nDATA_DIR=/dev/null/nowhere\n',
    )
  },
  run: async (target) => {
    const attacker = await listen()
    const sent = [record('own', 'user_prompt', 1, { prompt: 'mine', 'prompt.id': 'p1' })]
    const problems = expectStatus('a prompt', await post(target, '/v1/logs', logsBody(sent)), 200)
    // Nothing in the environment covers what the file says.
    const { LOG_LEVEL: _level, ...settings } = target.env
    const env = { ...settings, OTLP_RECEIVER_PORT: `${target.httpPort}` }
    const cwd = join(target.folder, 'work')
    const keys =
      `LANGFUSE_HOST=${attacker.url}\nLANGFUSE_PUBLIC_KEY=pk-lf-attacker\n` +
      'LANGFUSE_SECRET_KEY=sk-lf-attacker\n'
    for (const content of [keys, 'LOG_LEVEL=verbose\n']) {
      writeFileSync(join(cwd, '.env'), content)
      for (const command of [['doctor'], ['replay', '--all', '--yes'], ['status'], ['sessions']]) {
        const { stdout, stderr } = await run(process.execPath, [entry, ...command], {
          cwd,
          env,
          timeout: 60_000,
        }).catch((error: unknown) => error as { readonly stdout: string; readonly stderr: string })
        if (/verbose|attacker/.test(stdout + stderr)) {
          problems.push(`${command[0]}: read the repository's .env`)
        }
      }
    }
    if (attacker.requests.length > 0) problems.push(`reached the attacker: ${attacker.requests[0]}`)
    attacker.close()
    return problems
  },
}

/** A data folder as a bridge of one migration ago left it. */
async function olderFolder(folder: string): Promise<string> {
  const dataDir = join(folder, 'older')
  mkdirSync(dataDir)
  const connection = openConnection(createFile(dataFolderAt(dataDir).databasePath))
  const all = Object.entries(migrations).sort(([a], [b]) => a.localeCompare(b))
  const older = Object.fromEntries(all.slice(0, -1))
  const provider = { getMigrations: async () => older }
  const { error } = await new Migrator({ db: connection.kysely, provider }).migrateToLatest()
  connection.close()
  if (error !== undefined) throw new Error('the older database could not be made', { cause: error })
  return dataDir
}

function createFile(path: string): string {
  closeSync(openSync(path, 'a'))
  return path
}

const newerCommands: readonly (readonly string[])[] = [
  ['outbox', 'list'],
  ['outbox', 'retry', '--all'],
  ['outbox', 'drop', '--all', '--yes'],
  ['sessions'],
  ['report'],
  ['prune', '--older-than', '1d', '--yes'],
  ['replay', '--all', '--yes'],
  ['status'],
]

const newerCommand: Abuse = {
  name: 'commands of a newer version beside a running older bridge',
  run: async (target) => {
    const dataDir = await olderFolder(target.folder)
    const { databasePath, lockPath } = dataFolderAt(dataDir)
    const lock = acquireFolderLock(lockPath)
    const applied = (): unknown => {
      const database = new Database(databasePath, { readonly: true })
      const count = database.prepare('select count(*) from kysely_migration').pluck().get()
      database.close()
      return count
    }
    const before = applied()
    const problems: string[] = []
    for (const command of newerCommands) {
      const options = { env: { ...target.env, DATA_DIR: dataDir }, timeout: 60_000 }
      await run(process.execPath, [entry, ...command], options).catch(() => undefined)
      if (applied() !== before) {
        problems.push(`${command.join(' ')} migrated the database`)
        break
      }
    }
    lock?.release()
    return problems
  },
}

export const fileAbuses: readonly Abuse[] = [
  repositories,
  bodyReferences,
  foreignBodyFiles,
  foreignEnvFile,
  newerCommand,
]
