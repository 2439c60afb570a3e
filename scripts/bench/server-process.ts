/** A server under test as a child process, and what the system says of it. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeClone } from '../../test/integration/clone.ts'

export interface ServerProcess {
  readonly port: number
  residentBytes(): number
  stop(): Promise<void>
}

export function startBare(): Promise<ServerProcess> {
  return start((port) => ({ args: [join(import.meta.dirname, 'bare-server.ts'), `${port}`] }))
}

/** The built bridge, without Langfuse keys, on a data folder of its own. */
export async function startBridge(
  settings: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'claude-telemetry-bench-'))
  const program = makeClone(join(folder, 'clone'), 'dist/main.js')
  const server = await start((port) => ({
    args: program,
    env: {
      HOME: folder,
      OTLP_RECEIVER_PORT: `${port}`,
      DATA_DIR: folder,
      LOG_LEVEL: 'warn',
      OTLP_GRPC_PORT: 'off',
      PAGE_ACCESS: 'open',
      ...settings,
    },
  }))
  const stop = async (): Promise<void> => {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  return { ...server, stop }
}

interface Command {
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

async function start(command: (port: number) => Command): Promise<ServerProcess> {
  const port = await freePort()
  const { args, env } = command(port)
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { PATH: process.env.PATH, ...env },
  })
  const exited = once(child, 'exit')
  await answering(port)
  return {
    port,
    residentBytes: () =>
      1024 * Number(execFileSync('ps', ['-o', 'rss=', '-p', `${child.pid}`], { encoding: 'utf8' })),
    stop: async () => {
      child.kill('SIGTERM')
      await exited
    },
  }
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
  for (let tries = 0; tries < 200; tries += 1) {
    const answer = await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined)
    if (answer !== undefined) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`nothing answers on port ${port}`)
}
