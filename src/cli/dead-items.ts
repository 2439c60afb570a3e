/**
 * The dead items of the configured data folder, for commands: read beside a running bridge; changed
 * by the bridge itself, which then sends at once what was put back. Where the bridge is not at the
 * configured address its database is changed directly, if it is of the schema of this program.
 */
import type { Config } from '../config/config.ts'
import { ok, type Result } from '../domain/result.ts'
import type { DeadItemSelection } from '../domain/outbox.ts'
import {
  explainUse,
  openDeadItemList as openStoredList,
  openDeadItems,
  openMaintenance,
} from '../storage/beside.ts'
import type { OpenDeadItems } from '../storage/maintenance.ts'
import { configuredBridge, findBridge } from './folder-bridge.ts'
import { failed, type Failure } from './outcome.ts'

export type DeadItemList = Pick<OpenDeadItems, 'list' | 'count' | 'close'>
export type DeadItemChanges = Pick<OpenDeadItems, 'retry' | 'drop' | 'close'>

/** Why they could not be read or changed after all, for a person. */
export class DeadItemsError extends Error {}

/** To be read. What cannot be done later rejects with a `DeadItemsError`. */
export async function openDeadItemList({
  dataDir,
}: Config): Promise<Result<DeadItemList, Failure>> {
  const opened = await openStoredList(dataDir)
  if (!opened.ok) return failed(opened.error)
  const items = opened.value
  return ok({
    list: (limit) => explained(dataDir, items.list(limit)),
    count: () => explained(dataDir, items.count()),
    close: () => items.close(),
  })
}

/** To be changed. What cannot be done later rejects with a `DeadItemsError`. */
export async function openDeadItemChanges(
  config: Config,
): Promise<Result<DeadItemChanges, Failure>> {
  const { dataDir } = config
  const alone = await openMaintenance(dataDir)
  if (alone.ok) {
    const maintenance = alone.value
    const close = () => maintenance.close()
    return ok(inStore(dataDir, { ...maintenance.deadItems, close }))
  }
  if (alone.error.reason !== 'in_use') return failed(alone.error.message)
  const bridge = configuredBridge(config)
  const found = await findBridge(bridge, dataDir)
  if (found.ok && found.value.folder === 'same') {
    const change = async (how: 'retry' | 'drop', selection: DeadItemSelection): Promise<number> => {
      const changed = await bridge.changeDead(how, selection)
      if (changed.ok) return changed.value
      throw new DeadItemsError(`the bridge at ${bridge.address} ${changed.error}`)
    }
    return ok({
      retry: (selection) => change('retry', selection),
      drop: (selection) => change('drop', selection),
      close: async () => {},
    })
  }
  const opened = await openDeadItems(dataDir)
  return opened.ok ? ok(inStore(dataDir, opened.value)) : failed(opened.error)
}

function inStore(dataDir: string, items: DeadItemChanges): DeadItemChanges {
  return {
    retry: (selection, nowMs) => explained(dataDir, items.retry(selection, nowMs)),
    drop: (selection) => explained(dataDir, items.drop(selection)),
    close: () => items.close(),
  }
}

async function explained<T>(dataDir: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    const expected = await explainUse(error, dataDir)
    throw expected === undefined ? error : new DeadItemsError(expected)
  }
}
