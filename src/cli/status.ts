/** `status`: whether a bridge runs here, what waits, and what today has cost. */
import type { Command } from 'commander'
import type { Config } from '../config/config.ts'
import { ok } from '../domain/result.ts'
import type { CliContext } from './context.ts'
import { allSessions } from './find-session.ts'
import { configuredBridge, findBridge } from './folder-bridge.ts'
import { type Data, withData } from './open-data.ts'
import { type Conclude, EXIT_OK, EXIT_PROBLEM, jsonDocument, type Outcome } from './outcome.ts'
import { readConfig } from './read-config.ts'
import { addZoneOption, timeZoneOf } from './session-filter.ts'
import { databaseName } from '../storage/store-place.ts'
import { type Status, type StoredStatus, statusLines } from './status-text.ts'
import { dayStart } from '../reports/time-text.ts'

interface Options {
  readonly json?: boolean
  readonly tz?: string
}

export function addStatus(program: Command, context: CliContext, concluded: Conclude): void {
  const command = program
    .command('status')
    .summary('show whether the bridge runs and what today cost')
    .description(
      'Shows the state of the bridge and what today cost. Exit code 1 if it is not running.',
    )
  addZoneOption(command)
    .option('--json', 'print it as JSON')
    .action((options: Options) => concluded(status(context, options)))
}

async function status(context: CliContext, options: Options): Promise<Outcome> {
  const config = readConfig(context)
  if (!config.ok) return config
  const { dataDir, database } = config.value
  const bridge = await bridgeStatus(config.value)
  let data: StoredStatus | null = null
  // What cannot be read is told beside the rest.
  const read = await withData(context, async (opened) => {
    data = await storedStatus(opened, context.now(), timeZoneOf(options))
    return ok({ lines: [] })
  })
  const dataProblem = read.ok ? null : read.error.messages.join(' ')
  const refused = bridge.health?.refused ?? {}
  const found: Status = {
    ...{ bridge, dataDir },
    database: database === undefined ? null : databaseName(database.url),
    ...{ data, dataProblem, refused },
  }
  return ok({
    ...(options.json ? { document: jsonDocument(found) } : { lines: statusLines(found) }),
    exitCode: bridge.isWell && bridge.folder !== 'other' ? EXIT_OK : EXIT_PROBLEM,
  })
}

async function bridgeStatus(config: Config): Promise<Status['bridge']> {
  const bridge = configuredBridge(config)
  const { address } = bridge
  const found = await findBridge(bridge, config)
  if (!found.ok) {
    const nobody = { answers: false, isWell: false, health: null, folder: 'unknown' } as const
    return { address, ...nobody, problem: found.error }
  }
  const { isWell, health = null, folder } = found.value
  const problem = health === null ? 'details are shown only with its API_KEY' : null
  return { address, answers: true, isWell, health, problem, folder }
}

async function storedStatus(
  { reports, reader }: Data,
  nowMs: number,
  timeZone: string,
): Promise<StoredStatus> {
  const from = dayStart(nowMs, timeZone)
  const { totals } = await reports.overview({ from, tz: timeZone, bucket: 'day', attribute: [] })
  let openSessions = 0
  for await (const _ of allSessions(reports, { state: 'open' })) openSessions += 1
  return { openSessions, totals, waiting: await reader.waiting.counts() }
}
