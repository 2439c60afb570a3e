/**
 * `open`: the page in the browser, with its key in the fragment of the address, which no
 * browser sends anywhere. The opener is given a private file that leads there: arguments of a
 * process can be read by every user of the machine.
 */
import { randomUUID } from 'node:crypto'
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import type { Config } from '../config/config.ts'
import { ok, type Result } from '../domain/result.ts'
import { openerOf, startOpener } from '../setup/browser.ts'
import { accessTokenPath, readAccessToken } from '../storage/access-token.ts'
import type { CliContext } from './context.ts'
import { configuredBridge, findBridge, otherStoreFrom } from './folder-bridge.ts'
import { type Conclude, failed, type Failure, type Outcome } from './outcome.ts'
import { readConfig } from './read-config.ts'

interface Options {
  readonly print?: boolean
}

const FILE_MODE = 0o600
const NOT_RUNNING =
  'Start it with claude-telemetry start, or run claude-telemetry doctor. If it uses another port, set OTLP_RECEIVER_PORT.'

const OTHER_BRIDGE = 'Give this command the settings of that bridge.'

export function addOpen(program: Command, context: CliContext, concluded: Conclude): void {
  program
    .command('open')
    .summary('open the page in the browser')
    .description(
      'Opens the page of the running bridge, logged in with the access token of its data folder.',
    )
    .option('--print', 'print its address with the token instead of opening it')
    .action((options: Options) => concluded(open(context, options)))
}

async function open(context: CliContext, { print = false }: Options): Promise<Outcome> {
  const config = readConfig(context)
  if (!config.ok) return config
  const { dataDir } = config.value
  const bridge = configuredBridge(config.value)
  const found = await findBridge(bridge, config.value)
  if (!found.ok) return failed(`the bridge at ${bridge.address} ${found.error}`, NOT_RUNNING)
  if (found.value.folder === 'other') {
    return failed(`the bridge at ${bridge.address} ${otherStoreFrom(config.value)}`, OTHER_BRIDGE)
  }
  const fragment = keyFragment(config.value)
  if (!fragment.ok) return fragment
  if (fragment.value !== '') {
    const checked = await bridge.check()
    if (!checked.ok) return failed(`the bridge at ${bridge.address} ${checked.error}`, OTHER_BRIDGE)
  }
  const page = `${bridge.address}/`
  const address = `${page}${fragment.value}`
  if (print) return ok({ lines: [address] })
  const isOpen = await openInBrowser(address, dataDir, context)
  if (!isOpen.ok) return isOpen
  if (isOpen.value) {
    return ok({
      lines: [`Opened ${page}`, 'If it did not open: claude-telemetry open --print'],
    })
  }
  return ok({
    lines: [
      'No browser could be opened. Open this address yourself, and do not share it:',
      address,
    ],
  })
}

/** What goes behind the address; empty where the page asks for no key. */
function keyFragment({ pageAccess, receiver, dataDir }: Config): Result<string, Failure> {
  if (pageAccess === 'open' && receiver.apiKey === undefined) return ok('')
  const key = receiver.apiKey ?? readAccessToken(dataDir)
  if (key !== undefined) return ok(`#token=${encodeURIComponent(key)}`)
  return failed(
    `there is no access token in ${accessTokenPath(dataDir)} that you can read`,
    'The bridge creates it when it starts: restart it as the same user.',
  )
}

async function openInBrowser(
  address: string,
  dataDir: string,
  { platform, shellVariables }: CliContext,
): Promise<Result<boolean, Failure>> {
  const path = join(dataDir, 'open.html')
  const opener = openerOf(path, platform.os, shellVariables)
  if (opener === undefined) return ok(false)
  try {
    writePrivately(path, redirectTo(address))
  } catch (error) {
    return failed(
      `${path} cannot be written: ${String(error)}`,
      'claude-telemetry open --print prints the address.',
    )
  }
  return ok(await startOpener(opener, shellVariables))
}

/** Whole or not at all, and never readable by others, whatever was in its place. */
function writePrivately(path: string, text: string): void {
  const draft = `${path}.${randomUUID()}`
  try {
    writeFileSync(draft, text, { mode: FILE_MODE, flag: 'wx' })
    renameSync(draft, path)
  } finally {
    rmSync(draft, { force: true })
  }
}

/** The address holds nothing but what a URL may. */
function redirectTo(address: string): string {
  const escaped = address.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="referrer" content="no-referrer" />
    <meta http-equiv="refresh" content="0; url=${escaped}" />
    <title>claude-telemetry</title>
  </head>
  <body>
    <p><a href="${escaped}">Open the page of claude-telemetry</a></p>
  </body>
</html>
`
}
