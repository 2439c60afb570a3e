/**
 * An observation's content as span attributes: exactly those Langfuse maps, because it repeats
 * every other one under the metadata. Never `gen_ai.*`: `gen_ai.tool.name` overrides the span's
 * name and `gen_ai.operation.name` may drop model, usage and cost (facts of 4.16).
 */
import type { TokenUsage } from '../../domain/agent-event.ts'
import type { CostByKind } from '../../domain/price.ts'
import { jsonText } from '../../domain/numbers.ts'
import type { Observation, TraceContext } from '../../domain/emission.ts'
import type { JsonValue } from '../../domain/json-value.ts'
import { toolSummary } from '../../domain/tool-summary.ts'
import { ATTRIBUTE } from './attribute-names.ts'
import { environmentName, type MappingConfig } from './mapping.ts'

/** Values by attribute name; an undefined value is not sent. */
export type SpanAttributes = Readonly<Record<string, string | readonly string[] | undefined>>

/** All attributes of one observation. Throws on a completion time that is no time. */
export function spanAttributes(observation: Observation, config: MappingConfig): SpanAttributes {
  return {
    ...traceAttributes(observation.context, config),
    ...observationAttributes(observation),
    ...(observation.type === 'generation' ? generationAttributes(observation, config) : {}),
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
    ...(observation.type === 'tool' &&
      metadataAttributes(ATTRIBUTE.OBSERVATION_METADATA, {
        summary: toolSummary(observation.name, observation.input),
      })),
  }
}

/** What is priced stands on generations alone, so that nothing is counted twice. */
function generationAttributes(generation: Observation, config: MappingConfig): SpanAttributes {
  const { model, modelParameters, usage, completionStartMs } = generation
  return {
    [ATTRIBUTE.OBSERVATION_MODEL]: model,
    [ATTRIBUTE.OBSERVATION_MODEL_PARAMETERS]: textOf(modelParameters),
    [ATTRIBUTE.OBSERVATION_USAGE_DETAILS]: usage && usageDetails(usage),
    ...costAttributes(generation, config),
    [ATTRIBUTE.OBSERVATION_COMPLETION_START_TIME]:
      completionStartMs === undefined ? undefined : new Date(completionStartMs).toISOString(),
  }
}

/**
 * What the agent said is the cost. An estimate is that only where it is asked for: any cost that is
 * sent switches Langfuse's own pricing off.
 */
function costAttributes(
  { costUsd, costSource, costByKind, usage }: Observation,
  { sendEstimates = false }: MappingConfig,
): SpanAttributes {
  if (!isAmount(costUsd)) return {}
  const isEstimate = costSource === 'estimated' || costSource === 'override'
  const source = metadataAttributes(ATTRIBUTE.OBSERVATION_METADATA, {
    cost_source: costSource,
    estimated_cost_usd: isEstimate ? costUsd : undefined,
  })
  if (isEstimate && !sendEstimates) return source
  const parts = costByKind && usage ? costDetails(costByKind, usage) : {}
  return {
    ...source,
    // Always `total`: without it, whatever goes beyond input and output counts as 0.
    [ATTRIBUTE.OBSERVATION_COST_DETAILS]: textOf({ ...parts, total: costUsd }),
  }
}

/** Under the keys of the usage, so that each kind of token has its cost beside it. */
function costDetails(byKind: CostByKind, usage: TokenUsage): Record<string, number> {
  const { input = 0, output: all = 0, cacheRead = 0, cacheCreation = 0, reasoning = 0 } = byKind
  const keys = { ...output(usage), ...cacheWrites(usage) }
  const details = {
    input,
    output: 'output_reasoning_tokens' in keys ? all - reasoning : all,
    ...('output_reasoning_tokens' in keys && { output_reasoning_tokens: reasoning }),
    cache_read_input_tokens: cacheRead,
    ...('cache_creation_input_tokens' in keys
      ? { cache_creation_input_tokens: cacheCreation }
      : {
          input_cache_creation_5m: byKind.cacheCreation5m ?? cacheCreation,
          input_cache_creation_1h: byKind.cacheCreation1h ?? 0,
        }),
  }
  return Object.fromEntries(Object.entries(details).filter(([, usd]) => usd > 0))
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
  metadata: Readonly<Record<string, JsonValue | undefined>>,
): SpanAttributes {
  return Object.fromEntries(
    Object.entries(metadata).map(([key, value]) => [`${prefix}.${key}`, textOf(value)]),
  )
}

/** Text as it is, structures as JSON; nothing for null. */
function textOf(value: JsonValue | undefined): string | undefined {
  if (value === undefined || value === null) return undefined
  return typeof value === 'string' ? value : jsonText(value)
}
