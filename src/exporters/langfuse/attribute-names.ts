/**
 * The span attributes Langfuse reads, by its own names.
 *
 * Taken from `LangfuseOtelSpanAttributes` of @langfuse/core and held to it by the compiler, not at
 * run time: that package is loaded only where its client is needed (decision 17).
 */
import type { LangfuseOtelSpanAttributes } from '@langfuse/core'

type Official = {
  readonly [Key in keyof typeof LangfuseOtelSpanAttributes]?: `${(typeof LangfuseOtelSpanAttributes)[Key]}`
}

export const ATTRIBUTE = {
  TRACE_NAME: 'langfuse.trace.name',
  TRACE_TAGS: 'langfuse.trace.tags',
  TRACE_METADATA: 'langfuse.trace.metadata',
  TRACE_SESSION_ID: 'session.id',
  TRACE_COMPAT_SESSION_ID: 'langfuse.session.id',
  TRACE_USER_ID: 'user.id',
  TRACE_COMPAT_USER_ID: 'langfuse.user.id',
  ENVIRONMENT: 'langfuse.environment',
  RELEASE: 'langfuse.release',
  AS_ROOT: 'langfuse.internal.as_root',
  VERSION: 'langfuse.version',
  OBSERVATION_TYPE: 'langfuse.observation.type',
  OBSERVATION_LEVEL: 'langfuse.observation.level',
  OBSERVATION_STATUS_MESSAGE: 'langfuse.observation.status_message',
  OBSERVATION_INPUT: 'langfuse.observation.input',
  OBSERVATION_OUTPUT: 'langfuse.observation.output',
  OBSERVATION_METADATA: 'langfuse.observation.metadata',
  OBSERVATION_MODEL: 'langfuse.observation.model.name',
  OBSERVATION_MODEL_PARAMETERS: 'langfuse.observation.model.parameters',
  OBSERVATION_USAGE_DETAILS: 'langfuse.observation.usage_details',
  OBSERVATION_COST_DETAILS: 'langfuse.observation.cost_details',
  OBSERVATION_COMPLETION_START_TIME: 'langfuse.observation.completion_start_time',
} as const satisfies Official
