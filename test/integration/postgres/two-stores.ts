/** Two stores over one database, as two processes have them. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Outcome } from '../../../src/domain/session-store.ts'
import { openStore } from '../../../src/storage/open-store.ts'
import type { Store, StoreOptions } from '../../../src/storage/store.ts'
import { newTestDatabase } from '../../postgres/database.ts'
import { createManualClock } from '../../unit/manual-clock.ts'
import { AT_MS, nothing, plainStates, type State } from '../../unit/storage/arrivals.ts'
import { exporter } from '../storage/engines.ts'

export async function openTwo(options: Partial<StoreOptions<State>> = {}) {
  const { url } = await newTestDatabase()
  const open = async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'claude-telemetry-sharing-'))
    onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }))
    const opened = await openStore<State>({
      states: plainStates(),
      retentionMs: 0,
      outbox: { maxAgeMs: 0, maxBytes: 0 },
      exporters: [exporter('langfuse')],
      ...options,
      dataDir,
      database: { url, poolSize: 4, statementTimeoutMs: 20_000 },
      clock: createManualClock(AT_MS),
      log: { warn: () => {}, error: () => {} },
    })
    if (!opened.ok) throw new Error(opened.error.message)
    let closed: Promise<void> | undefined
    const close = () => (closed ??= opened.value.close())
    onTestFinished(() => close())
    return { ...opened.value, close }
  }
  const [one, other] = await Promise.all([open(), open()])
  return { one, other, url }
}

export const commit = (store: Store<State>, outcome: Partial<Outcome<State>>) =>
  store.sessions.commit([], [], () => ({ ...nothing, ...outcome }))
