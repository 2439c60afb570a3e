/** Databases as earlier versions left them when they were killed, and today's program on them. */
import { readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { type App, createApp } from '../../src/app/app.ts'
import { loadConfig } from '../../src/config/load-config.ts'
import { createLogger } from '../../src/observability/logger.ts'
import { createShiftedClock } from './faults/shifted-clock.ts'

const folder = join(import.meta.dirname, '../fixtures/databases')

/** How a database came about; see the folder's README. */
export interface OldDatabase {
  readonly commit: string
  /** When its program was killed. */
  readonly stoppedMs: number
  /** It kept all of a record, not its attributes alone. */
  readonly wholeRecords: boolean
  /** Requests that it had answered 200, by recording. */
  readonly posted: Readonly<Record<string, readonly string[]>>
}

export const oldDatabases = JSON.parse(
  readFileSync(join(folder, 'databases.json'), 'utf8'),
) as readonly OldDatabase[]

/** Writes it into a data folder. Returns its path. */
export function unpackDatabase({ commit }: OldDatabase, dataDir: string): string {
  const path = join(dataDir, 'claude-telemetry.db')
  writeFileSync(path, gunzipSync(readFileSync(join(folder, `${commit}.db.gz`))))
  return path
}

/** Today's program, as if it had been started right after the other was killed. */
export async function startAfter(
  { stoppedMs }: OldDatabase,
  environment: Readonly<Record<string, string>>,
): Promise<{ readonly app: App; readonly url: string }> {
  const platform = { os: process.platform, homeDir: tmpdir(), workingDir: tmpdir() }
  const config = loadConfig(environment, platform)
  if (!config.ok) throw new Error(JSON.stringify(config.error))
  const clock = createShiftedClock()
  clock.set(stoppedMs + 100 - Date.now())
  const app = await createApp(config.value, createLogger('silent'), clock)
  if (!app.ok) throw new Error(app.error)
  const started = await app.value.start()
  if (!started.ok) throw new Error(started.error)
  return { app: app.value, url: started.value.url }
}
