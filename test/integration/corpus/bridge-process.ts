/** A bridge as a process of its own, for what only a process can show: signals and crashes. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync } from 'node:fs'
import { join } from 'node:path'
import { makeClone } from '../clone.ts'
import { removeFolder, temporaryFolder } from './bridge.ts'

export interface BridgeProcess {
  readonly url: string
  readonly child: ChildProcess
  kill(signal: NodeJS.Signals): void
  /** The exit code, or the signal that ended it. */
  ended(): Promise<number | NodeJS.Signals>
  /** What it logged so far. */
  log(): string
}

/** What a process left that never listened. */
export interface FailedStart {
  readonly code: number | NodeJS.Signals
  readonly stderr: string
}

export interface ProcessOptions {
  /** A command that ends by becoming the one that follows it. */
  readonly launcher?: readonly string[]
  /** Whom it runs as, for a caller who may choose. */
  readonly userId?: number | undefined
  /** After the entry point: a command of the product, instead of the bridge. */
  readonly args?: readonly string[]
  /** Folder of another version of the program. */
  readonly project?: string | undefined
}

/** The built program, or the source of another version, in a clone of its own. */
function programIn(folder: string, project: string | undefined): readonly string[] {
  return project === undefined ? makeClone(folder) : makeClone(folder, 'src/main.ts', project)
}

/** Starts a bridge; its log must be on `info` to know when and where it listens. */
export async function startProcess(
  environment: Record<string, string>,
  { launcher = [], userId, args = [], project }: ProcessOptions = {},
): Promise<BridgeProcess | FailedStart> {
  const home = temporaryFolder()
  if (userId !== undefined) chownSync(home, userId, userId)
  const program = [process.execPath, ...programIn(join(home, 'clone'), project)]
  const [command = process.execPath, ...rest] = [...launcher, ...program, ...args]
  const child = spawn(command, rest, {
    cwd: environment.DATA_DIR,
    env: { PATH: process.env.PATH, HOME: home, ...environment, LOG_LEVEL: 'info' },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(userId !== undefined && { uid: userId, gid: userId }),
  })
  // Not `exit`: what it wrote last may still be in the pipe by then.
  const exit = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  void exit.then(() => removeFolder(home))
  const ended = async (): Promise<number | NodeJS.Signals> => {
    const [code, signal] = await exit
    return code ?? signal ?? 0
  }
  let stderr = ''
  let log = ''
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  const listening = new Promise<string>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      log += chunk.toString()
      const url = /"url":"([^"]+)"/.exec(log)?.[1]
      if (url !== undefined) resolve(url)
    })
  })
  const url = await Promise.race([listening, exit.then(() => undefined)])
  if (url === undefined) return { code: await ended(), stderr }
  return { url, child, kill: (signal) => void child.kill(signal), ended, log: () => log }
}

/** A bridge that must start. */
export async function startedProcess(
  environment: Record<string, string>,
  options: ProcessOptions = {},
): Promise<BridgeProcess> {
  const started = await startProcess(environment, options)
  if ('url' in started) return started
  throw new Error(`the bridge ended with ${started.code}: ${started.stderr}`)
}
