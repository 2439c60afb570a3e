#!/usr/bin/env -S node --max-semi-space-size=8
/**
 * The process: environment in, signals, exit codes. Exit 0 after a stop that was asked for,
 * 1 when it cannot start, 128 + signal when a second signal cuts the stop short.
 */
import { homedir } from 'node:os'
import { config as loadDotenv } from 'dotenv'
import { createApp } from './app.ts'
import { OUTBOX_USAGE, runOutbox } from './cli/outbox.ts'
import type { Config } from './config/config.ts'
import { describeProblem } from './config/config-problem.ts'
import { loadConfig } from './config/load-config.ts'
import type { Result } from './domain/result.ts'
import { createLogger } from './observability/logger.ts'

const KEEP_ALIVE_MS = 60_000
const SIGNAL_NUMBERS = { SIGINT: 2, SIGTERM: 15 } as const

async function main(): Promise<void> {
  loadDotenv({ quiet: true })
  const config = loadConfig(process.env, {
    os: process.platform,
    homeDir: homedir(),
    workingDir: process.cwd(),
  })
  if (!config.ok) {
    fail(config.error.map(describeProblem))
    return
  }
  const [command, ...args] = process.argv.slice(2)
  if (command === undefined) await serve(config.value)
  else if (command === 'outbox') say(await runOutbox(args, config.value.dataDir, Date.now()))
  else fail([`there is no command ${JSON.stringify(command)}; there is ${OUTBOX_USAGE}`])
}

/** Runs the bridge until a signal. */
async function serve(config: Config): Promise<void> {
  const log = createLogger(config.logLevel)
  const app = await createApp(config, log)
  if (!app.ok) {
    fail([app.error])
    return
  }
  // Before it listens: whoever sees it listening may send a signal at once.
  stopOnSignal(() => app.value.stop())
  const started = await app.value.start()
  if (!started.ok) {
    await app.value.stop()
    fail([started.error])
  }
}

function say(result: Result<string, string>): void {
  if (result.ok) process.stdout.write(`${result.value}\n`)
  else fail([result.error])
}

function fail(lines: readonly string[]): void {
  for (const line of lines) process.stderr.write(`claude-telemetry: ${line}\n`)
  process.exitCode = 1
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
          fail([`stopped with an error: ${String(error)}`])
          process.exit(1)
        },
      )
    })
  }
}

await main()
