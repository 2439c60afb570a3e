/** The columns of typed rows, kind by kind; pure. The ids come from whoever inserts. */
import type {
  EventBase,
  ModelCallEvent,
  ModelErrorEvent,
  PromptEvent,
  ToolDecisionEvent,
  ToolResultEvent,
} from '../domain/agent-event.ts'
import type { MetricSample } from '../domain/metric-sample.ts'
import type { NewRow } from './prepared.ts'
import type { Flag, Schema } from './schema.ts'

type Columns<T extends keyof Schema> = Omit<NewRow<T>, 'event_id' | 'session_ref' | 'time_ms'>

export function promptColumns(event: PromptEvent): Columns<'prompts'> {
  return {
    ...turnColumns(event),
    command: event.command ?? null,
    length: event.prompt.length ?? null,
    text: event.prompt.text ?? null,
  }
}

export function modelCallColumns(event: ModelCallEvent): Columns<'model_calls'> {
  return {
    ...turnColumns(event),
    model: event.model,
    success: 1,
    input_tokens: event.usage.input,
    output_tokens: event.usage.output,
    cache_read_tokens: event.usage.cacheRead,
    cache_creation_tokens: event.usage.cacheCreation,
    cost_usd: event.costUsd,
    duration_ms: event.durationMs,
    ttft_ms: event.ttftMs ?? null,
    request_id: event.requestId ?? null,
    query_source: event.querySource ?? null,
    is_main: flag(event.isMain),
    attempt: null,
    status_code: null,
    error: null,
  }
}

export function modelErrorColumns(event: ModelErrorEvent): Columns<'model_calls'> {
  return {
    ...turnColumns(event),
    model: event.model,
    success: 0,
    input_tokens: null,
    output_tokens: null,
    cache_read_tokens: null,
    cache_creation_tokens: null,
    cost_usd: null,
    duration_ms: event.durationMs,
    ttft_ms: null,
    request_id: event.requestId ?? null,
    query_source: event.querySource ?? null,
    is_main: flag(event.isMain),
    attempt: event.attempt ?? null,
    status_code: event.statusCode ?? null,
    error: event.message,
  }
}

export function toolDecisionColumns(event: ToolDecisionEvent): Columns<'tool_decisions'> {
  return {
    ...turnColumns(event),
    tool: event.tool,
    tool_use_id: event.toolUseId ?? null,
    request_id: event.requestId ?? null,
    accepted: flag(event.accepted),
    source: event.source,
  }
}

export function toolCallColumns(event: ToolResultEvent): Columns<'tool_calls'> {
  return {
    ...turnColumns(event),
    tool: event.tool,
    tool_use_id: event.toolUseId ?? null,
    request_id: event.requestId ?? null,
    success: flag(event.success),
    duration_ms: event.durationMs,
    input_bytes: event.inputBytes ?? null,
    result_bytes: event.resultBytes ?? null,
    error_type: event.errorType ?? null,
    error: event.error ?? null,
  }
}

export function metricColumns(sample: MetricSample): Columns<'metric_points'> {
  return {
    name: sample.name,
    measure: sample.measure,
    facet: sample.facet ?? null,
    series_key: sample.seriesKey,
    temporality: sample.temporality,
    value: sample.value,
  }
}

function turnColumns(event: EventBase) {
  return { prompt_id: event.promptId ?? null, subagent_id: event.subagentId ?? null }
}

function flag(value: boolean): Flag {
  return value ? 1 : 0
}
