/** The facts about a session that the store keeps beside its state. */
import type { SessionRow } from '../domain/session-store.ts'
import { deadlineOf } from './deadlines.ts'
import { isEmpty } from './eventful.ts'
import type { SessionPolicy } from './policy.ts'
import type { SessionState } from './state.ts'
import { spentOf } from './usage/totals.ts'

export function rowOf(state: SessionState, policy: SessionPolicy): SessionRow<SessionState> {
  const { totals } = state
  const { labels = {} } = state.identity
  const { costUsd, usage } = spentOf(totals)
  return {
    key: state.key,
    agent: state.agent,
    sessionId: state.sessionId,
    state,
    deadlineMs: deadlineOf(state, policy),
    closeReason: state.closed,
    firstMs: state.firstMs,
    lastMs: state.lastMs,
    firstPromptMs: state.firstPromptMs,
    firstCommitMs: state.firstCommitMs,
    userId: state.identity.userId,
    title: state.title ?? state.transcriptTitle ?? state.firstPrompt,
    project: labels.project ?? labels.repository ?? state.attributes.folder,
    team: labels.team,
    labels: state.attributes,
    costUsd,
    estimatedUsd: totals.estimatedUsd,
    metricsUsd: totals.metricsUsd,
    unpricedCalls: totals.unpricedCalls,
    inputTokens: usage.input,
    outputTokens: usage.output,
    cacheReadTokens: usage.cacheRead,
    cacheCreationTokens: usage.cacheCreation,
    prompts: totals.prompts,
    modelCalls: totals.modelCalls,
    toolResults: totals.toolResults,
    errors: totals.modelErrors + totals.toolFailures,
    isEmpty: isEmpty(state),
  }
}
