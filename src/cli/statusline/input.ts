/**
 * What Claude Code tells a status line on standard input (measured with 2.1.329; plan windows and the
 * pull request as its documentation has them). Whatever is missing or of another shape is left out.
 */
import { momentOf } from '../../domain/plan-window.ts'

export interface StatusInput {
  readonly sessionId?: string
  /** Of this process; US dollars. */
  readonly costUsd?: number
  readonly contextPercent?: number
  readonly cache?: CacheState
  readonly windows: readonly PlanWindow[]
  readonly pullRequest?: number
}

export interface CacheState {
  readonly isWarm: boolean
  /** Epoch ms. */
  readonly expiresMs?: number
}

/** What is used of a subscription's allowance. */
export interface PlanWindow {
  readonly name: '5h' | '7d'
  readonly usedPercent: number
  /** Epoch ms. */
  readonly resetsMs?: number
}

type JsonObject = Readonly<Record<string, unknown>>

const WINDOWS = [
  ['5h', 'five_hour'],
  ['7d', 'seven_day'],
] as const

export function readStatusInput(body: JsonObject): StatusInput {
  const sessionId = body.session_id
  const costUsd = numberIn(objectIn(body.cost).total_cost_usd)
  const contextPercent = numberIn(objectIn(body.context_window).used_percentage)
  const cache = cacheIn(objectIn(body.prompt_cache))
  const pullRequest = numberIn(objectIn(body.pr).number)
  const limits = objectIn(body.rate_limits)
  return {
    ...(typeof sessionId === 'string' && sessionId !== '' && { sessionId }),
    ...(costUsd !== undefined && { costUsd }),
    ...(contextPercent !== undefined && { contextPercent }),
    ...(cache !== undefined && { cache }),
    ...(pullRequest !== undefined && { pullRequest }),
    windows: WINDOWS.flatMap(([name, key]) => windowIn(name, objectIn(limits[key]))),
  }
}

const RECORDED = [
  ...['session_id', 'cwd', 'model', 'context_window', 'prompt_cache', 'rate_limits', 'pr'],
]

/** What of it is worth keeping: everything that telemetry does not tell. */
export function recordedPart(body: JsonObject): JsonObject {
  const kept: Record<string, unknown> = {}
  for (const name of RECORDED) {
    if (body[name] !== undefined) kept[name] = body[name]
  }
  return kept
}

function cacheIn({ warm, expires_at: expiresAt }: JsonObject): CacheState | undefined {
  if (typeof warm !== 'boolean') return undefined
  const expiresMs = momentOf(expiresAt)
  return { isWarm: warm, ...(expiresMs !== undefined && { expiresMs }) }
}

function windowIn(
  name: PlanWindow['name'],
  { used_percentage: used, resets_at: resetsAt }: JsonObject,
): PlanWindow[] {
  const usedPercent = numberIn(used)
  if (usedPercent === undefined) return []
  const resetsMs = momentOf(resetsAt)
  return [{ name, usedPercent, ...(resetsMs !== undefined && { resetsMs }) }]
}

function objectIn(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null ? (value as JsonObject) : {}
}

function numberIn(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined
}
