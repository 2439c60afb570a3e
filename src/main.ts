#!/usr/bin/env -S node --max-semi-space-size=8 --heap-growing-percent=50 --v8-pool-size=2
/**
 * The process: environment in, signals, exit codes. A command's exit codes stand in
 * `cli/outcome.ts`; the bridge ends with 0 after a stop that was asked for, 1 when it cannot start,
 * 128 + signal when a second signal cuts the stop short.
 */
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { config as loadDotenv } from 'dotenv'
import { createAsk } from './cli/confirmation.ts'
import type { CliContext, Variables } from './cli/context.ts'
import { conclude } from './cli/outcome.ts'
import { start } from './cli/start.ts'
import { createTerminal } from './cli/terminal.ts'
import type { Config } from './config/config.ts'
import { configDirOf } from './config/config-dir.ts'
import type { Platform } from './config/data-dir.ts'
import { ok, type Result } from './domain/result.ts'
import { PRODUCT_VERSION } from './version.ts'

const KEEP_ALIVE_MS = 60_000
const SIGNAL_NUMBERS = { SIGINT: 2, SIGTERM: 15 } as const

const stdout = createTerminal(process.stdout, process.env)
const stderr = createTerminal(process.stderr, process.env)

async function main(): Promise<void> {
  const platform = { os: process.platform, homeDir: homedir(), workingDir: process.cwd() }
  const shellVariables = { ...process.env }
  const context: CliContext = {
    args: process.argv.slice(2),
    variables: withEnvFile(shellVariables, platform),
    shellVariables,
    platform,
    productVersion: PRODUCT_VERSION,
    program: { nodePath: process.execPath, mainPath: process.argv[1] ?? '' },
    userId: process.getuid?.(),
    stdout,
    stderr,
    ...(process.stdin.isTTY && { ask: createAsk(process.stdin, process.stderr) }),
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
async function run(context: CliContext): Promise<number> {
  const [first = 'start', ...rest] = context.args
  if (first === 'start' && rest.length === 0) {
    return conclude(await start(context, {}), context.stdout, context.stderr)
  }
  const { runProgram } = await import('./cli/program.ts')
  return runProgram(context)
}

/** The environment over the `.env` of this folder or, where there is none, over the user's own. */
function withEnvFile(environment: Variables, platform: Platform): Variables {
  const here = join(platform.workingDir, '.env')
  const path = existsSync(here) ? here : join(configDirOf(environment, platform), '.env')
  const variables = { ...environment }
  loadDotenv({ quiet: true, path, processEnv: variables })
  return variables
}

/** Runs the bridge until a signal. Its parts are loaded now: no other command needs them. */
async function serve(config: Config): Promise<Result<undefined, string>> {
  const [{ createApp }, { createLogger }] = await Promise.all([
    import('./app.ts'),
    import('./observability/logger.ts'),
  ])
  const log = createLogger(config.logLevel)
  const app = await createApp(config, log)
  if (!app.ok) return app
  // Before it listens: whoever sees it listening may send a signal at once.
  stopOnSignal(() => app.value.stop())
  const started = await app.value.start()
  if (started.ok) return ok(undefined)
  await app.value.stop()
  return started
}

/** The first signal stops in good order; the second ends the process at once. */
function stopOnSignal(stop: () => Promise<unknown>): void {
  let stopping = false
  for (const [signal, number] of Object.entries(SIGNAL_NUMBERS)) {
    process.on(signal, () => {
      if (stopping) process.exit(128 + number)
      stopping = true
      // Nothing else may keep the process alive while a delivery waits for its next try.
      setInterval(() => {}, KEEP_ALIVE_MS)
      stop().then(
        () => process.exit(0),
        (error: unknown) => {
          stderr.print([`claude-telemetry: stopped with an error: ${String(error)}`])
          process.exit(1)
        },
      )
    })
  }
}

// Node would write the error as it is, with whatever a file or a server put into its message.
process.on('uncaughtException', (error) => {
  stderr.write(`claude-telemetry: this is a bug: ${inspect(error)}\n`)
  process.exit(1)
})

await main()
