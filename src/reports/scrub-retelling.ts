/**
 * A stored session told twice, from its records as they are and from masked ones: where the first gives
 * what is stored, the second gives what would be, had the records been masked when they came.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Emission } from '../domain/emission.ts'
import type { SessionKey } from '../domain/identity.ts'
import type { OutgoingItem } from '../domain/outbox.ts'
import type { ScrubReader } from '../domain/scrub-store.ts'
import type { StoredInput, StoredInputs } from '../domain/stored-inputs.ts'
import type { StoredMasker } from '../processors/stored-masker.ts'
import type { SessionPolicy } from '../sessions/policy.ts'
import { createReplay } from '../sessions/replay.ts'
import type { SessionState } from '../sessions/state.ts'
import { told } from './replay.ts'
import { asJson, parsed, renamedText } from './scrub-json.ts'

export interface RetellingDeps {
  readonly store: Pick<ScrubReader, 'derived'>
  readonly inputs: StoredInputs
  readonly masker: StoredMasker
  readonly policy: SessionPolicy
}

const BATCHES_PER_SLICE = 4

export interface Retelling {
  /** A slice of it; true at the end of what is stored by now. */
  advance(): Promise<boolean>
  /**
   * The state of the session as if its records had been masked when they came; undefined where what
   * is stored of it does not tell it as it is (an older version did not keep all that decides).
   */
  stateInPlaceOf(stored: SessionState): SessionState | undefined
  /** What it said, in place of what it said before, under the new name; the last of its key. */
  emissionInPlaceOf(before: OutgoingItem): Emission | undefined
}

/** Tells a session twice: as it is, to see whether that is what is stored, and masked. */
export async function createRetelling(
  { store, inputs, masker, policy }: RetellingDeps,
  key: SessionKey,
  newKey: SessionKey,
): Promise<Retelling> {
  const plain = createReplay(key, policy)
  const masked = createReplay(newKey, policy)
  const items = (await store.derived(key))?.items ?? []
  const waiting = new Set(items.map(({ payload }) => emissionKey(payload, key, newKey)))
  const emissions = new Map<string, Emission>()
  let position = 0
  let isBroken = false

  async function advance(): Promise<boolean> {
    if (isBroken) return true
    try {
      const slice = await inputs.slice(key, position, BATCHES_PER_SLICE)
      position = slice.position
      told(slice.inputs, plain)
      const { emissions: said } = told(slice.inputs.map(maskedInput), masked)
      for (const emission of said) {
        const own = keyOfEmission(emission)
        if (waiting.has(own)) emissions.set(own, emission)
      }
      return slice.isLast
    } catch {
      // Records that are damaged: the session is masked as it is.
      isBroken = true
      return true
    }
  }

  function maskedInput(input: StoredInput): StoredInput {
    if (input.kind !== 'records') return input
    return { ...input, batch: masker.batch(input.batch, () => {}).batch }
  }

  return {
    advance,
    stateInPlaceOf: (stored) => {
      const own = masked.state()
      if (isBroken || own === undefined) return undefined
      // The second, where whoever masked it before was killed before the records were.
      const told = [plain.state(), masker.tree(own)]
      return told.some((state) => isSameJson(state, stored)) ? own : undefined
    },
    emissionInPlaceOf: (before) =>
      before.kind === 'records' || isBroken ? undefined : emissions.get(keyOfEmission(before)),
  }
}

function isSameJson(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(asJson(a), asJson(b))
}

function keyOfEmission(emission: Emission): string {
  const trace = emission.kind === 'observation' ? emission.traceKey : ''
  return JSON.stringify([emission.kind, trace, emission.key])
}

function emissionKey(payload: string, key: SessionKey, newKey: SessionKey): string {
  const item = parsed(payload) as OutgoingItem | undefined
  if (item === undefined || item.kind === 'records') return ''
  return keyOfEmission(renamedText(item, key, newKey))
}
