/**
 * The configuration as the parts of the product take it: grouped by who needs it, units in the
 * names, every value already checked.
 */
import type { LogLevel } from './schema.ts'

export interface LangfuseConfig {
  readonly publicKey: string
  readonly secretKey: string
  /** Without trailing slash. */
  readonly baseUrl: string
}

/** What stands on everything shown, unless a session says otherwise. */
export interface TracingConfig {
  readonly environment?: string
  readonly release?: string
}

export interface ReceiverConfig {
  readonly host: string
  /** 0 picks a free port. */
  readonly port: number
  readonly maxRequestBytes: number
  readonly apiKey?: string
}

export interface SessionConfig {
  readonly idleTimeoutMs: number
  readonly maxAgeMs: number
  readonly quietTimeoutMs: number
  readonly joinTimeoutMs: number
  readonly maxSessions: number
  /** Characters. */
  readonly maxContentLength: number
  /** Resource attributes that become tags. */
  readonly tagLabels: readonly string[]
}

export interface Config {
  /** Absent while no keys are given. */
  readonly langfuse?: LangfuseConfig
  readonly tracing: TracingConfig
  readonly receiver: ReceiverConfig
  readonly session: SessionConfig
  readonly shutdownTimeoutMs: number
  /** Absolute. */
  readonly dataDir: string
  readonly logLevel: LogLevel
}
