/** The columns of a session that lists and pages show; `listedSession` reads them. */
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
