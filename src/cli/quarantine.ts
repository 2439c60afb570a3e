/**
 * `quarantine list | retry | drop`: records that could not be assigned, kept as they came for a while.
 * The list is read from the data folder; what changes it is done by the running bridge, through whose
 * intake a record has to pass again.
 */
import { type Command, InvalidArgumentError } from 'commander'
import type { QuarantineItem, QuarantineSelection } from '../domain/quarantine.ts'
import { ok } from '../domain/result.ts'
import { explainUse, openQuarantineList } from '../storage/beside.ts'
import { placeName } from '../storage/store-place.ts'
import type { CliContext } from './context.ts'
import { dataDestination, nameDestinations } from './destination.ts'
import { bytesText, countOfText } from '../domain/figure-text.ts'
import { configuredBridge, findBridge } from './folder-bridge.ts'
import { numberBetween } from './number-option.ts'
import { type Conclude, failed, jsonDocument, misused, type Outcome } from './outcome.ts'
import { readConfig } from './read-config.ts'
import { reasonLines } from './reason-lines.ts'
import { type Column, tableLines } from './table.ts'
import { dateTimeText } from './zoned-time.ts'

const DEFAULT_LISTED = 1000
const MAX_LISTED = 1_000_000
const IDS_NEXT = 'To list the ids: claude-telemetry quarantine list'

interface ListOptions {
  readonly limit?: number
  readonly json?: boolean
}

export function addQuarantine(program: Command, context: CliContext, concluded: Conclude): void {
  const quarantine = program
    .command('quarantine')
    .summary('manage records that could not be assigned to a session')
    .description(
      'Records without a known agent or session are kept unchanged for two weeks: list them,\n' +
        'retry them with this version, or drop them.',
    )
  quarantine
    .command('list')
    .description('Lists the records with the reasons, oldest first.')
    .option(
      '-n, --limit <number>',
      `maximum number (default: ${DEFAULT_LISTED}; all as JSON)`,
      numberBetween(1, MAX_LISTED),
    )
    .option('--json', 'print all of them as JSON')
    .action((options: ListOptions) => concluded(list(context, options)))
  const changes = [
    ['retry', 'Has the running bridge process the records again.'],
    ['drop', 'Has the running bridge delete the records.'],
  ] as const
  for (const [name, description] of changes) {
    quarantine
      .command(name)
      .description(description)
      .argument('[ids...]', 'ids shown by `quarantine list`', addId)
      .option('--all', 'all of them')
      .option('--json', 'print what was done as JSON')
      .action((ids: readonly number[] | undefined, { all = false, json = false }: ChangeOptions) =>
        concluded(change(context, name, selectionOf(ids ?? [], all), json)),
      )
  }
}

interface ChangeOptions {
  readonly all?: boolean
  readonly json?: boolean
}

async function list(context: CliContext, { limit, json = false }: ListOptions): Promise<Outcome> {
  const config = readConfig(context)
  if (!config.ok) return config
  const opened = await openQuarantineList(config.value)
  if (!opened.ok) return failed(opened.error)
  try {
    const most = limit ?? (json ? Number.MAX_SAFE_INTEGER : DEFAULT_LISTED)
    const items = await opened.value.list(most)
    if (json) return ok({ document: jsonDocument(items.map(namedValuesOf)) })
    if (items.length === 0) return ok({ lines: ['no records in the quarantine'] })
    const total = items.length < most ? items.length : await opened.value.count()
    const more =
      items.length < total
        ? [`${items.length} of ${total} records; --limit N shows more, --json all`]
        : []
    const terminal = context.stdout
    if (!terminal.isInteractive) return ok({ lines: [...items.map(lineOf), ...more] })
    const reasons = reasonLines(
      items.map(({ message }) => ({ reason: message })),
      terminal,
    )
    return ok({ lines: [...tableLines(columns, items, terminal), ...more, '', ...reasons] })
  } catch (error) {
    const expected = await explainUse(error, config.value)
    if (expected === undefined) throw error
    return failed(expected)
  } finally {
    await opened.value.close()
  }
}

/** Of the person at the terminal. */
const TIME_ZONE = new Intl.DateTimeFormat().resolvedOptions().timeZone

const columns: readonly Column<QuarantineItem>[] = [
  { title: 'ID', align: 'right', text: ({ id }) => String(id) },
  { title: 'RECEIVED', text: ({ receivedMs }) => dateTimeText(receivedMs, TIME_ZONE), rank: 1 },
  { title: 'SIGNAL', text: ({ signal }) => signal, rank: 3 },
  { title: 'SIZE', align: 'right', text: ({ bytes }) => bytesText(bytes), rank: 2 },
  { title: 'NAME', text: ({ name }) => name, atMost: 30, shrinksTo: 10 },
  { title: 'REASON', text: ({ message }) => message, shrinksTo: 20 },
]

async function change(
  context: CliContext,
  how: 'retry' | 'drop',
  selection: QuarantineSelection | undefined,
  json: boolean,
): Promise<Outcome> {
  if (selection === undefined) {
    return misused(`quarantine ${how} takes either ids or --all`, IDS_NEXT)
  }
  const config = readConfig(context)
  if (!config.ok) return config
  const bridge = configuredBridge(config.value)
  const found = await findBridge(bridge, config.value)
  const start = 'Start it: claude-telemetry start'
  if (!found.ok) return failed(`the bridge at ${bridge.address} ${found.error}`, start)
  if (found.value.folder !== 'same') {
    return failed(
      `the bridge at ${bridge.address} is not that of ${placeName(config.value)}`,
      start,
    )
  }
  nameDestinations(json ? context.stderr : context.stdout, [dataDestination(config.value, context)])
  const changed = await bridge.changeQuarantine(how, selection)
  if (!changed.ok) return failed(`the bridge at ${bridge.address} ${changed.error}`)
  const { done, left } = changed.value
  const told = `${countOfText(done, 'record')} ${how === 'retry' ? 'processed' : 'dropped'}`
  const leftText = left > 0 ? `; ${countOfText(left, 'record')} still cannot be assigned` : ''
  const missing = selection === 'all' ? 0 : new Set(selection).size - done - left
  if (missing > 0) {
    return failed(
      `${countOfText(missing, 'id')} not in the quarantine; ${told}${leftText}`,
      IDS_NEXT,
    )
  }
  if (json) return ok({ document: jsonDocument({ records: done, left }) })
  return ok({ lines: [`${told}${leftText}`] })
}

/** Commander's parser of one id, behind those before it. */
function addId(text: string, before: readonly number[] = []): readonly number[] {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('Expected the number of a record.')
  return [...before, Number(text)]
}

/** Ids or all; `undefined` when it is neither, or both. */
function selectionOf(ids: readonly number[], all: boolean): QuarantineSelection | undefined {
  if (all) return ids.length === 0 ? 'all' : undefined
  return ids.length === 0 ? undefined : ids
}

function lineOf(item: QuarantineItem): string {
  const received = new Date(item.receivedMs).toISOString()
  const { id, signal, name, bytes, message } = item
  return [id, received, signal, bytesText(bytes), name, message].join('  ')
}

/** For programs. */
function namedValuesOf({ receivedMs, ...item }: QuarantineItem) {
  return { ...item, received: new Date(receivedMs).toISOString() }
}
