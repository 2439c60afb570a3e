/**
 * Deletes sessions where it is safe to: through the bridge while one runs on the data folder, since
 * it holds sessions in memory, else in the store itself.
 */
import type { Config } from '../config/config.ts'
import { ok, type Result } from '../domain/result.ts'
import { explainUse, openMaintenance } from '../storage/beside.ts'
import { configuredBridge, failedAtBridge, findBridge, otherStore } from './folder-bridge.ts'
import { failed, type Failure } from './outcome.ts'

export interface SessionRemover {
  /** How many raw records went with it; `undefined` when there is no such session. */
  remove(key: string): Promise<Result<number | undefined, Failure>>
  close(): Promise<void>
}

export async function openSessionRemover(
  config: Config,
  now: () => number,
): Promise<Result<SessionRemover, Failure>> {
  const opened = await openMaintenance(config)
  if (opened.ok) {
    const maintenance = opened.value
    return ok({
      remove: async (key) => {
        try {
          const removed = await maintenance.removeSession(key)
          const outcome = removed === undefined ? 'failed' : 'done'
          const entry = {
            actor: 'command line',
            action: 'deleteSession',
            target: key,
            outcome,
          } as const
          await maintenance.audit.append([{ ...entry, atMs: now() }])
          return ok(removed)
        } catch (error) {
          const expected = await explainUse(error, config)
          if (expected === undefined) throw error
          return failed(expected)
        }
      },
      close: () => maintenance.close(),
    })
  }
  if (opened.error.reason !== 'in_use') return failed(opened.error.message)
  const bridge = configuredBridge(config)
  const failure = (error: string) => failedAtBridge(config, bridge, error)
  const found = await findBridge(bridge, config)
  if (!found.ok) return failure(found.error)
  if (found.value.folder === 'other') return failure(otherStore(config))
  return ok({
    remove: async (key) => {
      const removed = await bridge.deleteSession(key)
      return removed.ok ? removed : failure(removed.error)
    },
    close: async () => {},
  })
}
