/**
 * How much open turns hold: calls and tools that wait, texts, subagents at work. It is counted from
 * above as things are added, and measured only when the count has grown by as much again; a bound
 * on it keeps the state from growing with whatever a client sends (`relief.ts`). The count is part
 * of the state, so that a batch may be split anywhere.
 */
import type { Draft } from './draft.ts'
import { bytesOf, joinsBytes, type Joins, noteFact } from './pending-correlations.ts'
import { jsonBytes, textBytes } from './json-bytes.ts'
import { count } from './usage/name-table.ts'
import { byteBounds } from './policy.ts'
import type { HeldSize, SessionState } from './state.ts'

/** Growth for which it is not worth while to measure. */
const UNMEASURED_BYTES = 64_000
/** Field names, numbers and constants of an item, at most. */
const SHELL_BYTES = 1_000
/** The rest of a state: totals, labels, names. */
const USUAL_REST_BYTES = 20_000

/** Notes that an open turn holds a text, or other content, from now on. */
export function holds({ state }: Draft, content: unknown): void {
  if (state.held !== undefined) state.held.bytes += jsonBytes(content)
}

/**
 * The same for a call, a tool, a subagent or the turn itself: what it takes is its names, each as
 * often as it has it, and not more than `SHELL_BYTES` besides. To look at all of it takes longer.
 */
export function holdsItem({ state }: Draft, names: readonly (string | undefined)[]): void {
  if (state.held === undefined) return
  state.held.bytes += SHELL_BYTES
  for (const name of names) if (name !== undefined) state.held.bytes += textBytes(name)
}

/** How much open turns hold, at most; measured where the count says that it may be much more. */
export function heldBytes(state: SessionState, maxBytes: number): number {
  const known = state.held
  if (known !== undefined && known.bytes <= known.measureAtBytes) return known.bytes
  state.held = sizeOf(jsonBytes(state.turns), maxBytes)
  return state.held.bytes
}

export function sizeOf(bytes: number, maxBytes: number): HeldSize {
  const measureAtBytes = Math.min(maxBytes, Math.max(2 * bytes, bytes + UNMEASURED_BYTES))
  return { bytes, measureAtBytes }
}

/** Bytes of a state as JSON, about. */
export function stateBytes(state: SessionState): number {
  const { held, joins, toldKeys = {}, untypedUsage = {} } = state
  const { pendingRepeats = {}, settledRepeats = {} } = state
  const repeats = bytesOf(toldKeys) + bytesOf(pendingRepeats) + bytesOf(settledRepeats)
  const waiting = repeats + bytesOf(untypedUsage)
  return (held?.bytes ?? 0) + joinsBytes(joins) + waiting + USUAL_REST_BYTES
}

/** Notes what a signal told of something that is not known yet. */
export function noteJoin<K extends keyof Joins>(
  draft: Draft,
  kind: K,
  id: string,
  fact: Joins[K][string],
): void {
  const { state, policy } = draft
  forgets(draft, kind, noteFact(state.joins, kind, id, fact, byteBounds(policy).content))
}

/** Counts what is forgotten before it was shown. */
export function forgets({ state }: Draft, kind: string, facts: number): void {
  if (facts === 0) return
  state.totals.forgotten ??= {}
  count(state.totals.forgotten, kind, facts)
}
