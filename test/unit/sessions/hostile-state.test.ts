/** What a state takes is bounded in bytes, whatever is sent; docs/reliability.md says how much. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Arrival } from '../../../src/domain/session-store.ts'
import { defaultBounds, type SessionPolicy } from '../../../src/sessions/policy.ts'
import { reduce, type SessionInput } from '../../../src/sessions/reduce.ts'
import { newSession, type SessionState } from '../../../src/sessions/state.ts'
import { at, closing, policy as usual } from './events.ts'
import { createHostileRecords, FILLINGS, type HostileKind } from './hostile-records.ts'

const MAX_STATE_BYTES = 2 * 1024 * 1024

/** The defaults of the product; everything is held for as long as it can be. */
const policy: SessionPolicy = {
  ...usual,
  ...defaultBounds,
  maxContentLength: 100_000,
  joinTimeoutMs: 3_600_000,
  sessionEndGraceMs: 3_600_000,
  hookContent: 'on',
}

const KINDS = Object.keys(createHostileRecords('x')) as HostileKind[]
const RECORDS_PER_STEP = 20
/** A kind is sent until it has brought that much, or that many steps. */
const CHARACTERS_OF_KIND = 1_200_000
const MAX_STEPS_OF_KIND = 15
/** For machines that are busy with something else. */
const PATIENCE_MS = 300_000

const inputsOf = (arrivals: readonly Arrival[]): SessionInput[] =>
  arrivals.map(({ item, arrivedMs }) => ({ kind: 'record', item, atMs: arrivedMs }))

const fresh = () =>
  newSession('claude-code/s', { agent: 'claude-code', sessionId: 's', timeMs: at(0) }, at(0))

/** As it is stored. */
const plain = (state: SessionState): unknown => JSON.parse(JSON.stringify(state))

const bytesOf = (state: SessionState): number => Buffer.byteLength(JSON.stringify(state))

/** Folds record upon record, and returns the largest state that came of it. */
function fold(arrivals: Iterable<readonly Arrival[]>, state = fresh()) {
  let largest = 0
  let next = state
  for (const step of arrivals) {
    next = reduce(next, inputsOf(step), policy).state
    largest = Math.max(largest, bytesOf(next))
  }
  return { state: next, largest }
}

function* stepsOf(make: () => Arrival[]): Generator<readonly Arrival[]> {
  let characters = 0
  for (let step = 0; step < MAX_STEPS_OF_KIND && characters < CHARACTERS_OF_KIND; step += 1) {
    const arrivals = Array.from({ length: RECORDS_PER_STEP }, make).flat()
    characters += JSON.stringify(arrivals.map(({ item }) => item)).length
    yield arrivals
  }
}

test.each(['x', '\u0001'])(
  'a state stays small under each kind of record in turn, full of %j',
  { timeout: PATIENCE_MS },
  (filling) => {
    const records = createHostileRecords(filling)
    let state = fresh()
    for (const kind of KINDS) {
      const { state: next, largest } = fold(stepsOf(records[kind]), state)
      expect(largest, kind).toBeLessThan(MAX_STATE_BYTES)
      state = next
    }
  },
)

describe('a mixture of hostile records', { timeout: PATIENCE_MS }, () => {
  const mixture = fc.record({
    filling: fc.constantFrom(...FILLINGS),
    kinds: fc.array(fc.constantFrom(...KINDS), { minLength: 20, maxLength: 80 }),
  })

  test('stays small, and is still counted whole', () => {
    fc.assert(
      fc.property(mixture, ({ filling, kinds }) => {
        const records = createHostileRecords(filling)
        const arrivals = kinds.map((kind) => records[kind]())
        const { state, largest } = fold(arrivals)
        expect(largest).toBeLessThan(MAX_STATE_BYTES)
        const items = arrivals.flat().map(({ item }) => item)
        const count = (kind: string) => items.filter((item) => item.kind === kind).length
        const { totals } = state
        expect(totals.modelCalls).toBe(count('model_call'))
        expect(totals.modelErrors).toBe(count('model_error'))
        expect(totals.toolResults).toBe(count('tool_result'))
        const prompts = items.flatMap((item) => {
          const tells = item.kind === 'prompt' || ('isMain' in item && item.isMain)
          return tells && item.promptId !== undefined ? [item.promptId] : []
        })
        expect(totals.prompts).toBe(new Set(prompts).size)
        const events = Object.values(totals.events).reduce((sum, n) => sum + n, 0)
        expect(events).toBe(
          items.filter(
            ({ kind, ...item }) => !/metric|span|_report/.test(kind) && !('isHook' in item),
          ).length,
        )
      }),
      { numRuns: 20 },
    )
  })

  test('comes out the same wherever the batch is split and the state is stored', () => {
    fc.assert(
      fc.property(mixture, fc.nat(80), ({ filling, kinds }, cut) => {
        const records = createHostileRecords(filling)
        const inputs = [...inputsOf(kinds.flatMap((kind) => records[kind]())), closing(10_000)]
        const whole = reduce(fresh(), inputs, policy)
        const first = reduce(fresh(), inputs.slice(0, cut), policy)
        const stored = JSON.parse(JSON.stringify(first.state)) as SessionState
        const second = reduce(stored, inputs.slice(cut), policy)
        expect(JSON.stringify([...first.emissions, ...second.emissions])).toBe(
          JSON.stringify(whole.emissions),
        )
        expect(plain(second.state)).toEqual(plain(whole.state))
      }),
      { numRuns: 20 },
    )
  })
})
