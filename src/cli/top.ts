/** `top`: what agents do right now: open sessions, what they spend, running tools, budgets. */
import { setTimeout as delay } from 'node:timers/promises'
import type { ReadStream } from 'node:tty'
import type { Command } from 'commander'
import type { SessionRow } from '../api/contract/session-list.ts'
import { readFixedBudgets } from '../config/budgets-file.ts'
import { ok } from '../domain/result.ts'
import type { CliContext } from './context.ts'
import { allSessions } from './find-session.ts'
import { configuredBridge, findBridge } from './folder-bridge.ts'
import { storeSource } from './live-source.ts'
import { type Data, withData } from './open-data.ts'
import { type Conclude, failed, jsonDocument, type Outcome } from './outcome.ts'
import type { Screen } from './terminal.ts'
import { emptyTop, type TopFacts, type TopView, trimmed, viewOf, withEvent } from './top-state.ts'
import { topLines } from './top-text.ts'

interface Options {
  readonly once?: boolean
  readonly json?: boolean
}

const RECENT = 1000
const REDRAW_MS = 1000
/** Sessions and budgets are read anew with every so many redraws. */
const READ_EVERY = 2
const MAX_SESSIONS = 200
const HINT = 'q quits'

export function addTop(program: Command, context: CliContext, concluded: Conclude): void {
  program
    .command('top')
    .summary('watch what agents do and spend right now')
    .description(
      'Shows the open sessions with what they spend per minute (over the last five), which tools run and\n' +
        'since when, and the budgets that are left. Refreshes on a terminal until q or Ctrl-C.',
    )
    .option('--once', 'print it once and exit, as happens where there is no terminal')
    .option('--json', 'print it once as JSON')
    .action((options: Options) =>
      concluded(withData(context, (data) => top(data, context, options))),
    )
}

async function top(data: Data, context: CliContext, options: Options): Promise<Outcome> {
  const watching = await createWatching(data, context)
  if (!watching.ok) return watching
  const { json = false, once = false } = options
  const { stdout } = context
  if (json) return ok({ document: jsonDocument(snapshotOf(await watching.value.view())) })
  const screen = once ? undefined : stdout.openScreen()
  if (screen === undefined) return ok({ lines: topLines(await watching.value.view(), stdout) })
  try {
    await watch(screen, watching.value, context)
  } finally {
    screen.close()
  }
  return ok({ lines: [] })
}

interface Watching {
  /** As it is now; sessions and budgets are read for it. */
  view(): Promise<TopView>
  /** The same from what was read last. */
  again(): TopView
  /** Takes in what comes, until the signal. */
  follow(signal: AbortSignal): Promise<void>
}

async function createWatching({ config, reports, reader }: Data, { now }: CliContext) {
  const fixed = readFixedBudgets(config.budgets)
  if (!fixed.ok) return failed(fixed.error)
  const { createBudgetStates } = await import('../reports/budget-state.ts')
  const timeZone = config.budgets.timeZone ?? new Intl.DateTimeFormat().resolvedOptions().timeZone
  const budgets = createBudgetStates({ reader, fixed: fixed.value, timeZone, visible: 'all', now })
  const { events, position } = await reports.live.recent(RECENT)
  let state = events.reduce(withEvent, emptyTop)
  const bridge = await findBridge(configuredBridge(config), config)
  const hasBridge = bridge.ok && bridge.value.folder !== 'other'
  let known: TopFacts = { rows: [], budgets: [], hasBridge }

  const watching: Watching = {
    view: async () => {
      const rows: SessionRow[] = []
      for await (const row of allSessions(reports, { state: 'open', limit: MAX_SESSIONS })) {
        rows.push(row)
        if (rows.length >= MAX_SESSIONS) break
      }
      known = { rows, budgets: (await budgets()).budgets, hasBridge }
      state = trimmed(state, new Set(rows.map(({ key }) => key)), now())
      return viewOf(state, known, now())
    },
    again: () => viewOf(state, known, now()),
    follow: async (signal) => {
      const pause = (ms: number) => delay(ms, undefined, { signal })
      for await (const event of storeSource(reports.live, pause).following(position)) {
        if (event !== 'gap') state = withEvent(state, event)
        if (signal.aborted) return
      }
    },
  }
  return ok(watching)
}

/** Draws until somebody wants to leave. */
async function watch(screen: Screen, watching: Watching, context: CliContext): Promise<void> {
  const over = new AbortController()
  const { signal } = over
  const stop = () => over.abort()
  const forgetSignals = context.onStop(stop)
  const letKeysGo = onKeys(context.streams.input, stop)
  let failure: { readonly error: unknown } | undefined
  const following = watching.follow(signal).catch((error: unknown) => {
    if (!signal.aborted) failure = { error }
    over.abort()
  })
  try {
    for (let drawn = 0; !signal.aborted; drawn += 1) {
      const view = drawn % READ_EVERY === 0 ? await watching.view() : watching.again()
      screen.show(topLines(view, context.stdout, HINT))
      // Ends early when it is over.
      await delay(REDRAW_MS, undefined, { signal }).catch(() => {})
    }
  } finally {
    over.abort()
    letKeysGo()
    forgetSignals()
    await following
  }
  if (failure !== undefined) throw failure.error
}

/** Ctrl-C and Ctrl-D, which a terminal in raw mode hands over as they are. */
const LEAVING = new Set([...Buffer.from('qQ\u0003\u0004')])

/** Calls back when a key says to leave; returns how to give the terminal back. */
function onKeys(input: CliContext['streams']['input'], stop: () => void): () => void {
  const keys = input as Partial<ReadStream> & typeof input
  if (keys.isTTY !== true || keys.setRawMode === undefined) return () => {}
  const onData = (bytes: Buffer): void => {
    if (bytes.some((key) => LEAVING.has(key))) stop()
  }
  keys.setRawMode(true)
  keys.on('data', onData)
  // Whoever hangs up has gone.
  keys.once('end', stop)
  return () => {
    keys.off('data', onData)
    keys.off('end', stop)
    keys.setRawMode?.(false)
    keys.pause()
  }
}

/** For programs. */
function snapshotOf({ atMs, sessions, budgets, ...sums }: TopView) {
  return {
    at: new Date(atMs).toISOString(),
    ...sums,
    sessions: sessions.map(({ row, usdPerMinute, tools }) => ({
      ...row,
      usdPerMinute,
      runningTools: tools.map(({ tool, sinceMs }) => ({
        tool,
        since: new Date(sinceMs).toISOString(),
        ms: atMs - sinceMs,
      })),
    })),
    budgets,
  }
}
