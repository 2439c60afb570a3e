/** A session as lists show it. */
import { roundUsd } from '../domain/exact-sum.ts'
import type { ListedSession } from '../store/queries/session-columns.ts'
import type { SessionRow } from '../web/contract/session-list.ts'
import { cutText } from './answer-bounds.ts'

/** Of what agents name: longer than anything a person reads. */
const MAX_TEXT_LENGTH = 500

export function sessionRowOf(row: ListedSession): SessionRow {
  return {
    key: row.session_key,
    agent: row.agent,
    sessionId: row.session_id,
    title: cutOf(row.title),
    userId: cutOf(row.user_id),
    project: cutOf(row.project),
    team: cutOf(row.team),
    isOpen: row.deadline_ms !== null,
    closeReason: row.close_reason,
    firstMs: row.first_ms ?? 0,
    lastMs: row.last_ms ?? 0,
    // Stored by an earlier version it may not be a decimal yet.
    costUsd: roundUsd(row.cost_usd ?? 0),
    tokens: {
      input: row.input_tokens ?? 0,
      output: row.output_tokens ?? 0,
      cacheRead: row.cache_read_tokens ?? 0,
      cacheCreation: row.cache_creation_tokens ?? 0,
    },
    prompts: row.prompts ?? 0,
    modelCalls: row.model_calls ?? 0,
    toolResults: row.tool_results ?? 0,
    errors: row.errors ?? 0,
  }
}

function cutOf(text: string | null): string | null {
  return text === null ? null : cutText(text, MAX_TEXT_LENGTH)
}
