/**
 * A copy of the project's scripts in a folder of its own, with a stand-in for the built bridge, so
 * that what they do to files and processes can be watched without touching this project.
 */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'

export const projectRoot = resolve(import.meta.dirname, '../../..')

const COPIED = ['quickstart.sh', 'scripts', 'claude-telemetry.env', 'package-lock.json']

/** Answers `/health` where it is told to listen, and ends on SIGTERM. */
const STAND_IN_BRIDGE = `
import { createServer } from 'node:http'
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
  run(command: string, environment?: Readonly<Record<string, string>>): Finished
  remove(): void
}

export function createProjectCopy(): ProjectCopy {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'claude-telemetry copy-')))
  const path = (name: string): string => join(folder, name)
  for (const name of COPIED) cpSync(join(projectRoot, name), path(name), { recursive: true })
  for (const name of ['bin', 'dist', 'node_modules', 'data']) mkdirSync(path(name))
  symlinkSync(join(projectRoot, 'node_modules/dotenv'), path('node_modules/dotenv'))
  writeFileSync(path('dist/main.js'), STAND_IN_BRIDGE)
  writeFileSync(
    path('package.json'),
    JSON.stringify({ type: 'module', scripts: { build: 'true' } }),
  )
  const environment = {
    PATH: [path('bin'), dirname(process.execPath), process.env.PATH].join(delimiter),
    HOME: folder,
    DATA_DIR: path('data'),
  }
  const copy: ProjectCopy = {
    folder,
    environment,
    path,
    program: (name, text) => {
      writeFileSync(path(`bin/${name}`), `#!/bin/sh\n${text}\n`)
      chmodSync(path(`bin/${name}`), 0o755)
    },
    run: (command, more = {}) =>
      spawnSync('bash', ['-c', command], {
        cwd: folder,
        env: { ...environment, ...more },
        encoding: 'utf8',
        // On a socket bash takes itself for a remote shell and reads the user's start-up file.
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: 50_000,
      }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
  copy.run('. scripts/ensure-dependencies.sh && dependency_stamp >node_modules/.installed-from')
  return copy
}
