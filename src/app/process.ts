/**
 * The process. Loads no more than it has to: what prints the version, or is about to become another
 * process, needs nothing of the program.
 */
import { inspect } from 'node:util'
import { asksForVersion, plainStart, withoutEnvFiles } from '../cli/arguments.ts'
import { statusLineWish } from '../cli/statusline/arguments.ts'
import { safeBlock } from '../domain/safe-text.ts'
import { withoutUrlPasswords } from '../domain/url-password.ts'
import { NODE_ARGS_END } from '../setup/service-unit.ts'
import { PRODUCT_VERSION } from './version.ts'

/** What keeps the memory of the bridge flat. */
const NODE_OPTIONS: readonly string[] = [
  // A young generation of up to 48 MB under load: what the bridge makes is garbage soon, and with half
  // of that the collector takes a tenth more of all processor time. At rest it stays at some 12 MB.
  '--max-semi-space-size=16',
  // The old one is collected when it has grown by two fifths, not to four times its size. By half, what
  // hostile requests leave reaches 400 MB; by a quarter, large requests take a sixth more time.
  '--heap-growing-percent=40',
  // More helpers of the collector would only take turns with what they help.
  '--v8-pool-size=2',
]

async function main(): Promise<void> {
  // Whoever reads the output may have seen enough (`| head`).
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(0)
  })
  const args = process.argv.slice(2)
  if (asksForVersion(args)) {
    process.stdout.write(`${PRODUCT_VERSION}\n`)
    return
  }
  const statusLine = statusLineWish(args)
  if (statusLine !== undefined) {
    const { showStatusLine } = await import('./status-line.ts')
    await showStatusLine(statusLine)
    return
  }
  // An import reads as much as a bridge takes in within months.
  const isLongRunning = plainStart(args) !== undefined || withoutEnvFiles(args).rest[0] === 'import'
  if (isLongRunning) replaceByTunedNode()
  const { run } = await import('./run.ts')
  process.exitCode = await run()
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

// Node would write the error as it is, with whatever a file or a server put into its message.
process.on('uncaughtException', (error) => {
  const text = safeBlock(withoutUrlPasswords(inspect(error)))
  process.stderr.write(`claude-telemetry: this is a bug: ${text}\n`)
  process.exit(1)
})

await main()
