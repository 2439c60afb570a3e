/**
 * The page with its API, put together: the thread that answers its questions, and the plugin that
 * serves both.
 */
import { join } from 'node:path'
import { budgetTimeZone } from './budgets.ts'
import type { Config } from '../config/config.ts'
import { createLangfuseReader } from '../exporters/langfuse/reading-client.ts'
import type { Visible } from '../domain/access.ts'
import type { Log } from '../observability/logger.ts'
import { createKeyManagement } from './key-management.ts'
import { createPageQueries, type PageQueries, type PageQueriesDeps } from './page-queries.ts'
import type { KnownBudget } from '../domain/managed-budget.ts'
import type { OwnPrice } from '../prices/own-prices.ts'
import type { MaskSettings } from '../processors/redact/record-masker.ts'
import { createReader } from '../reports/reader/reader.ts'
import { policyOf } from '../sessions/policy.ts'
import type { KeyGuesses } from '../receivers/key-guesses.ts'
import type { KeyRing } from '../receivers/key-ring.ts'
import { PRODUCT_VERSION } from './version.ts'
import { createOidc } from '../api/oidc.ts'
import { createWeb } from '../api/server.ts'

/** Beside the folder of this module, compiled or not. */
const PAGE_DIR = join(import.meta.dirname, '../../dist/page')

/** Whoever asks waits for less. */
const STATUS_TIMEOUT_MS = 1000

export interface PageDeps extends Omit<PageQueriesDeps, 'reader' | 'langfuseUrl' | 'retentionMs'> {
  readonly config: Config
  /** Absent when it could not be made: then the page stays shut. */
  readonly accessToken: string | undefined
  readonly guesses: KeyGuesses
  readonly ring: KeyRing
  readonly ownPrices: readonly OwnPrice[]
  readonly masking: MaskSettings
  /** Of the settings and the file. */
  readonly fixedBudgets: readonly KnownBudget[]
  readonly log: Log
}

export interface Page extends Pick<PageQueries, 'committed'> {
  /** For the HTTP server. */
  readonly plugin: ReturnType<typeof createWeb>
  /**
   * What a status line of a session shows, as JSON; undefined where nothing is stored that is visible
   * to it, or the answer takes too long.
   */
  statusFigures(sessionKey: string, visible: Visible): Promise<Uint8Array | undefined>
  /** After the server was closed. */
  close(): Promise<void>
}

export function createPage(deps: PageDeps): Page {
  const { config, accessToken, guesses, ring, store, clock, log } = deps
  const { langfuse } = config
  const reader = createReader({
    settings: {
      dataDir: config.dataDir,
      database: config.database,
      policy: policyOf(config.session),
      ownPrices: deps.ownPrices,
      budgets: { fixed: deps.fixedBudgets, timeZone: budgetTimeZone(config) },
      ticketPattern: config.ticketPattern,
      langfuseUrl: langfuse?.baseUrl,
      masking: {
        mode: deps.masking.mode,
        userRules: deps.masking.userRules.map(({ name, pattern }) => ({
          name,
          source: pattern.source,
        })),
      },
    },
    readProjectId: langfuse === undefined ? async () => undefined : projectIdOf(langfuse),
    clock,
    log,
  })
  const page = createPageQueries({
    ...deps,
    reader,
    langfuseUrl: langfuse?.baseUrl,
    retentionMs: config.retentionMs,
  })
  return {
    plugin: createWeb({
      queries: page.queries,
      keys: {
        apiKey: config.receiver.apiKey,
        accessToken,
        isOpen: config.pageAccess === 'open',
        ring,
      },
      guesses,
      oidc: config.oidc && createOidc({ config: config.oidc, audit: store.audit, clock, log }),
      administration: {
        keys: createKeyManagement(store.keys, ring, clock),
        audit: store.audit,
      },
      mcp: async (request) => {
        const { answerMcp } = await import('../mcp/http.ts')
        return answerMcp(request, {
          version: PRODUCT_VERSION,
          now: () => clock.now(),
          timeZone: budgetTimeZone(config),
          onBug: (error) => log.error({ err: error }, 'a tool of the MCP server failed'),
        })
      },
      outageOf: (error) => store.outageOf(error),
      pageDir: PAGE_DIR,
      version: PRODUCT_VERSION,
      clock,
      log,
    }),
    committed: (outcome) => page.committed(outcome),
    statusFigures: async (key, visible) => {
      const signal = AbortSignal.timeout(STATUS_TIMEOUT_MS)
      const answer = await reader.ask({ name: 'statusLine', key }, visible, signal)
      return answer.ok ? answer.value : undefined
    },
    close: () => reader.close(),
  }
}

/** Asks Langfuse until it has said. */
function projectIdOf(langfuse: NonNullable<Config['langfuse']>): () => Promise<string | undefined> {
  const client = createLangfuseReader(langfuse)
  let known: string | undefined
  return async () => {
    known ??= await client.projectId()
    return known
  }
}
