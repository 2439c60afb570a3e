/**
 * A copy of the project's scripts in a folder of its own, with a stand-in for the built bridge, so
 * that what they do to files and processes can be watched without touching this project.
 */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'

export const projectRoot = resolve(import.meta.dirname, '../../..')

const COPIED = [
  'quickstart.sh',
  'claude-telemetry',
  'scripts',
  'claude-telemetry.env',
  'package-lock.json',
]

/**
 * Answers `/health` where it is told to listen, and ends on SIGTERM. Any command other than a start
 * is what the program itself says, run from here.
 */
const STAND_IN_BRIDGE = `
import { spawnSync } from 'node:child_process'
import { createServer } from 'node:http'
import { join } from 'node:path'
const args = process.argv.slice(2)
if (args.length > 0) {
  const main = join(import.meta.dirname, '../src/main.ts')
  const options = ['--preserve-symlinks', '--preserve-symlinks-main', '--', main]
  process.exit(spawnSync(process.execPath, [...options, ...args], { stdio: 'inherit' }).status)
}
const server = createServer((_, answer) => answer.end('{"status":"ok"}'))
server.listen(Number(process.env.OTLP_RECEIVER_PORT), '127.0.0.1')
process.on('SIGTERM', () => process.exit(0))
`

export interface Finished {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface ProjectCopy {
  readonly folder: string
  /** The environment commands run in: this Node first on PATH, then `bin` of the copy. */
  readonly environment: Readonly<Record<string, string>>
  path(name: string): string
  /** Writes an executable that goes before the machine's own of that name. */
  program(name: string, text: string): void
  /** As that user, for a caller who may choose. */
  run(command: string, environment?: Readonly<Record<string, string>>, userId?: number): Finished
  /** Gives all of it to a user. */
  giveTo(userId: number): void
  remove(): void
}

/** Goes through no link: those of the copy lead into this project. */
function give(path: string, userId: number): void {
  lchownSync(path, userId, userId)
  if (!lstatSync(path).isDirectory()) return
  for (const name of readdirSync(path)) give(join(path, name), userId)
}

/** Long beyond what a command takes on a busy machine: only to end one that hangs. */
const HANGING_MS = 240_000

export function createProjectCopy(): ProjectCopy {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'claude-telemetry copy-')))
  const path = (name: string): string => join(folder, name)
  for (const name of COPIED) cpSync(join(projectRoot, name), path(name), { recursive: true })
  for (const name of ['bin', 'dist', 'node_modules', 'data']) mkdirSync(path(name))
  // One link for each: the folder itself gets files of the copy's own.
  for (const name of readdirSync(join(projectRoot, 'node_modules'))) {
    symlinkSync(join(projectRoot, 'node_modules', name), path(`node_modules/${name}`))
  }
  rmSync(path('node_modules/.installed-from'), { force: true })
  symlinkSync(join(projectRoot, 'src'), path('src'))
  writeFileSync(path('dist/main.js'), STAND_IN_BRIDGE)
  writeFileSync(
    path('package.json'),
    JSON.stringify({ type: 'module', version: '1.2.3', scripts: { build: 'true' } }),
  )
  const environment = {
    PATH: [path('bin'), dirname(process.execPath), process.env.PATH].join(delimiter),
    HOME: folder,
    DATA_DIR: path('data'),
    // The port that it has by default may be taken on this machine.
    OTLP_GRPC_PORT: 'off',
  }
  const copy: ProjectCopy = {
    folder,
    environment,
    path,
    program: (name, text) => {
      writeFileSync(path(`bin/${name}`), `#!/bin/sh\n${text}\n`)
      chmodSync(path(`bin/${name}`), 0o755)
    },
    run: (command, more, userId) =>
      spawnSync('bash', ['-c', command], {
        cwd: folder,
        env: { ...environment, ...more },
        encoding: 'utf8',
        // On a socket bash takes itself for a remote shell and reads the user's start-up file.
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: HANGING_MS,
        ...(userId !== undefined && { uid: userId, gid: userId }),
      }),
    giveTo: (userId) => give(folder, userId),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
  copy.run('. scripts/ensure-dependencies.sh && dependency_stamp >node_modules/.installed-from')
  return copy
}
