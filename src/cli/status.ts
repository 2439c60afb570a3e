/** `status`: whether a bridge runs here, what waits, and what today has cost. */
import type { Command } from 'commander'
import { createBridgeApi } from '../bridge/bridge-api.ts'
import type { ReceiverConfig } from '../config/config.ts'
import { healthOf } from '../doctor/health-answer.ts'
import { ok } from '../domain/result.ts'
import { localAddress } from '../setup/places.ts'
import type { CliContext } from './context.ts'
import { allSessions } from './find-session.ts'
import { type Data, withData } from './open-data.ts'
import { type Conclude, EXIT_OK, EXIT_PROBLEM, jsonDocument, type Outcome } from './outcome.ts'
import { readConfig } from './read-config.ts'
import { addZoneOption, timeZoneOf } from './session-filter.ts'
import { type Status, type StoredStatus, statusLines } from './status-text.ts'
import { dayStart } from './zoned-time.ts'

interface Options {
  readonly json?: boolean
  readonly tz?: string
}

export function addStatus(program: Command, context: CliContext, concluded: Conclude): void {
  const command = program
    .command('status')
    .summary('tell whether the bridge runs, and what today cost')
    .description('Tells how the bridge is and what today cost. Exit code 1 when it does not run.')
  addZoneOption(command)
    .option('--json', 'print it as JSON')
    .action((options: Options) => concluded(status(context, options)))
}

async function status(context: CliContext, options: Options): Promise<Outcome> {
  const config = readConfig(context)
  if (!config.ok) return config
  const { receiver, dataDir } = config.value
  const bridge = await bridgeStatus(receiver)
  let data: StoredStatus | null = null
  // What cannot be read is told beside the rest.
  const read = await withData(context, async (opened) => {
    data = await storedStatus(opened, context.now(), timeZoneOf(options))
    return ok({ lines: [] })
  })
  const dataProblem = read.ok ? null : read.error.messages.join(' ')
  const found: Status = { bridge, dataDir, data, dataProblem }
  return ok({
    ...(options.json ? { document: jsonDocument(found) } : { lines: statusLines(found) }),
    exitCode: bridge.health?.status === 'ok' ? EXIT_OK : EXIT_PROBLEM,
  })
}

async function bridgeStatus({ host, port, apiKey }: ReceiverConfig): Promise<Status['bridge']> {
  const address = localAddress(host, port)
  const answer = await createBridgeApi({ address, apiKey }).health()
  if (!answer.ok) return { address, health: null, problem: answer.error }
  const health = healthOf(answer.value) ?? null
  const problem = health === null ? 'is another program' : null
  return { address, health, problem }
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
  return { openSessions, totals, waiting: reader.waiting.counts() }
}
