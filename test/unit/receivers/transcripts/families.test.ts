/** In which order files came to be that begin with the same line. */
import { describe, expect, test } from 'vitest'
import {
  descentOf,
  FORK,
  inOrder,
  ORIGINAL,
  type Twin,
  UNKNOWN,
} from '../../../../src/receivers/transcripts/families.ts'

const BEGUN_MS = 1_795_000_000_000

function twin(path: string, messages: string, more: Partial<Twin> = {}): Twin {
  const ids = new Set(messages)
  return {
    path,
    begunMs: BEGUN_MS,
    endedMs: BEGUN_MS + 1000 * ids.size,
    descent: UNKNOWN,
    ids,
    sessionId: path,
    seenMs: undefined,
    formerOrder: undefined,
    ...more,
  }
}

const pathsOf = (twins: readonly Twin[]): string =>
  inOrder(twins)
    .map(({ path }) => path)
    .join('')

describe('files that were begun at the same time', () => {
  test.each<{ what: string; twins: readonly Twin[]; order: string }>([
    { what: 'the one that ended first', twins: [twin('b', 'abcd'), twin('a', 'xy')], order: 'ab' },
    {
      what: 'one that has nothing of its own, whenever it ended',
      twins: [twin('b', 'abc', { endedMs: BEGUN_MS }), twin('a', 'ab')],
      order: 'ab',
    },
    {
      what: 'one that has nothing of its own, whatever was known',
      twins: [twin('b', 'abc', { formerOrder: 1 }), twin('a', 'ab', { formerOrder: 2 })],
      order: 'ab',
    },
    {
      what: 'the one that was imported',
      twins: [twin('a', 'ab'), twin('b', 'ab', { seenMs: 1 })],
      order: 'ba',
    },
    {
      what: 'the one that others say they are copies of',
      twins: [
        twin('c', '', { descent: FORK, forkedFrom: 'b', endedMs: 1 }),
        twin('b', '', { descent: FORK, forkedFrom: 'a', seenMs: 3, formerOrder: 9e15, endedMs: 2 }),
        twin('a', 'ab', { seenMs: 4 }),
      ],
      order: 'abc',
    },
    {
      what: 'the one that was known as first, where both went on',
      twins: [twin('b', 'abx', { formerOrder: 2 }), twin('a', 'abyz', { formerOrder: 1 })],
      order: 'ab',
    },
    {
      what: 'one that is as old as its first line',
      twins: [twin('b', 'ab'), twin('a', 'abc', { descent: ORIGINAL })],
      order: 'ab',
    },
    {
      what: 'the shorter of two that are as old as their first line',
      twins: [twin('b', 'abc', { descent: ORIGINAL }), twin('a', 'ab', { descent: ORIGINAL })],
      order: 'ab',
    },
    {
      what: 'none that says it is a fork',
      twins: [twin('b', 'ab', { descent: FORK }), twin('a', 'abc')],
      order: 'ab',
    },
    {
      what: 'by what contains what, of three',
      twins: [twin('c', 'abc', { endedMs: 1 }), twin('b', 'ab', { endedMs: 2 }), twin('a', 'a')],
      order: 'abc',
    },
    {
      what: 'the first by name of two alike',
      twins: [twin('b', 'a'), twin('a', 'a')],
      order: 'ab',
    },
  ])('the first is $what', ({ twins, order }) => {
    expect(pathsOf(twins)).toBe(order)
    expect(pathsOf([...twins].reverse())).toBe(order)
  })

  test('have growing orders, whenever they ended', () => {
    const twins = [
      twin('a', 'a', { descent: ORIGINAL }),
      twin('b', 'ab', { endedMs: BEGUN_MS + 9000 }),
      twin('c', 'abc', { endedMs: BEGUN_MS + 5000 }),
      twin('d', 'abcd', { endedMs: BEGUN_MS + 7000 }),
      twin('e', 'a', { descent: FORK }),
      twin('f', 'a', { descent: FORK, endedMs: BEGUN_MS + 9000 }),
    ]
    const orders = inOrder(twins).map(({ order }) => order)
    expect(orders).toEqual([...new Set(orders)].sort((a, b) => a - b))
    expect(orders[3]).toBe(BEGUN_MS + 7000)
  })
})

describe('what a file says of itself', () => {
  const facts = { sessionId: 's', firstMs: BEGUN_MS }
  test.each([
    { what: 'made with its first line', birthMs: BEGUN_MS + 50, descent: ORIGINAL },
    { what: 'made before it', birthMs: BEGUN_MS - 3_600_000, descent: ORIGINAL },
    { what: 'made later: copied, or a fork', birthMs: BEGUN_MS + 60_000, descent: UNKNOWN },
    { what: 'on a file system that does not know', birthMs: 0, descent: UNKNOWN },
  ])('$what', ({ birthMs, descent }) => {
    expect(descentOf(facts, birthMs)).toBe(descent)
  })

  test('that it is a fork, whenever it was made', () => {
    expect(descentOf({ ...facts, forkedFrom: 'other' }, BEGUN_MS)).toBe(FORK)
  })

  test('nothing, where no line has a time', () => {
    expect(descentOf({ ...facts, firstMs: undefined }, BEGUN_MS)).toBe(UNKNOWN)
  })
})
