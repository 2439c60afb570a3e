/**
 * Deletes sessions where it is safe to: through the bridge while one runs on the data folder, since
 * it holds sessions in memory, else in the store itself.
 */
import { createBridgeApi } from '../bridge/bridge-api.ts'
import type { Config } from '../config/config.ts'
import { ok, type Result } from '../domain/result.ts'
import { localAddress } from '../setup/places.ts'
import { failed, type Failure } from './outcome.ts'

export interface SessionRemover {
  /** How many raw records went with it; `undefined` when there is no such session. */
  remove(key: string): Promise<Result<number | undefined, Failure>>
  close(): Promise<void>
}

export async function openSessionRemover({
  dataDir,
  receiver,
}: Config): Promise<Result<SessionRemover, Failure>> {
  const { openMaintenance } = await import('../store/maintenance.ts')
  const opened = await openMaintenance(dataDir)
  if (opened.ok) {
    const maintenance = opened.value
    return ok({
      remove: async (key) => ok(await maintenance.removeSession(key)),
      close: () => maintenance.close(),
    })
  }
  if (opened.error.reason !== 'in_use') return failed(opened.error.message)
  const address = localAddress(receiver.host, receiver.port)
  const bridge = createBridgeApi({ address, apiKey: receiver.apiKey })
  return ok({
    remove: async (key) => {
      const removed = await bridge.deleteSession(key)
      if (removed.ok) return removed
      return failed(
        `a bridge uses ${dataDir}, and the one at ${address} ${removed.error}`,
        'Stop that bridge, or give this command its settings (OTLP_RECEIVER_PORT, API_KEY).',
      )
    },
    close: async () => {},
  })
}
