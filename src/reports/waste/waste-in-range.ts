/**
 * `GET /api/waste`: what the sessions of a range wasted, by kind. Findings are worked out from all that is
 * stored of a session, so the work is bounded: the most expensive sessions are looked at, and the answer
 * says how many these are and what part of the cost. What was found is remembered until a session goes on.
 */
import type { WasteFinding, WasteInRange, WasteQuery } from '../../api/contract/waste.ts'
import type { PriceOf } from '../../domain/price.ts'
import { addUsd, roundUsd } from '../../domain/exact-sum.ts'
import type { ListedSession } from '../../storage/store-reader.ts'
import { cutName } from '../answer-bounds.ts'
import { askedOfCalls, conditionsOf } from '../conditions.ts'
import { type OverviewDeps, rangeOf } from '../overview.ts'
import type { Pause } from '../pause.ts'
import type { SessionFolds } from '../session-folds.ts'
import { filterOf } from '../session-lists.ts'
import { dayOf } from '../time-buckets.ts'
import { usageReport } from '../usage-report.ts'
import { addFindings } from './findings.ts'
import { wasteOf } from './waste.ts'

/** What others of the range spent each is less, and mostly little. */
const MAX_SESSIONS = 30
/** Model calls and tools of them together: a few seconds of work. A single session may have more. */
const MAX_STEPS = 20_000
/** Sessions that are named for each kind. */
const MAX_NAMED = 3

/** Findings by session, a few hundred bytes each. */
export interface WasteMemo {
  of(
    sessionKey: string,
    version: string,
    find: () => Promise<readonly WasteFinding[]>,
  ): Promise<readonly WasteFinding[]>
  clear(): void
}

const MAX_REMEMBERED = 1_000

export function createWasteMemo(): WasteMemo {
  const known = new Map<
    string,
    { readonly version: string; readonly findings: readonly WasteFinding[] }
  >()
  return {
    of: async (sessionKey, version, find) => {
      const before = known.get(sessionKey)
      const findings = before?.version === version ? before.findings : await find()
      known.delete(sessionKey)
      known.set(sessionKey, { version, findings })
      const [oldest] = known.keys()
      if (known.size > MAX_REMEMBERED && oldest !== undefined) known.delete(oldest)
      return findings
    },
    clear: () => known.clear(),
  }
}

export interface WasteDeps extends OverviewDeps {
  readonly folds: SessionFolds
  readonly memo: WasteMemo
  readonly priceOf: PriceOf | undefined
  readonly pause: Pause
}

export async function wasteInRange(deps: WasteDeps, asked: WasteQuery): Promise<WasteInRange> {
  const query = askedOfCalls(asked)
  const { reader, slices, pause } = deps
  const range = await rangeOf(deps, query)
  const conditions = await conditionsOf(deps, query.where)
  const spanAt = (ms: number) => dayOf(ms, query.tz)
  const used = await slices.read(filterOf(query), range, spanAt, pause, conditions)
  const report = usageReport(used)
  const costs = new Map<number, number>()
  for (const { sums } of used) {
    for (const { id, costUsd } of sums.sessions) {
      costs.set(id, addUsd(costs.get(id) ?? 0, costUsd))
    }
  }
  const ids = report.mostExpensiveSessions(MAX_SESSIONS)
  const rows = new Map((await reader.lists.byIds(ids)).map((row) => [row.id, row]))
  const looked = withinSteps(ids.flatMap((id) => rows.get(id) ?? []))
  const found: Found[] = []
  for (const session of looked) {
    const findings = await findingsIn(deps, session.key)
    for (const finding of findings) found.push({ finding, session })
    await pause()
  }
  return {
    ...range,
    sessions: { all: report.sessions, looked: looked.length },
    costUsd: {
      all: roundUsd(report.sums.costUsd),
      looked: looked.reduce((sum, { id }) => addUsd(sum, costs.get(id) ?? 0), 0),
    },
    usd: found.reduce((sum, { finding }) => addUsd(sum, finding.usd ?? 0), 0),
    kinds: kindsOf(found),
  }
}

interface Found {
  readonly finding: WasteFinding
  readonly session: ListedSession
}

/** Those that fit; always the first. */
function withinSteps(sessions: readonly ListedSession[]): readonly ListedSession[] {
  let steps = 0
  return sessions.filter(({ modelCalls, toolResults }, at) => {
    const own = modelCalls + toolResults
    if (at > 0 && steps + own > MAX_STEPS) return false
    steps += own
    return true
  })
}

async function findingsIn(
  { reader, folds, memo, pause, priceOf }: WasteDeps,
  sessionKey: string,
): Promise<readonly WasteFinding[]> {
  const newest = await reader.records.signalsOf(sessionKey)
  const version = JSON.stringify([await reader.records.firstOf(sessionKey), ...newest])
  return memo.of(
    sessionKey,
    version,
    async () => (await wasteOf({ folds, pause, priceOf }, sessionKey))?.findings ?? [],
  )
}

function kindsOf(found: readonly Found[]): WasteInRange['kinds'] {
  const byKind = Map.groupBy(found, ({ finding }) => finding.kind)
  return [...byKind.values()]
    .map((ofKind) => {
      const all = ofKind.map(({ finding }) => finding).reduce(addFindings)
      const { kind, count, tokens, usd, ms } = all
      const sessions = sessionsOf(ofKind)
      const worst = sessions.slice(0, MAX_NAMED).map((one) => {
        const { key, sessionId, title } = one.session
        const shown = title === undefined ? null : cutName(title)
        return { key, sessionId, title: shown, usd: one.usd, ms: one.ms }
      })
      return { kind, count, tokens, usd, ms, sessions: sessions.length, worst }
    })
    .sort(byWorth)
}

function sessionsOf(found: readonly Found[]) {
  return [...Map.groupBy(found, ({ session }) => session).entries()]
    .map(([session, own]) => {
      return { session, ...own.map(({ finding }) => finding).reduce(addFindings) }
    })
    .sort(byWorth)
}

type Worth = Pick<WasteFinding, 'usd' | 'ms'>

function byWorth(a: Worth, b: Worth): number {
  return (b.usd ?? 0) - (a.usd ?? 0) || (b.ms ?? 0) - (a.ms ?? 0)
}
