/** The bridge in this process, for faults of the clock; it stops and starts, but cannot be killed. */
import { tmpdir } from 'node:os'
import { type App, createApp } from '../../../src/app/app.ts'
import { loadConfig } from '../../../src/config/load-config.ts'
import type { Clock } from '../../../src/domain/clock.ts'
import { createLogger } from '../../../src/observability/logger.ts'
import type { Subject } from './subject.ts'

export function createInProcessSubject(environment: Record<string, string>, clock: Clock): Subject {
  let running: { readonly app: App; readonly url: string } | undefined
  let log = ''

  async function stop(): Promise<number> {
    const app = running?.app
    running = undefined
    await app?.stop()
    return Number(/.*"pending":(\d+),"msg":"stopped/s.exec(log)?.[1] ?? 0)
  }

  return {
    dataDir: environment.DATA_DIR ?? '',
    url: () => running?.url,
    start: async (change) => {
      const platform = { os: process.platform, homeDir: tmpdir(), workingDir: tmpdir() }
      const config = loadConfig({ ...environment, ...change?.environment }, platform)
      if (!config.ok) throw new Error(JSON.stringify(config.error))
      const write = (line: string): void => {
        log += line
      }
      const logger = createLogger('info', { write })
      const app = await createApp(config.value, logger, clock)
      if (!app.ok) throw new Error(app.error)
      const started = await app.value.start()
      if (!started.ok) throw new Error(started.error)
      running = { app: app.value, url: started.value.url }
    },
    tryStart: () => Promise.reject(new Error('a second start needs a process')),
    signal: () => {
      throw new Error('a signal needs a process')
    },
    kill: async () => void (await stop()),
    terminate: async () => {
      await stop()
      return 0
    },
    stop,
    log: () => log,
  }
}
