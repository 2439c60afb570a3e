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
import type { StorePlace } from '../storage/store-place.ts'
import { configuredBridge, findBridge } from './folder-bridge.ts'
import { failed, type Failure } from './outcome.ts'

export type DeadItemList = Pick<OpenDeadItems, 'list' | 'count' | 'close'>
export type DeadItemChanges = Pick<OpenDeadItems, 'retry' | 'drop' | 'close'>

/** Why they could not be read or changed after all, for a person. */
export class DeadItemsError extends Error {}

/** To be read. What cannot be done later rejects with a `DeadItemsError`. */
export async function openDeadItemList(place: Config): Promise<Result<DeadItemList, Failure>> {
  const opened = await openStoredList(place)
  if (!opened.ok) return failed(opened.error)
  const items = opened.value
  return ok({
    list: (limit) => explained(place, items.list(limit)),
    count: () => explained(place, items.count()),
    close: () => items.close(),
  })
}

/** To be changed. What cannot be done later rejects with a `DeadItemsError`. */
export async function openDeadItemChanges(
  config: Config,
): Promise<Result<DeadItemChanges, Failure>> {
  const alone = await openMaintenance(config)
  if (alone.ok) {
    const maintenance = alone.value
    const close = () => maintenance.close()
    return ok(inStore(config, { ...maintenance.deadItems, close }))
  }
  if (alone.error.reason !== 'in_use') return failed(alone.error.message)
  const bridge = configuredBridge(config)
  const found = await findBridge(bridge, config)
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
  const opened = await openDeadItems(config)
  return opened.ok ? ok(inStore(config, opened.value)) : failed(opened.error)
}

function inStore(place: StorePlace, items: DeadItemChanges): DeadItemChanges {
  return {
    retry: (selection, nowMs) => explained(place, items.retry(selection, nowMs)),
    drop: (selection) => explained(place, items.drop(selection)),
    close: () => items.close(),
  }
}

async function explained<T>(place: StorePlace, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    const expected = await explainUse(error, place)
    throw expected === undefined ? error : new DeadItemsError(expected)
  }
}
