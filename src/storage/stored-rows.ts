/** What rows of sessions and usage say, in the terms of the ports. Every engine names its columns so. */
import type { Owner } from '../domain/access.ts'
import type { Attributes } from '../domain/json-value.ts'
import { rowTextsOf } from '../domain/search-texts.ts'
import type { UsageDimensions } from '../domain/usage.ts'
import type { WorkSegment } from '../domain/work.ts'
import { parseJsonText } from './json-text.ts'
import type { ListedSession, WorkOfSession } from './store-reader.ts'
import type { ActiveSession, ModelSum } from './usage-slice.ts'

/** The columns of a session that lists and pages show. */
export interface SessionColumns {
  readonly id: number
  readonly session_key: string
  readonly agent: string
  readonly session_id: string
  readonly title: string | null
  readonly user_id: string | null
  readonly project: string | null
  readonly team: string | null
  readonly owner_team: string | null
  readonly owner_user: string | null
  readonly route: string | null
  /** Null when it is closed. */
  readonly deadline_ms: number | null
  readonly close_reason: string | null
  readonly first_ms: number | null
  readonly last_ms: number | null
  readonly cost_usd: number | null
  readonly estimated_usd: number | null
  readonly metrics_usd: number | null
  readonly unpriced_calls: number
  readonly input_tokens: number | null
  readonly output_tokens: number | null
  readonly cache_read_tokens: number | null
  readonly cache_creation_tokens: number | null
  readonly prompts: number | null
  readonly model_calls: number | null
  readonly tool_results: number | null
  readonly errors: number | null
}

function ownerOf(row: Pick<SessionColumns, 'owner_team' | 'owner_user'>): Owner {
  return { team: row.owner_team ?? undefined, user: row.owner_user ?? undefined }
}

function routeOf({ route }: Pick<SessionColumns, 'route'>): Pick<ListedSession, 'route'> {
  return route === null ? {} : { route: JSON.parse(route) as readonly string[] }
}

/** The columns of a session that it is found by. */
export type NamedColumns = Pick<
  SessionColumns,
  'agent' | 'session_id' | 'title' | 'user_id' | 'project' | 'team'
>

function namesOf(row: NamedColumns) {
  return {
    agent: row.agent,
    sessionId: row.session_id,
    title: row.title ?? undefined,
    userId: row.user_id ?? undefined,
    project: row.project ?? undefined,
    team: row.team ?? undefined,
  }
}

/** Characters of a name that sessions are ordered by. */
export const MAX_PLACE_LENGTH = 200

export function listedSession(row: SessionColumns): ListedSession {
  return {
    id: row.id,
    key: row.session_key,
    ...namesOf(row),
    owner: ownerOf(row),
    ...routeOf(row),
    deadlineMs: row.deadline_ms ?? undefined,
    closeReason: row.close_reason ?? undefined,
    firstMs: row.first_ms ?? 0,
    lastMs: row.last_ms ?? 0,
    ...usageFigures(row),
    prompts: row.prompts ?? 0,
    modelCalls: row.model_calls ?? 0,
    toolResults: row.tool_results ?? 0,
    errors: row.errors ?? 0,
  }
}

export function namesIn(
  row: NamedColumns,
  labels: Readonly<Record<string, string>>,
): readonly string[] {
  return rowTextsOf({ ...namesOf(row), labels })
}

interface ActiveColumns
  extends Pick<SessionColumns, 'id' | 'agent' | 'project' | 'team' | 'user_id'> {
  readonly first_prompt_ms: number | null
  readonly first_commit_ms: number | null
}

export function activeSession(row: ActiveColumns): ActiveSession {
  return {
    id: row.id,
    agent: row.agent,
    project: row.project ?? undefined,
    team: row.team ?? undefined,
    userId: row.user_id ?? undefined,
    firstPromptMs: row.first_prompt_ms ?? undefined,
    firstCommitMs: row.first_commit_ms ?? undefined,
  }
}

/** Costs and tokens, which sessions and their usage have alike. */
type FigureColumns = Pick<
  SessionColumns,
  | 'cost_usd'
  | 'estimated_usd'
  | 'metrics_usd'
  | 'unpriced_calls'
  | 'input_tokens'
  | 'output_tokens'
  | 'cache_read_tokens'
  | 'cache_creation_tokens'
>

function usageFigures(row: FigureColumns) {
  return {
    costUsd: row.cost_usd ?? 0,
    estimatedUsd: row.estimated_usd ?? 0,
    metricsUsd: row.metrics_usd ?? 0,
    unpricedCalls: row.unpriced_calls,
    inputTokens: row.input_tokens ?? 0,
    outputTokens: row.output_tokens ?? 0,
    cacheReadTokens: row.cache_read_tokens ?? 0,
    cacheCreationTokens: row.cache_creation_tokens ?? 0,
  }
}

interface ModelColumns extends FigureColumns {
  readonly session_ref: number
  readonly model: string
  readonly calls: number
  readonly errors: number
}

/** What rows of model usage add up to. */
export function modelSum(row: ModelColumns): ModelSum {
  return {
    session: row.session_ref,
    model: row.model,
    calls: row.calls,
    errors: row.errors,
    ...usageFigures(row),
  }
}

/** A segment as it is stored, beside its number. */
export function workText(work: WorkSegment): string {
  return JSON.stringify({ ...work, segment: undefined })
}

/** What a text of `workText` is like in which there is a commit; some others are like it. */
export const HAS_COMMIT = '%"commit":{%'

/** The measures of activity that count what a session made. */
export const MADE = ['commits', 'pull_requests'] as const

/** The same read back; of a text that is damaged, the number alone is known. */
export function workSegment(row: {
  readonly session_ref: number
  readonly segment: number
  readonly work: string
}): WorkOfSession {
  const parsed = parseJsonText(row.work)
  const work = parsed.ok ? (parsed.value as Omit<WorkSegment, 'segment'> | null) : null
  return { ...work, session: row.session_ref, segment: row.segment }
}

/** The attributes of a resource; none where the text is damaged. */
export function resourceOf(text = '{}'): Attributes {
  const parsed = parseJsonText(text)
  const value = parsed.ok ? parsed.value : undefined
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject ? (value as Attributes) : {}
}

/** What `dimensionsKey` made of a set, read back. */
export function dimensionsOf(key: string): UsageDimensions {
  const told: unknown = JSON.parse(key)
  return typeof told === 'object' && told !== null ? told : {}
}
