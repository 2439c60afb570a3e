/**
 * `outbox list | retry | drop`: what Langfuse or another server would not take, for a person to deal
 * with. Works
 * beside a running bridge.
 */
import { type Command, InvalidArgumentError } from 'commander'
import type { Config } from '../config/config.ts'
import type { DeadItem, DeadItemSelection } from '../domain/outbox.ts'
import { ok, type Result } from '../domain/result.ts'
import type { CliContext } from './context.ts'
import {
  type DeadItemChanges,
  type DeadItemList,
  DeadItemsError,
  openDeadItemChanges,
  openDeadItemList,
} from './dead-items.ts'
import { dataDestination, nameDestinations } from './destination.ts'
import { bytesText } from '../domain/figure-text.ts'
import { numberBetween } from './number-option.ts'
import {
  type Conclude,
  failed,
  type Failure,
  jsonDocument,
  misused,
  type Outcome,
} from './outcome.ts'
import { sessionIdIn } from './live-line.ts'
import { readConfig } from './read-config.ts'
import { reasonLines } from './reason-lines.ts'
import { shortId } from './session-table.ts'
import { type Column, tableLines } from './table.ts'
import type { Terminal } from './terminal.ts'
import { dateTimeText } from './zoned-time.ts'

const IDS_NEXT = 'To list the ids: claude-telemetry outbox list'
/** Lines of the list unless more are asked for. */
const DEFAULT_LISTED = 1000
const MAX_LISTED = 1_000_000

interface ListOptions {
  readonly limit?: number
  readonly json?: boolean
}

interface ChangeOptions {
  readonly all?: boolean
  readonly json?: boolean
}

export function addOutbox(program: Command, context: CliContext, concluded: Conclude): void {
  const outbox = program
    .command('outbox')
    .summary('manage items that an exporter gave up on')
    .description('Lists, retries or drops the items that were rejected permanently.')
  outbox
    .command('list')
    .description('Lists dead items with their reasons, oldest first.')
    .option(
      '-n, --limit <number>',
      `maximum number (default: ${DEFAULT_LISTED}; all as JSON)`,
      numberBetween(1, MAX_LISTED),
    )
    .option('--json', 'print all of them as JSON')
    .action((options: ListOptions) =>
      concluded(
        withItems(context, openDeadItemList, (items) => list(items, options, context.stdout)),
      ),
    )
  const changes = [
    ['retry', 'Puts dead items back in the queue, to be sent again.', 'put back'],
    ['drop', 'Deletes them.', 'dropped'],
  ] as const
  for (const [name, description, done] of changes) {
    outbox
      .command(name)
      .description(`${description}\nExit code 1 if an id is not found.`)
      .argument('[ids...]', 'ids shown by `outbox list`', addId)
      .option('--all', 'all of them')
      .option('--json', 'print what was done as JSON')
      .action((ids: readonly number[] | undefined, options: ChangeOptions) => {
        const selection = selectionOf(ids ?? [], options)
        if (selection === undefined) return concluded(nothingSelected(name))
        const { now } = context
        return concluded(
          withItems(context, openDeadItemChanges, (items: DeadItemChanges, config) => {
            const { json = false } = options
            nameDestinations(json ? context.stderr : context.stdout, [
              dataDestination(config, context),
            ])
            const one = (some: DeadItemSelection) =>
              name === 'retry' ? items.retry(some, now()) : items.drop(some)
            return change(selection, one, done, json)
          }),
        )
      })
  }
}

/** Does it to all, or to each id, so that those that are not there can be named. */
async function change(
  selection: DeadItemSelection,
  one: (selection: DeadItemSelection) => Promise<number>,
  done: string,
  json: boolean,
): Promise<Outcome> {
  const changed = (count: number) =>
    ok(
      json
        ? { document: jsonDocument({ items: count }) }
        : { lines: [`${itemsText(count)} ${done}`] },
    )
  if (selection === 'all') return changed(await one('all'))
  const missing: number[] = []
  let count = 0
  for (const id of new Set(selection)) {
    const found = await one([id])
    count += found
    if (found === 0) missing.push(id)
  }
  if (missing.length === 0) return changed(count)
  const told = `${itemsText(count)} ${done}`
  const names = missing.length === 1 ? `the id ${missing[0]}` : `the ids ${missing.join(', ')}`
  return failed(`no dead item has ${names}; ${told}`, IDS_NEXT)
}

