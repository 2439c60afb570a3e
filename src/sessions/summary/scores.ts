/**
 * The scores of a session, each from numbers that its comment shows. A score whose
 * denominator is zero is left out. The formulas stand in the README as well.
 */
import type { Score, ScoreTarget } from '../../domain/emission.ts'
import type { SessionState } from '../state.ts'
import type { Totals } from '../usage/totals.ts'

/** A score before it is attached to something. */
export interface Rating {
  readonly name: string
  readonly value: number
  readonly comment: string
}

/**
 * All ratings the totals allow: rates from 0 to 1, `quality` and `efficiency` from 0 to 100. Both of
 * these have the rate of model calls that succeeded in them, so every session with a call has both.
 */
export function ratingsOf(totals: Totals): readonly Rating[] {
  const { usage, metrics } = totals
  const inputTokens = usage.input + usage.cacheRead + usage.cacheCreation
  const edits = metrics.editsAccepted + metrics.editsRejected
  const calls = totals.modelCalls + totals.modelErrors
  const toolSuccess = rate(
    'tool_success_rate',
    totals.toolResults - totals.toolFailures,
    totals.toolResults,
    'tool results succeeded',
  )
  const editAcceptance = rate(
    'edit_acceptance_rate',
    metrics.editsAccepted,
    edits,
    'edits were accepted',
  )
  const apiSuccess = rate('api_success_rate', totals.modelCalls, calls, 'model calls succeeded')
  const cacheHits = rate(
    'cache_hit_rate',
    usage.cacheRead,
    inputTokens,
    'input tokens were read from the cache',
  )
  return [
    mean('quality', [toolSuccess, editAcceptance, apiSuccess]),
    mean('efficiency', [cacheHits, apiSuccess]),
    toolSuccess,
    editAcceptance,
    apiSuccess,
    cacheHits,
  ].filter((rating) => rating !== undefined)
}

/** Those that the summary has as well: a name that stands in both is counted twice in charts. */
const ON_SUMMARY: ReadonlySet<string> = new Set(['quality', 'efficiency'])

/**
 * All scores on the session; the two that sum it up on its summary, too. Those on the session keep
 * their keys, so a session that goes on after its summary updates them.
 */
export function scoresOf(state: SessionState, summaryTraceKey: string): readonly Score[] {
  const { environment } = state.identity
  return ratingsOf(state.totals).flatMap((rating) => {
    const score = (key: string, target: ScoreTarget): Score => ({
      kind: 'score',
      sessionKey: state.key,
      sessionId: state.sessionId,
      key,
      ...rating,
      target,
      ...(environment !== undefined && { environment }),
    })
    const onSession = score(`${state.key}/score/${rating.name}`, { kind: 'session' })
    if (!ON_SUMMARY.has(rating.name)) return [onSession]
    const summary = { kind: 'trace', traceKey: summaryTraceKey } as const
    return [onSession, score(`${summaryTraceKey}/score/${rating.name}`, summary)]
  })
}

function rate(name: string, part: number, whole: number, what: string): Rating | undefined {
  if (whole <= 0) return undefined
  return { name, value: part / whole, comment: `${part} of ${whole} ${what}` }
}

/** 100 × the mean of those parts that have a value. */
function mean(name: string, parts: readonly (Rating | undefined)[]): Rating | undefined {
  const known = parts.filter((part) => part !== undefined)
  if (known.length === 0) return undefined
  const sum = known.reduce((total, part) => total + part.value, 0)
  const comment = known.map((part) => `${part.name} ${part.value.toFixed(3)}`).join(', ')
  return { name, value: (100 * sum) / known.length, comment: `100 × mean of ${comment}` }
}
