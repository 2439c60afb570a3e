/** A bridge as a process of its own, for what only a process can show: signals and crashes. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

const entry = join(import.meta.dirname, '../../../src/main.ts')

export interface BridgeProcess {
  readonly url: string
  readonly child: ChildProcess
  kill(signal: NodeJS.Signals): void
  /** The exit code, or the signal that ended it. */
  ended(): Promise<number | NodeJS.Signals>
}

/** What a process left that never listened. */
export interface FailedStart {
  readonly code: number | NodeJS.Signals
  readonly stderr: string
}

/** Starts a bridge; its log must be on `info` to know when and where it listens. */
export async function startProcess(
  environment: Record<string, string>,
): Promise<BridgeProcess | FailedStart> {
  const child = spawn(process.execPath, [entry], {
    cwd: environment.DATA_DIR,
    env: { PATH: process.env.PATH, ...environment, LOG_LEVEL: 'info' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exit = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  const ended = async (): Promise<number | NodeJS.Signals> => {
    const [code, signal] = await exit
    return code ?? signal ?? 0
  }
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  const url = await Promise.race([listening(child), exit.then(() => undefined)])
  if (url === undefined) return { code: await ended(), stderr }
  return { url, child, kill: (signal) => void child.kill(signal), ended }
}

/** A bridge that must start. */
export async function startedProcess(environment: Record<string, string>): Promise<BridgeProcess> {
  const started = await startProcess(environment)
  if ('url' in started) return started
  throw new Error(`the bridge ended with ${started.code}: ${started.stderr}`)
}

function listening(child: ChildProcess): Promise<string> {
  let log = ''
  return new Promise((resolve) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      log += chunk.toString()
      const url = /"url":"([^"]+)"/.exec(log)?.[1]
      if (url !== undefined) resolve(url)
    })
  })
}
