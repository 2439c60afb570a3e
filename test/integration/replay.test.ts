/** What is told again from the store is what was told when it happened, to the letter. */
import { describe, expect, onTestFinished, test } from 'vitest'
import type { SessionPolicy } from '../../src/sessions/policy.ts'
import { policy } from '../unit/sessions/events.ts'
import { removeFolder, temporaryFolder } from './corpus/bridge.ts'
import {
  createReplayRig,
  type ReplayRequest,
  type ReplayRig,
  requestsOf,
} from './corpus/replay-rig.ts'
import { jsonRecordingNames } from './corpus/recording.ts'
import { createRandom, type Random } from './faults/random.ts'
import { changeStore } from './store.ts'

const START_MS = Date.UTC(2026, 10, 21, 12)
const RUNS = 16
const SEED = 20_261_121

/** What can be between two requests, in milliseconds; the longest closes sessions. */
const PAUSES = [0, 0, 1, 40, 3_000, 8_000, 25_000, 600_000, 4_000_000] as const

async function openRig(
  under: SessionPolicy,
  maxSessions = 100,
  dataDir = newFolder(),
): Promise<ReplayRig> {
  const rig = await createReplayRig(dataDir, START_MS, under, maxSessions)
  onTestFinished(() => rig.close())
  return rig
}

function newFolder(): string {
  const dataDir = temporaryFolder()
  onTestFinished(() => removeFolder(dataDir))
  return dataDir
}

interface Life {
  /** What the next start is under. */
  readonly policyOf?: () => SessionPolicy
  /** What happens to the store of a bridge that was killed. */
  readonly meanwhile?: () => void
}

/** Some sessions at once, each in its order, some requests twice; stops and kills in between. */
async function live(rig: ReplayRig, random: Random, life: Life = {}): Promise<void> {
  const { policyOf = () => policy, meanwhile } = life
  const names = Array.from({ length: random.between(1, 3) }, () =>
    random.pick(jsonRecordingNames as [string, ...string[]]),
  )
  const queues = [...new Set(names)].map((name) =>
    requestsOf(name, { partSize: () => random.between(1, 12), isElsewhere: () => random.oneIn(3) }),
  )
  const sent: ReplayRequest[] = []
  for (;;) {
    const waiting = queues.filter((queue) => queue.length > 0)
    const [first, ...others] = waiting
    if (first === undefined) return
    // What is sent together shares a commit; what arrived first is not always taken first.
    const together = Array.from({ length: random.between(1, 3) }, () => {
      const again =
        sent.length > 0 && random.oneIn(8) ? sent[random.between(0, sent.length - 1)] : undefined
      return again ?? random.pick([first, ...others]).shift()
    }).filter((request) => request !== undefined)
    sent.push(...together)
    const taken = together.map((request) => rig.send(request, random.between(0, 20)))
    const settled = Promise.allSettled(taken)
    const isKilledNow = random.oneIn(20)
    // A kill may come before the answer: the client hears of no success, and sends again.
    if (isKilledNow) queues.push([...together])
    await (isKilledNow ? rig.kill(policyOf(), meanwhile) : Promise.all(taken))
    await settled
    await rig.clock.advance(random.pick(PAUSES))
    if (random.oneIn(12)) await rig.restart(policyOf())
    if (random.oneIn(12)) await rig.kill(policyOf(), meanwhile)
  }
}

describe('a replay gives the rows that were sent, and the state that was kept', () => {
  const seeds = Array.from({ length: RUNS }, (_, run) => SEED + run)

  test.each(seeds)('whatever happened to the bridge (seed %i)', async (seed) => {
    const random = createRandom(seed)
    const rig = await openRig(policy, random.pick([1, 2, 100]))
    await live(rig, random)
    await expectSame(rig)
    await rig.restart(policy)
    await expectSame(rig)
  })

  test.each(seeds.slice(0, 6))('also when timeouts changed meanwhile (seed %i)', async (seed) => {
    const random = createRandom(seed)
    const rig = await openRig(policy)
    const policyOf = () => ({
      ...policy,
      quietTimeoutMs: random.pick([1_000, 20_000, 200_000]),
      joinTimeoutMs: random.pick([0, 500, 7_000, 60_000]),
      idleTimeoutMs: random.pick([30_000, 3_600_000]),
      maxAgeMs: random.pick([60_000, 86_400_000]),
    })
    await live(rig, random, { policyOf })
    await expectSame(rig)
  })

  test.each([
    ['damaged', 'state = substr(state, 1, 99)'],
    ['of a newer program', 'version = version + 1'],
  ])('also when states were %s meanwhile', async (_, change) => {
    for (const seed of seeds.slice(0, 4)) {
      const dataDir = newFolder()
      const rig = await openRig(policy, 100, dataDir)
      const meanwhile = () =>
        changeStore(dataDir, `update session_states set ${change} where session_ref % 3 > 0`)
      await live(rig, createRandom(seed), { meanwhile })
      await rig.restart(policy)
      // Those of sessions that were closed and did not go on are as they were left.
      await expectSameRows(rig)
    }
  })
})

async function expectSame(rig: ReplayRig): Promise<void> {
  await expectSameRows(rig)
  await expectSameUsage(rig)
  for (const [key, { stored, anew }] of await rig.states()) expect(anew, key).toEqual(stored)
}

async function expectSameRows(rig: ReplayRig): Promise<void> {
  expect(await rig.saidAgain(policy)).toEqual(await rig.said())
}

async function expectSameUsage(rig: ReplayRig): Promise<void> {
  for (const [key, { stored, anew }] of await rig.usage(policy)) {
    expect(anew, key).toEqual(stored)
  }
}
