/** A server under test as a child process, and what the system says of it. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeClone } from '../../test/integration/clone.ts'

export interface ServerProcess {
  readonly port: number
  readonly grpcPort: number
  /** From the start of the process to its first answer. */
  readonly startMs: number
  residentBytes(): number
  /** Processor time that all of its threads have taken; NaN where the system does not tell. */
  cpuMs(): number
  /** What it has stored. */
  storedBytes(): number
  stop(): Promise<void>
}

export function startBare(): Promise<ServerProcess> {
  return start((port, grpcPort) => ({
    args: [join(import.meta.dirname, 'bare-server.ts'), `${port}`, `${grpcPort}`],
  }))
}

/** A bridge, and what it stores in. */
export interface BridgeProcess extends ServerProcess {
  readonly dataDir: string
}

/**
 * The built bridge, without Langfuse keys, on a data folder of its own. `prepare` may fill the folder
 * before it starts.
 */
export async function startBridge(
  settings: Readonly<Record<string, string>> = {},
  prepare?: (dataDir: string) => Promise<void>,
): Promise<BridgeProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'claude-telemetry-bench-'))
  await prepare?.(folder)
  const program = makeClone(join(folder, 'clone'), 'dist/main.js')
  const server = await start((port, grpcPort) => ({
    args: program,
    env: {
      HOME: folder,
      OTLP_RECEIVER_PORT: `${port}`,
      DATA_DIR: folder,
      LOG_LEVEL: 'warn',
      OTLP_GRPC_PORT: `${grpcPort}`,
      PAGE_ACCESS: 'open',
      ...settings,
    },
  }))
  const stop = async (): Promise<void> => {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  const storedBytes = (): number =>
    globSync('*', { cwd: folder, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .reduce((sum, { name }) => sum + statSync(join(folder, name)).size, 0)
  return { ...server, dataDir: folder, storedBytes, stop }
}

interface Command {
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

async function start(command: (port: number, grpcPort: number) => Command): Promise<ServerProcess> {
  const [port, grpcPort] = [await freePort(), await freePort()]
  const { args, env } = command(port, grpcPort)
  const startedMs = performance.now()
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { PATH: process.env.PATH, ...env },
  })
  const exited = once(child, 'exit')
  // Who is interrupted leaves no server behind.
  const onExit = (): void => void child.kill('SIGKILL')
  process.once('exit', onExit)
  await answering(port)
  return {
    port,
    grpcPort,
    startMs: performance.now() - startedMs,
    cpuMs: () => cpuMsOf(child.pid),
    storedBytes: () => 0,
    residentBytes: () =>
      1024 * Number(execFileSync('ps', ['-o', 'rss=', '-p', `${child.pid}`], { encoding: 'utf8' })),
    stop: async () => {
      child.kill('SIGTERM')
      await exited
      process.off('exit', onExit)
    },
  }
}

/** Linux counts it in hundredths of a second. */
function cpuMsOf(pid: number | undefined): number {
  const file = `/proc/${pid}/stat`
  if (!existsSync(file)) return Number.NaN
  // Behind the name, which may have blanks: 12th and 13th are the times in user and kernel mode.
  const fields = readFileSync(file, 'utf8').split(') ')[1]?.split(' ') ?? []
  return 10 * (Number(fields[11]) + Number(fields[12]))
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}

async function answering(port: number): Promise<void> {
  for (let tries = 0; tries < 2000; tries += 1) {
    const answer = await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined)
    if (answer !== undefined) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error(`nothing answers on port ${port}`)
}
