/**
 * What subagents used before anybody told their type: a record of the call may not name it, and the
 * record that does may come when the subagent ends. It is counted as of an unknown type until then,
 * and moved once the type is told. Bounded: what is forgotten stays as it was counted.
 */
import { dimensionsKey } from '../../domain/usage.ts'
import type { Draft } from '../draft.ts'
import { type CorrelationBounds, note, put, take } from '../pending-correlations.ts'
import type { SessionState } from '../state.ts'
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

/** What was noted of it does not count any more. */
export function forgetUntyped({ state }: Draft, subagentId: string, part: UsagePart): void {
  if (state.untypedUsage === undefined) return
  const parts = take(state.untypedUsage, subagentId) ?? []
  const at = parts.findIndex((each) => isAlike(each, part))
  const rest = at < 0 ? parts : parts.toSpliced(at, 1)
  if (rest.length > 0) note(state.untypedUsage, subagentId, rest, UNTYPED)
}

/** The same call: what it lasted may be known of one of them alone. */
function isAlike(a: UsagePart, b: UsagePart): boolean {
  const { durationMs: _, ...amounts } = a.amounts
  const { durationMs: __, ...others } = b.amounts
  return (
    a.key.bucketMs === b.key.bucketMs &&
    a.key.model === b.key.model &&
    dimensionsKey(a.key.dimensions) === dimensionsKey(b.key.dimensions) &&
    JSON.stringify(amounts) === JSON.stringify(others)
  )
}

/** The type of a subagent is told: what it used so far counts for that. */
export function typeUsage({ state, usage }: Draft, subagentId: string, type: string): void {
  if (type === UNKNOWN_SUBAGENT || state.untypedUsage === undefined) return
  const untyped = take(state.untypedUsage, subagentId)
  if (untyped === undefined) return
  for (const { key, amounts } of untyped) {
    const { costSource, ...told } = key.dimensions
    const typed = { ...told, subagentType: type }
    const dimensions = countedDimensions(state.totals, typed, costSource)
    addModelUsage(usage, key, negated(amounts))
    addModelUsage(usage, { ...key, dimensions }, amounts)
  }
  typeTranscribed(state, subagentId, type)
  typeSettled(state, subagentId, type)
}

/** What transcripts told of its calls is taken back from where it counts now. */
function typeTranscribed(
  { transcribed = {} }: SessionState,
  subagentId: string,
  subagentType: string,
): void {
  for (const [key, told] of Object.entries(transcribed)) {
    if (told.kind !== 'call' || told.subagentId !== subagentId) continue
    if (told.dimensions.subagentType !== UNKNOWN_SUBAGENT) continue
    put(transcribed, key, { ...told, dimensions: { ...told.dimensions, subagentType } })
  }
}

/** The same of what counted because nothing better had come. */
function typeSettled(state: SessionState, subagentId: string, subagentType: string): void {
  const { settledRepeats = {}, totals } = state
  for (const [key, settled] of Object.entries(settledRepeats)) {
    if (settled.subagentId !== subagentId) continue
    const models = settled.usage.models.map((row) => {
      const { costSource, ...told } = row.dimensions
      if (told.subagentType !== UNKNOWN_SUBAGENT) return row
      const typed = { ...told, subagentType }
      return { ...row, dimensions: countedDimensions(totals, typed, costSource) }
    })
    put(settledRepeats, key, { ...settled, usage: { ...settled.usage, models } })
  }
}