/** Commander's parser of one id, behind those before it. */
function addId(text: string, before: readonly number[] = []): readonly number[] {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('Expected the number of an item.')
  return [...before, Number(text)]
}

/** Ids or all; `undefined` when it is neither, or both. */
function selectionOf(
  ids: readonly number[],
  { all = false }: ChangeOptions,
): DeadItemSelection | undefined {
  if (all) return ids.length === 0 ? 'all' : undefined
  return ids.length === 0 ? undefined : ids
}

async function nothingSelected(action: string): Promise<Outcome> {
  return misused(`outbox ${action} takes either ids or --all`, IDS_NEXT)
}

/** Opens the items for a command, and closes them after. */
async function withItems<Items extends { close(): Promise<void> }>(
  context: CliContext,
  open: (config: Config) => Promise<Result<Items, Failure>>,
  use: (items: Items, config: Config) => Promise<Outcome>,
): Promise<Outcome> {
  const config = readConfig(context)
  if (!config.ok) return config
  const opened = await open(config.value)
  if (!opened.ok) return opened
  try {
    return await use(opened.value, config.value)
  } catch (error) {
    if (error instanceof DeadItemsError) return failed(error.message)
    throw error
  } finally {
    await opened.value.close()
  }
}

async function list(
  items: DeadItemList,
  { limit, json = false }: ListOptions,
  terminal: Terminal,
): Promise<Outcome> {
  const most = limit ?? (json ? Number.MAX_SAFE_INTEGER : DEFAULT_LISTED)
  const listed = await items.list(most)
  if (json) return ok({ document: jsonDocument(listed.map(namedValuesOf)) })
  if (listed.length === 0) return ok({ lines: ['no dead items'] })
  const total = listed.length < most ? listed.length : await items.count()
  const more =
    listed.length < total
      ? [`${listed.length} of ${total} items; --limit N shows more, --json all`]
      : []
  if (!terminal.isInteractive) return ok({ lines: [...listed.map(lineOf), ...more] })
  const reasons = reasonLines(listed, terminal)
  return ok({ lines: [...tableLines(columns, listed, terminal), ...more, '', ...reasons] })
}

/** Of the person at the terminal. */
const TIME_ZONE = new Intl.DateTimeFormat().resolvedOptions().timeZone

const columns: readonly Column<DeadItem>[] = [
  { title: 'ID', align: 'right', text: ({ id }) => String(id) },
  { title: 'CREATED', text: ({ createdMs }) => dateTimeText(createdMs, TIME_ZONE), rank: 1 },
  { title: 'EXPORTER', text: ({ exporter }) => exporter, rank: 2 },
  { title: 'KIND', text: ({ kind }) => kind, rank: 4 },
  { title: 'SIZE', align: 'right', text: ({ bytes }) => bytesText(bytes), rank: 3 },
  { title: 'SESSION', text: ({ sessionKey }) => shortId(sessionIdIn(sessionKey)), rank: 5 },
  { title: 'REASON', text: ({ reason }) => reason, shrinksTo: 20 },
]

function lineOf(item: DeadItem): string {
  const created = new Date(item.createdMs).toISOString()
  const { id, exporter, kind, bytes, sessionKey, reason } = item
  return [id, created, exporter, kind, bytesText(bytes), sessionKey, reason].join('  ')
}

/** For programs. */
function namedValuesOf(item: DeadItem) {
  const { id, exporter, sessionKey, kind, attempts, createdMs, bytes, reason } = item
  const created = new Date(createdMs).toISOString()
  return { id, exporter, session: sessionKey, kind, attempts, created, bytes, reason }
}

function itemsText(count: number): string {
  return count === 1 ? '1 item' : `${count} items`
}
