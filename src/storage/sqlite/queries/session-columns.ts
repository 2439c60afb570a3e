/** The columns of a session that lists and pages show, and what they say, in one place. */
import type { ListedSession } from '../../store-reader.ts'
import { sound } from './sound-figures.ts'

export const SESSION_COLUMNS = [
  'sessions.id',
  'session_key',
  'agent',
  'session_id',
  'title',
  'user_id',
  'project',
  'team',
  'deadline_ms',
  'close_reason',
  'first_ms',
  'last_ms',
  sound('cost_usd', 'usd').as('cost_usd'),
  sound('estimated_usd', 'usd').as('estimated_usd'),
  sound('metrics_usd', 'usd').as('metrics_usd'),
  'unpriced_calls',
  sound('input_tokens', 'tokens').as('input_tokens'),
  sound('output_tokens', 'tokens').as('output_tokens'),
  sound('cache_read_tokens', 'tokens').as('cache_read_tokens'),
  sound('cache_creation_tokens', 'tokens').as('cache_creation_tokens'),
  'prompts',
  'model_calls',
  'tool_results',
  'errors',
] as const

interface SessionColumns {
  readonly id: number
  readonly session_key: string
  readonly agent: string
  readonly session_id: string
  readonly title: string | null
  readonly user_id: string | null
  readonly project: string | null
  readonly team: string | null
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

export function listedSession(row: SessionColumns): ListedSession {
  return {
    id: row.id,
    key: row.session_key,
    agent: row.agent,
    sessionId: row.session_id,
    title: row.title ?? undefined,
    userId: row.user_id ?? undefined,
    project: row.project ?? undefined,
    team: row.team ?? undefined,
    deadlineMs: row.deadline_ms ?? undefined,
    closeReason: row.close_reason ?? undefined,
    firstMs: row.first_ms ?? 0,
    lastMs: row.last_ms ?? 0,
    costUsd: row.cost_usd ?? 0,
    estimatedUsd: row.estimated_usd ?? 0,
    metricsUsd: row.metrics_usd ?? 0,
    unpricedCalls: row.unpriced_calls,
    inputTokens: row.input_tokens ?? 0,
    outputTokens: row.output_tokens ?? 0,
    cacheReadTokens: row.cache_read_tokens ?? 0,
    cacheCreationTokens: row.cache_creation_tokens ?? 0,
    prompts: row.prompts ?? 0,
    modelCalls: row.model_calls ?? 0,
    toolResults: row.tool_results ?? 0,
    errors: row.errors ?? 0,
  }
}
