/** A home folder of its own, and the real command as a process in it. */
import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { makeClone } from '../clone.ts'

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Home {
  readonly folder: string
  /** What Node is given before the arguments of a command: the program in `clone` below the folder. */
  readonly nodeArgs: readonly string[]
  /** Programs here go before those of the machine. */
  readonly bin: string
  path(name: string): string
  write(name: string, content: string | Buffer, mode?: number): string
  read(name: string): Buffer
  exists(name: string): boolean
  mode(name: string): string
  /** Every file below, with its content. */
  snapshot(): Record<string, string>
  /** An executable for the shell of the test. */
  program(name: string, text: string): void
  /** Runs the command to its end, in the folder itself unless told otherwise. */
  run(args: readonly string[], variables?: Readonly<Record<string, string>>, cwd?: string): Finished
  /** The same without blocking this process, for a test that answers the command itself. */
  start(
    args: readonly string[],
    variables?: Readonly<Record<string, string>>,
    cwd?: string,
  ): Promise<Finished>
}

export function createHome(): Home {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'claude-telemetry home-')))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = (name: string): string => join(folder, name)
  const bin = path('bin')
  mkdirSync(bin)
  const nodeArgs = makeClone(path('clone'))
  const environment = (variables: Readonly<Record<string, string>>) => ({
    HOME: folder,
    PATH: [bin, dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter),
    ...variables,
  })
  // Not by `recursive`, which goes through links, and those of the clone lead into this project.
  const files = (below = ''): string[] =>
    readdirSync(path(below), { withFileTypes: true }).flatMap((entry) => {
      const name = join(below, entry.name)
      if (entry.isDirectory()) return name === 'bin' ? [] : files(name)
      return entry.isFile() ? [name] : []
    })

  return {
    folder,
    nodeArgs,
    bin,
    path,
    write: (name, content, mode = 0o600) => {
      mkdirSync(dirname(path(name)), { recursive: true })
      writeFileSync(path(name), content)
      chmodSync(path(name), mode)
      return path(name)
    },
    read: (name) => readFileSync(path(name)),
    exists: (name) => existsSync(path(name)),
    mode: (name) => (statSync(path(name)).mode & 0o7777).toString(8),
    snapshot: () =>
      Object.fromEntries(
        files()
          .sort()
          .map((name) => [name, readFileSync(path(name), 'latin1')]),
      ),
    program: (name, text) => {
      writeFileSync(join(bin, name), text, { mode: 0o755 })
    },
    run: (args, variables = {}, cwd = folder) => {
      const child = spawnSync(process.execPath, [...nodeArgs, ...args], {
        cwd,
        env: environment(variables),
        encoding: 'utf8',
      })
      return { code: child.status, stdout: child.stdout, stderr: child.stderr }
    },
    start: (args, variables = {}, cwd = folder) =>
      new Promise((resolve) => {
        const child = spawn(process.execPath, [...nodeArgs, ...args], {
          cwd,
          env: environment(variables),
          stdio: ['ignore', 'pipe', 'pipe'],
        })
        let stdout = ''
        let stderr = ''
        child.stdout.on('data', (chunk: Buffer) => {
          stdout += chunk.toString()
        })
        child.stderr.on('data', (chunk: Buffer) => {
          stderr += chunk.toString()
        })
        child.on('close', (code) => resolve({ code, stdout, stderr }))
      }),
  }
}

/** Whether the machine has that program. */
export function hasProgram(name: string): boolean {
  return spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0
}
