/**
 * The stored data, for commands that read it: beside a running bridge as well as without one, since
 * nothing is written. Loaded only where it is needed: every other command starts sooner.
 */
import type { Reports } from '../reports/reports.ts'
import type { UsageSlices } from '../reports/usage-slices.ts'
import type { Config } from '../config/config.ts'
import { ok, type Result } from '../domain/result.ts'
import { createTicketReader, type TicketOf } from '../domain/ticket.ts'
import type { SessionPolicy } from '../sessions/policy.ts'
import { explainUse, isStoreMissing, openReader } from '../storage/beside.ts'
import type { StoreReader } from '../storage/store-reader.ts'
import type { CliContext } from './context.ts'
import { failed, type Failure, type Outcome } from './outcome.ts'
import { plainLine } from './plain-text.ts'
import { readConfig } from './read-config.ts'

export interface Data {
  readonly config: Config
  readonly policy: SessionPolicy
  readonly reader: StoreReader
  readonly reports: Reports
  /** What the reports have read of days. */
  readonly slices: UsageSlices
  readonly ticketOf: TicketOf
}

/** What to do when there is nothing to read. */
export const NO_DATA_NEXT =
  'If no bridge has run yet: claude-telemetry start. To read past sessions: claude-telemetry import'

/** What sessions are told under, prices included. */
export async function policyFor(
  config: Pick<Config, 'session' | 'pricesFile'>,
): Promise<Result<SessionPolicy, Failure>> {
  const [{ policyOf }, { readOwnPrices }, { createPriceTable }] = await Promise.all([
    import('../sessions/policy.ts'),
    import('../prices/own-prices.ts'),
    import('../prices/price-table.ts'),
  ])
  const ownPrices = readOwnPrices(config.pricesFile)
  if (!ownPrices.ok) return failed(ownPrices.error)
  return ok({ ...policyOf(config.session), priceOf: createPriceTable(ownPrices.value) })
}

/** Opens the data for a command, and closes it after. */
export async function withData(
  context: CliContext,
  use: (data: Data) => Promise<Outcome>,
): Promise<Outcome> {
  const done = await withStored(context, use)
  return done.ok ? done.value : done
}

/** The same for whatever is to be made of the data; an error says why it could not be read. */
export async function withStored<T>(
  context: CliContext,
  use: (data: Data) => Promise<T>,
): Promise<Result<T, Failure>> {
  const config = readConfig(context)
  if (!config.ok) return config
  const [{ createReports }, { createUsageSlices }, asked] = await Promise.all([
    import('../reports/reports.ts'),
    import('../reports/usage-slices.ts'),
    policyFor(config.value),
  ])
  if (!asked.ok) return asked
  const policy = asked.value
  const opened = await openReader(config.value, (problem) => {
    context.stderr.print([plainLine(problem)])
  })
  if (!opened.ok)
    return failed(opened.error, isStoreMissing(config.value) ? NO_DATA_NEXT : undefined)
  const reader = opened.value
  try {
    const ticketOf = createTicketReader(config.value.ticketPattern)
    const slices = createUsageSlices({ usage: reader.usage, now: context.now })
    const reports = createReports({ reader, policy, now: context.now, ticketOf, slices })
    return ok(await use({ config: config.value, policy, reader, reports, slices, ticketOf }))
  } catch (error) {
    const expected = await explainUse(error, config.value)
    if (expected === undefined) throw error
    return failed(expected)
  } finally {
    await reader.close()
  }
}
