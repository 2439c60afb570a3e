/** A real bridge in this process: random port, temporary folder, delivering to a stand-in. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type App, createApp } from '../../../src/app/app.ts'
import { loadConfig } from '../../../src/config/load-config.ts'
import type { Clock } from '../../../src/domain/clock.ts'
import { createLogger } from '../../../src/observability/logger.ts'
import { type LangfuseStandIn, STAND_IN_KEYS } from '../langfuse-stand-in/stand-in.ts'
import { storeSettings } from '../store.ts'

export interface TestBridge {
  readonly url: string
  /** `host:port`, unless gRPC is off. */
  readonly grpc: string | undefined
  /** Of METRICS_PORT, where that is set. */
  readonly metrics: string | undefined
  readonly app: App
  readonly dataDir: string
  /** As SIGTERM does it. */
  stop(): Promise<void>
}

/** The environment of a bridge under test. Without a stand-in it has no keys. */
export function bridgeEnvironment(
  dataDir: string,
  langfuse?: LangfuseStandIn,
): Record<string, string> {
  return {
    ...storeSettings(dataDir),
    OTLP_RECEIVER_PORT: '0',
    OTLP_GRPC_PORT: 'off',
    LOG_LEVEL: 'silent',
    // What needs the access token has tests of its own.
    PAGE_ACCESS: 'open',
    ...(langfuse !== undefined && {
      LANGFUSE_HOST: langfuse.url,
      LANGFUSE_PUBLIC_KEY: STAND_IN_KEYS.publicKey,
      LANGFUSE_SECRET_KEY: STAND_IN_KEYS.secretKey,
    }),
  }
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'claude-telemetry-'))
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
}

export async function startBridge(
  environment: Record<string, string>,
  clock?: Clock,
): Promise<TestBridge> {
  const platform = { os: process.platform, homeDir: tmpdir(), workingDir: tmpdir() }
  const config = loadConfig(environment, platform)
  if (!config.ok) throw new Error(JSON.stringify(config.error))
  const app = await createApp(config.value, createLogger(config.value.logLevel), clock)
  if (!app.ok) throw new Error(app.error)
  const started = await app.value.start()
  if (!started.ok) throw new Error(started.error)
  return {
    url: started.value.url,
    grpc: started.value.grpc,
    metrics: started.value.metrics,
    app: app.value,
    dataDir: config.value.dataDir,
    stop: async () => void (await app.value.stop()),
  }
}
