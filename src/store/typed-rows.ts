/**
 * Typed rows: what an event means, in columns, for lists and reports. The raw record beside them
 * stays the truth; kinds without a row of their own are read from there.
 */
import type { AgentEvent } from '../domain/agent-event.ts'
import type { MetricSample } from '../domain/metric-sample.ts'
import type { Connection } from './connection.ts'
import {
  metricColumns,
  modelCallColumns,
  modelErrorColumns,
  promptColumns,
  toolCallColumns,
  toolDecisionColumns,
} from './typed-columns.ts'
import { type NewRow, prepare } from './prepared.ts'

export interface TypedRows {
  /** Writes the typed row of an event that was just stored, where its kind has one. */
  insert(eventId: number, sessionRef: number, item: AgentEvent | MetricSample): void
}

export function createTypedRows(connection: Connection): TypedRows {
  const { kysely } = connection
  const prompts = prepare(connection, (row: NewRow<'prompts'>) =>
    kysely.insertInto('prompts').values(row),
  )
  const modelCalls = prepare(connection, (row: NewRow<'model_calls'>) =>
    kysely.insertInto('model_calls').values(row),
  )
  const toolDecisions = prepare(connection, (row: NewRow<'tool_decisions'>) =>
    kysely.insertInto('tool_decisions').values(row),
  )
  const toolCalls = prepare(connection, (row: NewRow<'tool_calls'>) =>
    kysely.insertInto('tool_calls').values(row),
  )
  const metricPoints = prepare(connection, (row: NewRow<'metric_points'>) =>
    kysely.insertInto('metric_points').values(row),
  )

  return {
    insert: (eventId, sessionRef, item) => {
      const ids = { event_id: eventId, session_ref: sessionRef, time_ms: item.timeMs }
      switch (item.kind) {
        case 'prompt':
          prompts.run({ ...ids, ...promptColumns(item) })
          break
        case 'model_call':
          modelCalls.run({ ...ids, ...modelCallColumns(item) })
          break
        case 'model_error':
          modelCalls.run({ ...ids, ...modelErrorColumns(item) })
          break
        case 'tool_decision':
          toolDecisions.run({ ...ids, ...toolDecisionColumns(item) })
          break
        case 'tool_result':
          toolCalls.run({ ...ids, ...toolCallColumns(item) })
          break
        case 'metric':
          metricPoints.run({ ...ids, ...metricColumns(item) })
          break
        case 'model_response':
        case 'request_body':
        case 'response_body':
        case 'subagent_end':
        case 'note':
        case 'span':
        case 'turn_start_report':
        case 'turn_stop_report':
        case 'tool_report':
        case 'subagent_report':
        case 'session_end_report':
        case 'other':
          break
      }
    },
  }
}
