import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Arrival } from '../../../src/domain/session-store.ts'
import {
  type CommitBounds,
  createWorkQueue,
  type Job,
  type Slice,
} from '../../../src/sessions/work-queue.ts'
import { other } from './events.ts'

const bounds: CommitBounds = { pieces: 8, bytes: 1_000_000, sessions: 4 }

function arrival(name: string, sessionKey: string, text = ''): Arrival {
  return {
    sessionKey,
    item: other(0, name),
    origin: { resource: {}, scopeName: '', scopeVersion: '' },
    stored: {
      signal: 'log',
      record: {
        timeMs: undefined,
        observedMs: undefined,
        eventName: '',
        body: null,
        attributes: { text },
      },
    },
    arrivedMs: 0,
  }
}

/** A job of `length` records of one session, of the job's own name. */
function job(name: string, length: number, text = ''): Job {
  const work = Array.from({ length }, (_, n) => arrival(`${name}${n}`, name, text))
  return { work, resolve: () => {}, reject: () => {} }
}

const namesOf = (slices: readonly Slice[]): string[] =>
  slices.flatMap(({ work }) => work.map((piece) => ('item' in piece ? piece.item.name : 'control')))

function queueOf(jobs: readonly Job[], more: Partial<CommitBounds> = {}, stateBytes = 0) {
  const queue = createWorkQueue({
    bounds: { ...bounds, ...more },
    stateBytes: () => stateBytes,
  })
  for (const one of jobs) queue.add(one)
  return queue
}

/** Every commit until nothing is left. */
function drain(queue: ReturnType<typeof queueOf>): (readonly Slice[])[] {
  const commits: (readonly Slice[])[] = []
  while (!queue.isEmpty()) commits.push(queue.take())
  return commits
}

describe('the queue of work', () => {
  test('gives small jobs together, whole', () => {
    const commits = drain(queueOf([job('a', 2), job('b', 3)]))
    expect(commits.map(namesOf)).toEqual([['a0', 'a1', 'b0', 'b1', 'b2']])
    expect(commits[0]?.map(({ isLast }) => isLast)).toEqual([true, true])
  })

  test('gives a long job in slices, in order', () => {
    const commits = drain(queueOf([job('a', 20)]))
    expect(commits.map((slices) => namesOf(slices).length)).toEqual([8, 8, 4])
    expect(commits.flatMap(namesOf)).toEqual(Array.from({ length: 20 }, (_, n) => `a${n}`))
    expect(commits.flat().map(({ isLast }) => isLast)).toEqual([false, false, true])
  })

  test('gives what came meanwhile before the next slice of a long job', () => {
    const queue = queueOf([job('long', 100)])
    queue.take()
    queue.add(job('small', 2))
    const [first] = queue.take()
    expect(first).toMatchObject({ isLast: true })
    expect(namesOf(first === undefined ? [] : [first])).toEqual(['small0', 'small1'])
  })

  test('goes on with a long job however many others come', () => {
    const queue = queueOf([job('long', 20)])
    let commits = 0
    while (queue.hasBegun() || commits === 0) {
      for (let n = 0; n < 10; n += 1) queue.add(job(`small${commits}-${n}`, 2))
      queue.take()
      commits += 1
      expect(commits).toBeLessThan(20)
    }
  })

  test('goes on with a job of large records however many others come', () => {
    const queue = queueOf([job('large', 5, 'x'.repeat(900_000))])
    let commits = 0
    while (queue.hasBegun() || commits === 0) {
      for (let n = 0; n < 10; n += 1) queue.add(job(`small${commits}-${n}`, 2, 'y'.repeat(60_000)))
      queue.take()
      commits += 1
      expect(commits).toBeLessThan(20)
    }
  })

  test('lets long jobs take turns', () => {
    const commits = drain(queueOf([job('a', 40), job('b', 40), job('c', 40)]))
    const shares = commits.slice(1, 10).map((slices) => slices.map(({ work }) => work.length))
    for (const share of shares) expect(share).toHaveLength(3)
  })

  test('keeps a commit within its bytes, and takes a record that is larger by itself', () => {
    const queue = queueOf([job('a', 6, 'x'.repeat(400_000)), job('b', 1, 'x'.repeat(3_000_000))])
    expect(drain(queue).map((slices) => namesOf(slices).length)).toEqual([2, 1, 2, 2])
  })

  test('counts the states of the sessions', () => {
    const jobs = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => job(name, 1))
    expect(drain(queueOf(jobs)).map((slices) => slices.length)).toEqual([4, 2])
    const heavy = drain(queueOf(jobs, {}, 400_000))
    expect(heavy.map((slices) => slices.length)).toEqual([2, 2, 2])
  })

  test('forgets what is left of a job', () => {
    const long = job('long', 100)
    const queue = queueOf([long, job('other', 20)])
    queue.take()
    queue.drop([long])
    expect(
      new Set(drain(queue).flatMap((slices) => slices.map(({ job: { work } }) => work.length))),
    ).toEqual(new Set([20]))
  })

  test('gives every piece once, each job in order, and each commit within the bounds', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(lengths, fc.nat(5), (sizes, late) => {
        const jobs = sizes.map((size, n) => job(`${n}|`, size))
        const queue = queueOf(jobs.slice(late))
        const commits = [queue.take()]
        for (const one of jobs.slice(0, late)) queue.add(one)
        commits.push(...drain(queue))
        for (const slices of commits) expect(namesOf(slices).length).toBeLessThanOrEqual(8)
        for (const [n, size] of sizes.entries()) {
          const own = commits.flatMap(namesOf).filter((name) => name.startsWith(`${n}|`))
          expect(own).toEqual(Array.from({ length: size }, (_, index) => `${n}|${index}`))
        }
        const ended = commits.flat().filter(({ isLast }) => isLast)
        expect(new Set(ended.map((slice) => slice.job))).toEqual(new Set(jobs))
        expect(ended).toHaveLength(jobs.length)
      }),
    )
  })
})
