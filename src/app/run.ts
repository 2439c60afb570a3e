/**
 * Runs what the arguments ask for: a command, or the bridge until a signal ends it. A command's exit
 * codes stand in `cli/outcome.ts`; the bridge ends with 0 after a stop that was asked for, 1 when it
 * cannot start, 128 + signal when a second signal cuts the stop short.
 */
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { App } from './app.ts'
import { plainStart } from '../cli/arguments.ts'
import { createAsk } from '../cli/confirmation.ts'
import type { Listening, ProgramContext, ServedSettings } from '../cli/context.ts'
import { conclude } from '../cli/outcome.ts'
import { withSettings } from '../cli/read-config.ts'
import { createReadSecret } from '../cli/secret-input.ts'
import { start } from '../cli/start.ts'
import { readInput } from '../cli/statusline/read-input.ts'
import { createTerminal } from '../cli/terminal.ts'
import { readSettings } from '../config/env-file.ts'
import type { Result } from '../domain/result.ts'
import { withoutUrlPasswords } from '../domain/url-password.ts'
import { transcriptFolders } from './transcript-folders.ts'
import { CLONE_DIR, PRODUCT_VERSION } from './version.ts'

/** Beside this module, in what is built. */
const STATUS_LINE_PATH = join(import.meta.dirname, 'status-line-entry.cjs')

const KEEP_ALIVE_MS = 60_000
const SIGNAL_NUMBERS = { SIGINT: 2, SIGTERM: 15 } as const

const stdout = createTerminal(process.stdout, process.env)
const stderr = createTerminal(process.stderr, process.env)

/** Resolves to the exit code, once a command has ended or the bridge listens. */
export async function run(): Promise<number> {
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
    program: {
      nodePath: process.execPath,
      mainPath: process.argv[1] ?? '',
      ...(existsSync(STATUS_LINE_PATH) && { statusLinePath: STATUS_LINE_PATH }),
    },
    userId: process.getuid?.(),
    stdout,
    stderr,
    ...(process.stdin.isTTY && { ask: createAsk(process.stdin, process.stderr) }),
    readSecret: createReadSecret(process.stdin, process.stderr),
    readInput: () => readInput(process.stdin),
    streams: { input: process.stdin, output: process.stdout },
    onStop: (stop) => {
      const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
      for (const signal of signals) process.on(signal, stop)
      return () => {
        for (const signal of signals) process.off(signal, stop)
      }
    },
    now: Date.now,
    transcripts: {
      folders: () => transcriptFolders(platform.homeDir, environment),
      importHere: async (config, body, onProgress) => {
        const [{ importHere }, { createLogger }] = await Promise.all([
          import('./import-here.ts'),
          import('../observability/logger.ts'),
        ])
        return importHere(config, body, onProgress, createLogger('silent'))
      },
      watchHere: async (config, followed) => {
        const [{ watchHere }, { createLogger }] = await Promise.all([
          import('./import-here.ts'),
          import('../observability/logger.ts'),
        ])
        return watchHere(config, followed, firstSignal(), createLogger('silent'))
      },
    },
    serve,
  }
  // The bridge runs for months, so it does not carry the other commands with it.
  const envFiles = plainStart(context.args)
  if (envFiles === undefined) {
    const { runProgram } = await import('../cli/program.ts')
    return runProgram(context)
  }
  const started = await start(
    withSettings(context, () => envFiles),
    {},
  )
  return conclude(started, context.stdout, context.stderr)
}

/** Runs the bridge until a signal. Its parts are loaded now: no other command needs them. */
async function serve({
  config,
  origins,
  printLog,
}: ServedSettings): Promise<Result<Listening, string>> {
  const [{ createApp }, { createLogger }] = await Promise.all([
    import('./app.ts'),
    import('../observability/logger.ts'),
  ])
  const log = createLogger(config.logLevel, printLog && { write: printLog })
  // What a person wants to know of the start is printed once it is over.
  if (printLog !== undefined && log.level === 'info') log.level = 'warn'
  const { dataDir, langfuse } = config
  log.info({ dataDir, langfuse: langfuse?.baseUrl, origins }, 'starting')
  const app = await createApp(config, log)
  if (!app.ok) return app
  // Before it listens: whoever sees it listening may send a signal at once.
  stopOnSignal(app.value)
  if (config.receiver.tls !== undefined) process.on('SIGHUP', () => void app.value.reload())
  const started = await app.value.start()
  if (started.ok) log.level = config.logLevel
  else await app.value.stop()
  return started
}

/** Aborted by the first signal; the second ends the process at once. */
function firstSignal(): AbortSignal {
  const stopping = new AbortController()
  for (const signal of Object.keys(SIGNAL_NUMBERS)) process.once(signal, () => stopping.abort())
  return stopping.signal
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
