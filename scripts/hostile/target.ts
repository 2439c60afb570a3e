/** The bridge under attack: the real program as a process of its own, on a folder of its own. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { untilListening } from '../listening.ts'

export interface Target {
  readonly httpPort: number
  readonly grpcPort: number
  /** Holds everything of this run; `data` in it is the bridge's data folder. */
  readonly folder: string
  readonly dataDir: string
  /** What the bridge runs with, for commands beside it. */
  readonly env: NodeJS.ProcessEnv
  isUp(): boolean
  /** The most memory that was resident at any time so far, bytes. */
  peakBytes(): number
  /** The last 10,000 characters of standard error and log. */
  output(): string
  /** Sends SIGTERM; resolves to the seconds until the process was gone, `undefined` if it had to be killed. */
  stop(patienceMs: number): Promise<number | undefined>
}

export const projectRoot = join(import.meta.dirname, '../..')
/** The built program if there is one, else the source. */
export const entry = [join(projectRoot, 'dist/main.js'), join(projectRoot, 'src/main.ts')].find(
  (path) => existsSync(path),
) as string

const OUTPUT_CHARS = 10_000

/** Starts it in `folder/work`, which an abuse may have filled, with `env` over the defaults. */
export async function startTarget(
  folder: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<Target> {
  const dataDir = join(folder, 'data')
  const workingDir = join(folder, 'work')
  mkdirSync(workingDir, { recursive: true })
  const env = {
    PATH: process.env.PATH,
    HOME: join(folder, 'home'),
    DATA_DIR: dataDir,
    OTLP_RECEIVER_PORT: '0',
    PAGE_ACCESS: 'open',
    OTLP_GRPC_PORT: '0',
    LOG_LEVEL: 'info',
    ...settings,
  }
  const child = spawn(process.execPath, [entry], {
    cwd: workingDir,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(child, 'exit')
  let output = ''
  const onOutput = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-OUTPUT_CHARS)
  }
  child.stdout.on('data', onOutput)
  child.stderr.on('data', onOutput)
  const { httpPort, grpc } = await untilListening(child)
  const memory = watchMemory(child)
  const isUp = (): boolean => child.exitCode === null && child.signalCode === null
  return {
    httpPort,
    grpcPort: Number(grpc.split(':').at(-1)),
    folder,
    dataDir,
    env,
    isUp,
    peakBytes: memory.peakBytes,
    output: () => output,
    stop: async (patienceMs) => {
      memory.stop()
      if (!isUp()) return undefined
      const startedMs = performance.now()
      const kill = setTimeout(() => child.kill('SIGKILL'), patienceMs)
      child.kill('SIGTERM')
      await exited
      clearTimeout(kill)
      return child.signalCode === 'SIGKILL' ? undefined : (performance.now() - startedMs) / 1000
    },
  }
}

/** A folder for one run, and its removal. */
export function createFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'claude-telemetry-hostile-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** The kernel's own high-water mark where there is one (Linux), else the highest of many samples. */
function watchMemory({ pid }: ChildProcess) {
  let peak = 0
  const sample = (): number => {
    try {
      const marked = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
      const kib =
        marked ?? execFileSync('ps', ['-o', 'rss=', '-p', `${pid}`], { encoding: 'utf8' }).trim()
      peak = Math.max(peak, Number(kib) * 1024)
    } catch {
      // The process has ended; what was seen of it stays.
    }
    return peak
  }
  const timer = setInterval(sample, 250).unref()
  return {
    peakBytes: sample,
    stop: () => {
      sample()
      clearInterval(timer)
    },
  }
}
