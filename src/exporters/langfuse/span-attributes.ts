/**
 * An observation's content as span attributes: exactly those Langfuse maps, because it repeats
 * every other one under the metadata. Never `gen_ai.*`: `gen_ai.tool.name` overrides the span's
 * name and `gen_ai.operation.name` may drop model, usage and cost (facts of 4.16).
 */
import type { TokenUsage } from '../../domain/agent-event.ts'
import { jsonText } from '../../domain/numbers.ts'
import type { Observation, TraceContext } from '../../domain/emission.ts'
import type { Shown } from '../../domain/json-value.ts'
import { ATTRIBUTE } from './attribute-names.ts'
import { environmentName } from './mapping.ts'
import type { MappingConfig } from './mapping.ts'

/** Values by attribute name; an undefined value is not sent. */
export type SpanAttributes = Readonly<Record<string, string | readonly string[] | undefined>>

/** All attributes of one observation. Throws on a completion time that is no time. */
export function spanAttributes(observation: Observation, config: MappingConfig): SpanAttributes {
  return {
    ...traceAttributes(observation.context, config),
    ...observationAttributes(observation),
    ...(observation.type === 'generation' ? generationAttributes(observation) : {}),
  }
}

/** Stands on every span, because Langfuse v4 has no trace to hold it. */
function traceAttributes(context: TraceContext, config: MappingConfig): SpanAttributes {
  return {
    // Both spellings: older write modes read only the first.
    [ATTRIBUTE.TRACE_COMPAT_SESSION_ID]: context.sessionId,
    [ATTRIBUTE.TRACE_SESSION_ID]: context.sessionId,
    [ATTRIBUTE.TRACE_COMPAT_USER_ID]: context.userId,
    [ATTRIBUTE.TRACE_USER_ID]: context.userId,
    [ATTRIBUTE.TRACE_NAME]: context.traceName,
    [ATTRIBUTE.TRACE_TAGS]: context.tags.length > 0 ? context.tags : undefined,
    [ATTRIBUTE.ENVIRONMENT]: environmentName(context.environment, config.environment),
    [ATTRIBUTE.VERSION]: context.agentVersion,
    [ATTRIBUTE.RELEASE]: config.release,
    ...metadataAttributes(ATTRIBUTE.TRACE_METADATA, context.metadata),
  }
}

function observationAttributes(observation: Observation): SpanAttributes {
  return {
    [ATTRIBUTE.OBSERVATION_TYPE]: observation.type,
    // Its parent is another program's span, which may never reach Langfuse.
    [ATTRIBUTE.AS_ROOT]: observation.outsideParentId === undefined ? undefined : 'true',
    [ATTRIBUTE.OBSERVATION_INPUT]: textOf(observation.input),
    [ATTRIBUTE.OBSERVATION_OUTPUT]: textOf(observation.output),
    [ATTRIBUTE.OBSERVATION_LEVEL]: observation.level,
    [ATTRIBUTE.OBSERVATION_STATUS_MESSAGE]: observation.statusMessage,
    ...metadataAttributes(ATTRIBUTE.OBSERVATION_METADATA, observation.metadata),
  }
}

/** What is priced stands on generations alone, so that nothing is counted twice. */
function generationAttributes(generation: Observation): SpanAttributes {
  const { model, modelParameters, usage, costUsd, completionStartMs } = generation
  return {
    [ATTRIBUTE.OBSERVATION_MODEL]: model,
    [ATTRIBUTE.OBSERVATION_MODEL_PARAMETERS]: textOf(modelParameters),
    [ATTRIBUTE.OBSERVATION_USAGE_DETAILS]: usage && usageDetails(usage),
    // Always `total`: without it, whatever goes beyond input and output counts as 0.
    [ATTRIBUTE.OBSERVATION_COST_DETAILS]: isAmount(costUsd)
      ? textOf({ total: costUsd })
      : undefined,
    [ATTRIBUTE.OBSERVATION_COMPLETION_START_TIME]:
      completionStartMs === undefined ? undefined : new Date(completionStartMs).toISOString(),
  }
}

/** Langfuse refuses usage that is not made of non-negative integers. */
function usageDetails(usage: TokenUsage): string {
  return JSON.stringify({
    input: count(usage.input),
    ...output(usage),
    cache_read_input_tokens: count(usage.cacheRead),
    ...cacheWrites(usage),
  })
}

/**
 * Writes that live for 5 minutes and for an hour have prices, and keys, of their own. Buckets
 * must not overlap, so the total is sent only where the two do not make it up.
 */
function cacheWrites({ cacheCreation, cacheCreation5m, cacheCreation1h }: TokenUsage) {
  const fiveMinutes = count(cacheCreation5m ?? 0)
  const oneHour = count(cacheCreation1h ?? 0)
  if (fiveMinutes + oneHour !== count(cacheCreation) || fiveMinutes + oneHour === 0) {
    return { cache_creation_input_tokens: count(cacheCreation) }
  }
  return { input_cache_creation_5m: fiveMinutes, input_cache_creation_1h: oneHour }
}

/** Reasoning is part of the output, and buckets must not overlap. */
function output({ output: all, reasoning = 0 }: TokenUsage) {
  const apart = Math.min(count(reasoning), count(all))
  if (apart === 0) return { output: count(all) }
  return { output: count(all) - apart, output_reasoning_tokens: apart }
}

function count(tokens: number): number {
  return isAmount(tokens) ? Math.round(tokens) : 0
}

function isAmount(value: number | undefined): value is number {
  return value !== undefined && Number.isFinite(value) && value >= 0
}

function metadataAttributes(
  prefix: string,
  metadata: Readonly<Record<string, Shown | undefined>>,
): SpanAttributes {
  return Object.fromEntries(
    Object.entries(metadata).map(([key, value]) => [`${prefix}.${key}`, textOf(value)]),
  )
}

/** Text as it is, structures as JSON; nothing for null. */
function textOf(value: Shown | undefined): string | undefined {
  if (value === undefined || value === null) return undefined
  return typeof value === 'string' ? value : jsonText(value)
}
