/** A session as named values, for programs and spreadsheets. Times are ISO 8601. Pure. */
import type { SessionRow } from '../api/contract/session-list.ts'
import type { Fields } from './row-format.ts'

export const sessionFields: Fields<SessionRow> = {
  session: ({ sessionId }) => sessionId,
  agent: ({ agent }) => agent,
  title: ({ title }) => title,
  user: ({ userId }) => userId,
  project: ({ project }) => project,
  team: ({ team }) => team,
  open: ({ isOpen }) => isOpen,
  first: ({ firstMs }) => new Date(firstMs).toISOString(),
  last: ({ lastMs }) => new Date(lastMs).toISOString(),
  cost_usd: ({ costUsd }) => costUsd,
  input_tokens: ({ tokens }) => tokens.input,
  output_tokens: ({ tokens }) => tokens.output,
  cache_read_tokens: ({ tokens }) => tokens.cacheRead,
  cache_creation_tokens: ({ tokens }) => tokens.cacheCreation,
  prompts: ({ prompts }) => prompts,
  model_calls: ({ modelCalls }) => modelCalls,
  tool_results: ({ toolResults }) => toolResults,
  errors: ({ errors }) => errors,
  estimated_usd: ({ estimatedUsd }) => estimatedUsd,
  metrics_usd: ({ metricsUsd }) => metricsUsd,
  unpriced_calls: ({ unpricedCalls }) => unpricedCalls,
}
