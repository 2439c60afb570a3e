/** The bridge under fire: a process of its own on a folder of its own. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeClone } from '../../test/integration/clone.ts'
import { storeSettings } from '../../test/integration/store.ts'
import { untilListening } from '../listening.ts'

export interface Bridge {
  readonly httpPort: number
  /** `host:port`. */
  readonly grpc: string
  isUp(): boolean
  residentBytes(): number
  folderBytes(): number
  stderr(): string
  stop(): Promise<void>
}

/** Starts the built bridge. */
export async function startBridge(): Promise<Bridge> {
  const folder = mkdtempSync(join(tmpdir(), 'claude-telemetry-fuzz-'))
  const child = spawn(process.execPath, [...makeClone(join(folder, 'clone'))], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      ...storeSettings(join(folder, 'data')),
      OTLP_RECEIVER_PORT: '0',
      PAGE_ACCESS: 'open',
      OTLP_GRPC_PORT: '0',
      // Small enough that bombs and copies meet the limits.
      MAX_REQUEST_SIZE: '500000',
      MAX_IN_FLIGHT_SIZE: '100000000',
      MAX_SESSIONS: '50',
      LOG_LEVEL: 'info',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(child, 'exit')
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-10_000)
  })
  const { httpPort, grpc } = await untilListening(child)
  // What is not read fills the pipe, and then the bridge waits.
  child.stdout.resume()
  return {
    httpPort,
    grpc,
    isUp: () => child.exitCode === null && child.signalCode === null,
    residentBytes: () =>
      1024 * Number(execFileSync('ps', ['-o', 'rss=', '-p', `${child.pid}`], { encoding: 'utf8' })),
    folderBytes: () =>
      1024 * Number(execFileSync('du', ['-sk', folder], { encoding: 'utf8' }).split('\t')[0]),
    stderr: () => stderr,
    stop: async () => {
      child.kill('SIGTERM')
      await exited
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
