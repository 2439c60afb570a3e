/** `tail`: what agents do, as it comes: prompts, calls, answers, tools, errors. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Command } from 'commander'
import { jsonText } from '../domain/numbers.ts'
import { ok } from '../domain/result.ts'
import { safeJson } from '../domain/safe-text.ts'
import type { LiveEvent } from '../api/contract/live.ts'
import type { CliContext } from './context.ts'
import { NO_SESSION_NEXT } from './find-session.ts'
import { configuredBridge } from './folder-bridge.ts'
import { liveLine, sessionIdIn } from './live-line.ts'
import { bridgeSource, type LiveSource, storeSource } from './live-source.ts'
import { numberBetween } from './number-option.ts'
import { withData } from './open-data.ts'
import { type Conclude, failed, type Outcome } from './outcome.ts'
import { readConfig } from './read-config.ts'
import { addZoneOption, timeZoneOf } from './session-filter.ts'

interface Options {
  readonly session?: string
  readonly lines: number
  readonly follow: boolean
  readonly all?: boolean
  readonly tz?: string
  readonly json?: boolean
}

const MAX_LINES = 1000

export function addTail(program: Command, context: CliContext, concluded: Conclude): void {
  const command = program
    .command('tail')
    .summary('follow what agents do')
    .description(
      'Prints events as they arrive, until Ctrl-C: from the running bridge, or from the stored data.',
    )
    .option('--session <id>', 'only the session whose id starts with this')
    .option(
      '-n, --lines <number>',
      'how many recent events to print first',
      numberBetween(0, MAX_LINES),
      20,
    )
    .option('--no-follow', 'print those and exit')
    .option('--all', 'also print events that only mark a start')
  addZoneOption(command)
    .option('--json', 'one JSON object per line')
    .action((options: Options) => concluded(tail(context, options)))
}

async function tail(context: CliContext, options: Options): Promise<Outcome> {
  const config = readConfig(context)
  if (!config.ok) return config
  const bridge = configuredBridge(config.value)
  let isLost = false
  const fromBridge = await bridgeSource(bridge, pause, () => {
    if (!isLost)
      context.stderr.print(['Lost the connection to the bridge; waiting for it to come back.'])
    isLost = true
  })
  if (fromBridge.ok) return follow(fromBridge.value, context, options)
  const store = { isOpen: false }
  const answered = await withData(context, ({ reports }) => {
    store.isOpen = true
    return follow(storeSource(reports.live, pause), context, options)
  })
  if (answered.ok || store.isOpen) return answered
  return failed(
    `the bridge at ${bridge.address} ${fromBridge.error}, and ${answered.error.messages.join(' ')}`,
    answered.error.next,
  )
}

async function follow(
  source: LiveSource,
  { stdout, stderr }: CliContext,
  options: Options,
): Promise<Outcome> {
  const { lines, session, all = false, json = false } = options
  const timeZone = timeZoneOf(options)
  const isWanted = (event: LiveEvent) =>
    (all || saysSomething(event)) && (session === undefined || isOf(event, session))
  const print = (event: LiveEvent): void => {
    if (json) stdout.write(`${safeJson(jsonText(event))}\n`)
    else stdout.print([liveLine(event, stdout, timeZone)])
  }

  // Those that are wanted may be far between: look among all that can be had.
  const { events, position } = await source.recent(MAX_LINES)
  const wanted = events.filter(isWanted)
  for (const event of lines === 0 ? [] : wanted.slice(-lines)) print(event)
  if (wanted.length < lines && events.length >= MAX_LINES) {
    stderr.print([`Only the last ${MAX_LINES} events were searched.`])
  }
  if (!options.follow) {
    if (session === undefined || wanted.length > 0) return ok({ lines: [] })
    return failed(
      `there are no recent events of a session whose id starts with "${session}"`,
      NO_SESSION_NEXT,
    )
  }
  if (stderr.isInteractive && wanted.length === 0) {
    stderr.print(['Waiting for events. Press Ctrl-C to stop.'])
  }
  for await (const event of source.following(position)) {
    if (event === 'gap') stderr.print(['Some events were skipped: too many arrived at once.'])
    else if (isWanted(event)) print(event)
  }
  return ok({ lines: [] })
}

/** Loaded plugins, hooks that begin, and the like: a name and nothing else. */
function saysSomething({ kind, level, subject, text, durationMs }: LiveEvent): boolean {
  const isBare = subject === null && text === null && durationMs === null
  return kind !== 'note' || level !== 'default' || !isBare
}

function isOf({ sessionKey }: LiveEvent, beginning: string): boolean {
  return sessionKey.startsWith(beginning) || sessionIdIn(sessionKey).startsWith(beginning)
}
