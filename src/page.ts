/**
 * The page with its API, put together: what answers its questions, over a connection of its own
 * that only reads, and the plugin that serves both.
 */
import { join } from 'node:path'
import { createBudgetStates } from './analytics/budget-state.ts'
import { createLangfuseLinks, type LangfuseLinks, noLinks } from './analytics/langfuse-links.ts'
import { createReports } from './analytics/reports.ts'
import { createUsageSlices } from './analytics/usage-slices.ts'
import { budgetTimeZone } from './budgets.ts'
import type { Config, LangfuseConfig } from './config/config.ts'
import { ok, type Result } from './domain/result.ts'
import { createLangfuseReader } from './langfuse/reading-client.ts'
import type { Log } from './observability/logger.ts'
import { createPageQueries, type PageQueries, type PageQueriesDeps } from './page-queries.ts'
import { policyOf } from './session/policy.ts'
import { openStoreReader } from './store/store-reader.ts'
import { PRODUCT_VERSION } from './version.ts'
import { createWeb } from './web/web.ts'

/** Beside the folder of this module, compiled or not. */
const PAGE_DIR = join(import.meta.dirname, '../dist/page')

export interface PageDeps
  extends Omit<PageQueriesDeps, 'reports' | 'slices' | 'budgets' | 'langfuseUrl' | 'retentionMs'> {
  readonly config: Config
  readonly log: Log
}

export interface Page extends Pick<PageQueries, 'committed'> {
  /** For the HTTP door. */
  readonly plugin: ReturnType<typeof createWeb>
  /** After the door was closed. */
  close(): void
}

/** Builds it; a store that cannot be read is an error for a person. */
export function createPage(deps: PageDeps): Result<Page, string> {
  const { config, clock, log } = deps
  const opened = openStoreReader(config.dataDir)
  if (!opened.ok) return opened
  const reader = opened.value
  const now = () => clock.now()
  const slices = createUsageSlices({ usage: reader.usage, now })
  const policy = policyOf(config.session)
  const links = config.langfuse === undefined ? noLinks : linksTo(config.langfuse, now)
  const page = createPageQueries({
    ...deps,
    reports: createReports({ reader, policy, now, links, slices }),
    slices,
    budgets: createBudgetStates({
      reader,
      limits: config.budgets.limits,
      timeZone: budgetTimeZone(config),
      now,
    }),
    langfuseUrl: config.langfuse?.baseUrl,
    retentionMs: config.retentionMs,
  })
  const { apiKey } = config.receiver
  return ok({
    plugin: createWeb({
      queries: page.queries,
      apiKey,
      pageDir: PAGE_DIR,
      version: PRODUCT_VERSION,
      clock,
      log,
    }),
    committed: (outcome) => page.committed(outcome),
    close: () => reader.close(),
  })
}

function linksTo(langfuse: LangfuseConfig, now: () => number): LangfuseLinks {
  const client = createLangfuseReader(langfuse)
  const { baseUrl } = langfuse
  return createLangfuseLinks({ baseUrl, readProjectId: () => client.projectId(), now })
}
