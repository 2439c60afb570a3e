/** The columns of a session that lists and pages show; `listedSession` reads them. */
import type { Dialect } from './dialect.ts'

export function sessionColumns({ usd, tokens }: Dialect) {
  return [
    'sessions.id',
    'session_key',
    'agent',
    'session_id',
    'title',
    'user_id',
    'project',
    'team',
    'owner_team',
    'owner_user',
    'route',
    'deadline_ms',
    'close_reason',
    'first_ms',
    'last_ms',
    usd('cost').as('cost_usd'),
    usd('estimated').as('estimated_usd'),
    usd('metrics').as('metrics_usd'),
    'unpriced_calls',
    tokens('input_tokens').as('input_tokens'),
    tokens('output_tokens').as('output_tokens'),
    tokens('cache_read_tokens').as('cache_read_tokens'),
    tokens('cache_creation_tokens').as('cache_creation_tokens'),
    'prompts',
    'model_calls',
    'tool_results',
    'errors',
  ] as const
}
