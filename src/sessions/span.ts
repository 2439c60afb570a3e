/**
 * Spans of the agent's own tracing: each is joined with the call, tool, subagent or turn it
 * covers, or kept until that comes. They count nothing and open no turn.
 */
import type { SpanEvent } from '../domain/agent-event.ts'
import { cut } from './content.ts'
import type { Draft } from './draft.ts'
import { noteJoin } from './held.ts'
import { look } from './pending-correlations.ts'
import { joinCall } from './calls/model-call.ts'
import { joinTool } from './tools/tool-call.ts'
import { onTurnSpan } from './turns/turn-span.ts'

/** Tries of one call that are shown; more are only counted. */
const MAX_SHOWN_ATTEMPTS = 50

export function onSpan(draft: Draft, event: SpanEvent, arrivedMs: number): void {
  const { joins } = draft.state
  const { startMs, endMs, spanId, parentSpanId, requestId, toolUseId, subagentId } = event
  if (
    subagentId !== undefined &&
    parentSpanId !== undefined &&
    look(joins.subagentParents, subagentId) === undefined
  ) {
    noteJoin(draft, 'subagentParents', subagentId, parentSpanId)
  }
  switch (event.role) {
    case 'turn':
      if (event.traceId === undefined) return
      onTurnSpan(draft, event.traceId, { startMs, endMs, outsideParentId: parentSpanId }, arrivedMs)
      return
    case 'model_call':
      if (requestId === undefined) return
      noteJoin(draft, 'calls', requestId, {
        startMs,
        endMs,
        attemptsMs: event.attemptsMs?.slice(0, MAX_SHOWN_ATTEMPTS) ?? [],
        attempts: event.attemptsMs?.length ?? 0,
        stopReason: event.stopReason,
      })
      joinCall(draft, requestId)
      return
    case 'tool': {
      if (toolUseId === undefined) return
      noteJoin(draft, 'tools', toolUseId, {
        spanId,
        startMs,
        endMs,
        output: event.output && cut(event.output, draft.policy.maxContentLength),
      })
      joinTool(draft, toolUseId)
      return
    }
    case 'tool_wait':
      if (parentSpanId !== undefined) noteJoin(draft, 'waits', parentSpanId, { startMs, endMs })
      return
    case 'tool_execution':
      if (toolUseId === undefined) return
      noteJoin(draft, 'executions', toolUseId, { startMs, endMs })
      noteJoin(draft, 'executionOwners', spanId, toolUseId)
      return
    case 'other':
      return
  }
}
