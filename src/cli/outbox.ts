/**
 * `outbox list | retry | drop`: what Langfuse would not take, for a person to deal with. Works
 * while the bridge runs; it sends what was put back within half a minute.
 */
import { err, ok, type Result } from '../domain/result.ts'
import {
  type DeadItem,
  type DeadItems,
  openDeadItems,
  type Selection,
} from '../store/dead-items.ts'

/** How a person is told to use it. */
export const OUTBOX_USAGE = 'outbox list | outbox retry <id…|--all> | outbox drop <id…|--all>'

const MAX_LISTED = 1000

/** Runs the command over a data folder. The text is for standard output, an error for a person. */
export async function runOutbox(
  args: readonly string[],
  dataDir: string,
  nowMs: number,
): Promise<Result<string, string>> {
  const [action, ...rest] = args
  const selection = action === 'list' ? [] : selectionOf(rest)
  const isKnown = action === 'list' ? rest.length === 0 : action === 'retry' || action === 'drop'
  if (!isKnown || selection === undefined) return err(`expected ${OUTBOX_USAGE}`)

  const opened = await openDeadItems(dataDir)
  if (!opened.ok) return opened
  const items = opened.value
  try {
    if (action === 'list') return ok(listText(await items.list(MAX_LISTED)))
    return ok(await change(items, action === 'retry', selection, nowMs))
  } finally {
    await items.close()
  }
}

/** Ids, or all; `undefined` when it is neither. */
function selectionOf(args: readonly string[]): Selection | undefined {
  if (args.length === 1 && args[0] === '--all') return 'all'
  if (args.length === 0 || !args.every((arg) => /^\d{1,15}$/.test(arg))) return undefined
  return args.map(Number)
}

async function change(
  items: DeadItems,
  isRetry: boolean,
  selection: Selection,
  nowMs: number,
): Promise<string> {
  const count = isRetry ? await items.retry(selection, nowMs) : await items.drop(selection)
  return `${count} ${count === 1 ? 'item' : 'items'} ${isRetry ? 'put back' : 'dropped'}`
}

function listText(items: readonly DeadItem[]): string {
  if (items.length === 0) return 'no dead items'
  return items.map(lineOf).join('\n')
}

function lineOf(item: DeadItem): string {
  const created = new Date(item.createdMs).toISOString()
  return [item.id, created, item.kind, `${item.bytes} bytes`, item.sessionKey, item.reason].join(
    '  ',
  )
}
