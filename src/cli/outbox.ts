/**
 * `outbox list | retry | drop`: what Langfuse would not take, for a person to deal with. Works
 * while the bridge runs; it sends what was put back within half a minute.
 */
import { type Command, InvalidArgumentError } from 'commander'
import { ok } from '../domain/result.ts'
import type { DeadItem, DeadItems, Selection } from '../store/dead-items.ts'
import type { CliContext } from './context.ts'
import { bytesText } from './figures.ts'
import { type Conclude, failed, type Outcome } from './outcome.ts'
import { readConfig } from './read-config.ts'

const MAX_LISTED = 1000

interface ChangeOptions {
  readonly all?: boolean
}

export function addOutbox(program: Command, context: CliContext, concluded: Conclude): void {
  const outbox = program
    .command('outbox')
    .summary('look after what Langfuse refused')
    .description('Items that Langfuse refused for good: list them, try them again, or drop them.')
  outbox
    .command('list')
    .description('Lists them, the oldest first, each with its reason.')
    .action(() => concluded(withDeadItems(context, list)))
  const changes = [
    ['retry', 'Puts them back, to be sent again as if they were new.', 'put back'],
    ['drop', 'Deletes them.', 'dropped'],
  ] as const
  for (const [name, description, done] of changes) {
    outbox
      .command(name)
      .description(description)
      .argument('[ids...]', 'ids as `outbox list` shows them', addId)
      .option('--all', 'all of them')
      .action((ids: readonly number[] | undefined, options: ChangeOptions) => {
        const selection = selectionOf(ids ?? [], options)
        if (selection === undefined) return concluded(nothingSelected(name))
        return concluded(
          withDeadItems(context, async (items) => {
            const count =
              name === 'retry'
                ? await items.retry(selection, context.now())
                : await items.drop(selection)
            return [`${count} ${count === 1 ? 'item' : 'items'} ${done}`]
          }),
        )
      })
  }
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
): Selection | undefined {
  if (all) return ids.length === 0 ? 'all' : undefined
  return ids.length === 0 ? undefined : ids
}

async function nothingSelected(action: string): Promise<Outcome> {
  return failed(
    `outbox ${action} takes either ids or --all`,
    'The ids: claude-telemetry outbox list',
  )
}

async function withDeadItems(
  context: CliContext,
  use: (items: DeadItems) => Promise<readonly string[]>,
): Promise<Outcome> {
  const config = readConfig(context)
  if (!config.ok) return config
  // The database is loaded only where it is needed: every other command starts sooner.
  const { openDeadItems } = await import('../store/dead-items.ts')
  const opened = await openDeadItems(config.value.dataDir)
  if (!opened.ok) return failed(opened.error)
  try {
    return ok({ lines: await use(opened.value) })
  } finally {
    await opened.value.close()
  }
}

async function list(items: DeadItems): Promise<readonly string[]> {
  const listed = await items.list(MAX_LISTED)
  return listed.length === 0 ? ['no dead items'] : listed.map(lineOf)
}

function lineOf(item: DeadItem): string {
  const created = new Date(item.createdMs).toISOString()
  return [item.id, created, item.kind, bytesText(item.bytes), item.sessionKey, item.reason].join(
    '  ',
  )
}
