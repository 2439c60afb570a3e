/**
 * The process: environment in, signals, exit codes. A command's exit codes stand in
 * `cli/outcome.ts`; the bridge ends with 0 after a stop that was asked for, 1 when it cannot start,
 * 128 + signal when a second signal cuts the stop short.
 */
import { homedir } from 'node:os'
import { inspect } from 'node:util'
import type { App } from './app.ts'
import { createAsk } from '../cli/confirmation.ts'
import type { ProgramContext, ServedSettings } from '../cli/context.ts'
import { conclude } from '../cli/outcome.ts'
import { withSettings } from '../cli/read-config.ts'
import { createReadSecret } from '../cli/secret-input.ts'
import { plainStart, start } from '../cli/start.ts'
import { createTerminal } from '../cli/terminal.ts'
import { readSettings } from '../config/env-file.ts'
import { ok, type Result } from '../domain/result.ts'
import { withoutUrlPasswords } from '../domain/url-password.ts'
import { NODE_ARGS_END } from '../setup/service-unit.ts'
import { CLONE_DIR, PRODUCT_VERSION } from './version.ts'

const KEEP_ALIVE_MS = 60_000
const SIGNAL_NUMBERS = { SIGINT: 2, SIGTERM: 15 } as const

const stdout = createTerminal(process.stdout, process.env)
const stderr = createTerminal(process.stderr, process.env)

/** What keeps the memory of the bridge flat. */
const NODE_OPTIONS: readonly string[] = [
  // A young generation of some 24 MB: what the bridge makes is garbage soon.
  '--max-semi-space-size=8',
  // The old one is collected when it has grown by half, not to four times its size.
  '--heap-growing-percent=50',
  // More helpers of the collector would only take turns with what they help.
  '--v8-pool-size=2',
]

async function main(): Promise<void> {
  const environment = { ...process.env }
  const platform = {
    os: process.platform,
    homeDir: homedir(),
    workingDir: process.cwd(),
    ...(CLONE_DIR !== undefined && { cloneDir: CLONE_DIR }),
  }
  const context: ProgramContext = {
    args: process.argv.slice(2),
    shellVariables: environment,
    readSettings: (envFiles) => readSettings(envFiles, environment, platform),
    platform,
    productVersion: PRODUCT_VERSION,
    program: { nodePath: process.execPath, mainPath: process.argv[1] ?? '' },
    userId: process.getuid?.(),
    stdout,
    stderr,
    ...(process.stdin.isTTY && { ask: createAsk(process.stdin, process.stderr) }),
    readSecret: createReadSecret(process.stdin, process.stderr),
    now: Date.now,
    serve,
  }
  // Whoever reads the output may have seen enough (`| head`).
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(0)
  })
  process.exitCode = await run(context)
}

/** The bridge runs for months, so it does not carry the other commands with it. */
async function run(context: ProgramContext): Promise<number> {
  const envFiles = plainStart(context.args)
  if (envFiles === undefined) {
    const { runProgram } = await import('../cli/program.ts')
    return runProgram(context)
  }
  replaceByTunedNode()
  const started = await start(
    withSettings(context, () => envFiles),
    {},
  )
  return conclude(started, context.stdout, context.stderr)
}

/**
 * Becomes the same program under the options of Node that the bridge wants and this process was not
 * given; V8 takes two of them at its start only. Returns where there is nothing to do, and where a
 * process cannot be replaced: on Windows, and below a parent that talks to it over a channel.
 */
function replaceByTunedNode(): void {
  const nameOf = (option: string) => option.replaceAll('_', '-').split('=')[0]
  const given = new Set(process.execArgv.map(nameOf))
  const missing = NODE_OPTIONS.filter((option) => !given.has(nameOf(option)))
  if (missing.length === 0 || process.platform === 'win32' || process.connected) return
  const [, ...args] = process.argv
  const nodeArgs = [...process.execArgv, ...missing, NODE_ARGS_END]
  process.execve?.(process.execPath, [process.execPath, ...nodeArgs, ...args])
}

/** Runs the bridge until a signal. Its parts are loaded now: no other command needs them. */
async function serve({ config, origins }: ServedSettings): Promise<Result<undefined, string>> {
  const [{ createApp }, { createLogger }] = await Promise.all([
    import('./app.ts'),
    import('../observability/logger.ts'),
  ])
  const log = createLogger(config.logLevel)
  const { dataDir, langfuse } = config
  log.info({ dataDir, langfuse: langfuse?.baseUrl, origins }, 'starting')
  const app = await createApp(config, log)
  if (!app.ok) return app
  // Before it listens: whoever sees it listening may send a signal at once.
  stopOnSignal(app.value)
  const started = await app.value.start()
  if (started.ok) return ok(undefined)
  await app.value.stop()
  return started
}

/** The first signal stops in good order; the second ends the process at once. */
function stopOnSignal(app: App): void {
  let stopping = false
  for (const [signal, number] of Object.entries(SIGNAL_NUMBERS)) {
    process.on(signal, () => {
      if (stopping) exit(128 + number, app)
      stopping = true
      // Nothing else may keep the process alive while a delivery waits for its next try.
      setInterval(() => {}, KEEP_ALIVE_MS)
      app.stop().then(
        () => exit(0, app),
        (error: unknown) => {
          stderr.print([
            `claude-telemetry: stopped with an error: ${withoutUrlPasswords(String(error))}`,
          ])
          exit(1, app)
        },
      )
    })
  }
}

/**
 * Node joins the threads of its pool before it exits, and one that waits for a file system that
 * hangs never returns. All is on the disk by then, so the process can end the hard way.
 */
function exit(code: number, app: App): void {
  if (app.isFileSystemBusy()) process.kill(process.pid, 'SIGKILL')
  process.exit(code)
}

// Node would write the error as it is, with whatever a file or a server put into its message.
process.on('uncaughtException', (error) => {
  stderr.write(`claude-telemetry: this is a bug: ${withoutUrlPasswords(inspect(error))}\n`)
  process.exit(1)
})

await main()
