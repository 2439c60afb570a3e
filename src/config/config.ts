/**
 * The configuration as the parts of the product take it: grouped by who needs it, units in the
 * names, every value already checked.
 */
import type { BudgetLimits } from '../domain/budget.ts'
import type { BudgetAction } from '../domain/budget-brake.ts'
import type { LogLevel } from './schema.ts'

export interface LangfuseConfig {
  readonly publicKey: string
  readonly secretKey: string
  /** Without trailing slash. */
  readonly baseUrl: string
  /** Of one request, the answer's body included. */
  readonly timeoutMs: number
}

/** An OTLP receiver that something is sent to. */
export interface OtlpTargetConfig {
  /** Without trailing slash; the signal's path is put behind it. */
  readonly endpoint: string
  readonly headers: Readonly<Record<string, string>>
  readonly protocol: 'http/protobuf' | 'http/json' | 'grpc'
  /** Of one request, the answer's body included. */
  readonly timeoutMs: number
}

/** What stands on everything shown, unless a session says otherwise. */
export interface TracingConfig {
  readonly environment?: string
  readonly release?: string
  /** Estimated costs go to Langfuse as costs. */
  readonly sendEstimates?: boolean
}

/** Files in PEM. Absolute. */
export interface TlsConfig {
  /** The certificate with its chain. */
  readonly certFile: string
  readonly keyFile: string
  /** Clients need a certificate of one of these authorities; absent is none. */
  readonly clientCaFile?: string
}

export interface ReceiverConfig {
  readonly host: string
  /** 0 picks a free port. */
  readonly port: number
  /** Of OTLP/gRPC; 0 picks a free one, absent is off. */
  readonly grpcPort?: number
  /** Of `/metrics` alone; 0 picks a free one, absent leaves it on `port`. */
  readonly metricsPort?: number
  readonly maxRequestBytes: number
  /** Bytes of all requests between arrival and answer. */
  readonly maxInFlightBytes: number
  readonly apiKey?: string
  /** Of all servers; absent is plain HTTP and gRPC. */
  readonly tls?: TlsConfig
}

/** Transcripts that are followed while agents write them. */
export interface WatchConfig {
  readonly homeDir: string
  /** Variables of agents that name another folder for them, as they are set. */
  readonly variables: Readonly<Record<string, string>>
  /** What they tell goes to exporters. */
  readonly isExported: boolean
}

export interface SessionConfig {
  readonly idleTimeoutMs: number
  readonly maxAgeMs: number
  readonly quietTimeoutMs: number
  readonly joinTimeoutMs: number
  readonly maxSessions: number
  /** Characters. */
  readonly maxContentLength: number
  readonly sessionEndGraceMs: number
  readonly hookContent: 'auto' | 'on' | 'off'
  /** Resource attributes that become tags. */
  readonly tagLabels: readonly string[]
}

/** An OpenID Connect provider that people log in with. */
export interface OidcConfig {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** Where the page is for people. Without trailing slash. */
  readonly publicUrl: string
  readonly scopes: string
  readonly userClaim: string
  readonly teamClaim: string
  /** By value of the claim; absent where the value is the team. */
  readonly teams?: Readonly<Record<string, string>>
  readonly rolesClaim: string
  /** Scope by role; `*` is everybody. */
  readonly roles: Readonly<Record<string, string>>
}

export interface BudgetConfig {
  readonly limits: BudgetLimits
  /** Where further budgets are defined. Absolute; absent where no file is named. */
  readonly file?: string
  readonly action: BudgetAction
  /** Alerts of hours and sessions far above their usual. */
  readonly spikes: boolean
  /** Who can raise a budget. */
  readonly contact?: string
  /** Where days begin; absent is the machine's. */
  readonly timeZone?: string
  /** Where alerts are posted to. A secret: whoever knows it may post there. */
  readonly webhookUrl?: string
}

/** Where alerts go beside `BudgetConfig.webhookUrl`. */
export interface AlertConfig {
  /** An incoming webhook of Slack. A secret. */
  readonly slackUrl?: string
  readonly mailTo?: readonly string[]
  readonly isOnDesktop: boolean
  /** A service that takes JSON. Its address and headers are secrets. */
  readonly json?: {
    readonly url: string
    readonly headers: Readonly<Record<string, string>>
    /** Absolute; absent is the JSON of the webhook. */
    readonly templateFile?: string
  }
}

/** The mail server for alerts and reports. */
export interface SmtpConfig {
  /** A secret: it holds the password. */
  readonly url: string
  readonly from: string
}

/** What is taken out of records before they are stored. */
export interface PrivacyConfig {
  readonly mask: 'on' | 'off' | 'strict'
  /** Absolute. */
  readonly patternsFile?: string
  /** Attributes that are masked whatever they hold. */
  readonly maskedAttributes: readonly string[]
  /** Content that is not kept. */
  readonly dropped: readonly ('prompts' | 'responses' | 'toolInput' | 'toolOutput' | 'bodies')[]
}

/** A PostgreSQL database. */
export interface DatabaseConfig {
  readonly url: string
  /** A replica that only reads. */
  readonly readUrl?: string | undefined
  readonly poolSize: number
  readonly statementTimeoutMs: number
}

export interface Config {
  /** Absent while no keys are given. */
  readonly langfuse?: LangfuseConfig
  /** Where the traces go as GenAI spans; absent is off. */
  readonly exportOtlp?: OtlpTargetConfig
  /** Where what came in is forwarded to; absent is off. */
  readonly forwardOtlp?: Omit<OtlpTargetConfig, 'protocol'> & { readonly isUnredacted: boolean }
  readonly tracing: TracingConfig
  readonly receiver: ReceiverConfig
  readonly session: SessionConfig
  /** Between the first signal and the end of listening. */
  readonly drainDelayMs: number
  readonly shutdownTimeoutMs: number
  /** Absent while transcripts are not followed. */
  readonly watch?: WatchConfig
  /** Read repository and branch from folders that hooks name. */
  readonly readWorkspace: boolean
  readonly privacy: PrivacyConfig
  /** Where files with raw API bodies may be read. Absolute. */
  readonly bodyFolders: readonly string[]
  /** What goes where. Absolute; absent where everything goes to every exporter. */
  readonly routesFile?: string
  /** Own prices and discounts. Absolute; absent where none is named. */
  readonly pricesFile?: string
  /** A regular expression that finds the ticket in the name of a branch. */
  readonly ticketPattern: string
  /** Absolute. */
  readonly dataDir: string
  /** Instead of a database in `dataDir`. */
  readonly database?: DatabaseConfig
  /** Of closed sessions; 0 is for ever. */
  readonly retentionMs: number
  /** Of the whole store; 0 is no limit. */
  readonly maxStoreBytes: number
  /** Of what waits for Langfuse; 0 is no limit. */
  readonly outbox: { readonly maxAgeMs: number; readonly maxBytes: number }
  readonly budgets: BudgetConfig
  readonly alerts: AlertConfig
  /** Absent where no mail can be sent. */
  readonly smtp?: SmtpConfig
  /** Absent where nobody logs in by a provider. */
  readonly oidc?: OidcConfig
  /** Whether the page asks this machine's users for the access token. */
  readonly pageAccess: 'token' | 'open'
  readonly logLevel: LogLevel
  /** Absent where the terminal decides: text on one, JSON elsewhere. */
  readonly logFormat?: 'json' | 'text'
}
