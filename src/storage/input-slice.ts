/** What happened to a session, put in order: its records, and the controls and policies between them. */
import type { SessionControl } from '../domain/session-control.ts'
import type { StoredInput, StoredInputSlice } from '../domain/stored-inputs.ts'
import type { StoredBatch } from '../domain/telemetry-record.ts'
import { readControl } from './control-text.ts'
import { parseJsonText } from './json-text.ts'

export interface ControlRow {
  readonly id: number
  readonly kind: SessionControl['kind']
  readonly at_ms: number
  readonly detail: string | null
}

/** What inputs were folded under: one object for each policy. */
export interface PolicyText {
  /** JSON. */
  readonly policy: string
}

export interface SliceParts {
  /** Where the slice begins: behind this. */
  readonly afterId: number
  readonly batches: readonly StoredBatch[]
  /** Behind `afterId`, up to the last batch, or all when there is no batch; in order. */
  readonly controls: readonly ControlRow[]
  /** What the input at a position was folded under; at `afterId`, the one before the slice. */
  readonly policyAt: (position: number) => PolicyText | undefined
}

/** Something at a position, to be put in order. */
interface Placed {
  readonly position: number
  readonly input: StoredInput
}

export function inputSlice(parts: SliceParts): StoredInputSlice {
  const { afterId, batches, controls, policyAt } = parts
  const last = batches.at(-1)
  const placed = [...batches.map(placedBatch), ...controls.flatMap(placedControl)].sort(
    (a, b) => a.position - b.position,
  )
  return {
    inputs: withPolicies(policyAt, placed, afterId),
    position: last?.id ?? placed.at(-1)?.position ?? afterId,
    isLast: last === undefined,
  }
}

/** Each policy before the first of the inputs that it was in force for. */
function withPolicies(
  policyAt: SliceParts['policyAt'],
  placed: readonly Placed[],
  afterPosition: number,
): StoredInput[] {
  let inForce = afterPosition === 0 ? undefined : policyAt(afterPosition)
  return placed.flatMap(({ position, input }) => {
    const policy = policyAt(position)
    if (policy === undefined || policy === inForce) return [input]
    inForce = policy
    const recorded = parseJsonText(policy.policy)
    return [{ kind: 'policy', recorded: recorded.ok ? recorded.value : undefined }, input]
  })
}

function placedBatch(batch: StoredBatch): Placed {
  return { position: batch.id, input: { kind: 'records', batch } }
}

/** None when its text cannot be read (a damaged file). */
function placedControl({ id, kind, at_ms, detail }: ControlRow): Placed[] {
  const control = readControl(kind, at_ms, detail)
  return control === undefined ? [] : [{ position: id, input: { kind: 'control', control } }]
}
