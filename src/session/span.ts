/**
 * Spans of the agent's own tracing: each is joined with the call, tool, subagent or turn it
 * covers, or kept until that comes. They count nothing and open no turn.
 */
import type { SpanEvent } from '../domain/agent-event.ts'
import type { Draft } from './draft.ts'
import { look, note } from './ledger.ts'
import { joinCall } from './model-call.ts'
import { joinTool } from './tool-call.ts'
import { onTurnSpan } from './turn-span.ts'

export function onSpan(draft: Draft, event: SpanEvent, arrivedMs: number): void {
  const { joins } = draft.state
  const { startMs, endMs, spanId, parentSpanId, requestId, toolUseId, subagentId } = event
  if (
    subagentId !== undefined &&
    parentSpanId !== undefined &&
    look(joins.subagentParents, subagentId) === undefined
  ) {
    note(joins.subagentParents, subagentId, parentSpanId)
  }
  switch (event.role) {
    case 'turn':
      if (event.traceId === undefined) return
      onTurnSpan(draft, event.traceId, { startMs, endMs, outsideParentId: parentSpanId }, arrivedMs)
      return
    case 'model_call':
      if (requestId === undefined) return
      note(joins.calls, requestId, {
        startMs,
        endMs,
        attemptsMs: event.attemptsMs ?? [],
        stopReason: event.stopReason,
      })
      joinCall(draft, requestId)
      return
    case 'tool':
      if (toolUseId === undefined) return
      note(joins.tools, toolUseId, { spanId, startMs, endMs, output: event.output })
      joinTool(draft, toolUseId)
      return
    case 'tool_wait':
      if (parentSpanId !== undefined) note(joins.waits, parentSpanId, { startMs, endMs })
      return
    case 'tool_execution':
      if (toolUseId === undefined) return
      note(joins.executions, toolUseId, { startMs, endMs })
      note(joins.executionOwners, spanId, toolUseId)
      return
    case 'other':
      return
  }
}
