/**
 * What subagents used before anybody told their type: a record of the call may not name it, and the
 * record that does may come when the subagent ends. It is counted as of an unknown type until then,
 * and moved once the type is told. Bounded: what is forgotten stays as it was counted.
 */
import type { Draft } from '../draft.ts'
import { type CorrelationBounds, note, take } from '../pending-correlations.ts'
import { countedDimensions, UNKNOWN_SUBAGENT } from './dimensions.ts'
import { addModelUsage, negated, type UsagePart } from './usage.ts'

/** By subagent. */
const UNTYPED: CorrelationBounds = { entries: 200, bytes: 40_000 }
/** Of one subagent, by bucket, model and dimensions. */
const MAX_PARTS = 20

/** Notes what a subagent of unknown type used. */
export function noteUntyped({ state }: Draft, subagentId: string, part: UsagePart): void {
  state.untypedUsage ??= {}
  const known = take(state.untypedUsage, subagentId) ?? []
  const parts = known.length < MAX_PARTS ? [...known, part] : known
  note(state.untypedUsage, subagentId, parts, UNTYPED)
}

/** The type of a subagent is told: what it used so far counts for that. */
export function typeUsage({ state, usage }: Draft, subagentId: string, type: string): void {
  if (type === UNKNOWN_SUBAGENT || state.untypedUsage === undefined) return
  for (const { key, amounts } of take(state.untypedUsage, subagentId) ?? []) {
    const { costSource, ...told } = key.dimensions
    const typed = { ...told, subagentType: type }
    const dimensions = countedDimensions(state.totals, typed, costSource)
    addModelUsage(usage, key, negated(amounts))
    addModelUsage(usage, { ...key, dimensions }, amounts)
  }
}
