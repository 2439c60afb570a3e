/** Questions on their way to a thread, and what becomes of them when it fails. */
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Result } from '../../../../src/domain/result.ts'
import type { Usage } from '../../../../src/domain/usage.ts'
import { createReader, type Reader } from '../../../../src/reports/reader/reader.ts'
import { sessionListQuery } from '../../../../src/api/contract/session-list.ts'
import type { WebFailure } from '../../../../src/api/failure.ts'
import type { JsonBytes, Question } from '../../../../src/api/queries.ts'
import { createManualClock } from '../../manual-clock.ts'
import { policy } from '../../sessions/events.ts'

function setUp() {
  const clock = createManualClock(1_000_000)
  const logged: string[] = []
  const say = (_facts: object, message: string): void => void logged.push(message)
  const reader = createReader({
    settings: {
      dataDir: '/nowhere',
      policy,
      ownPrices: [],
      budgets: { fixed: [], timeZone: 'UTC' },
      ticketPattern: 'T-[0-9]+',
      masking: { mode: 'on', userRules: [] },
      langfuseUrl: undefined,
    },
    readProjectId: async () => undefined,
    clock,
    log: { warn: say, error: say },
    threadFile: new URL('./thread-double.ts', import.meta.url),
  })
  onTestFinished(() => reader.close())
  return { clock, logged, reader }
}

const nobodyGoes = new AbortController().signal
const question = (search: string): Question => {
  return { name: 'sessions', query: { ...sessionListQuery.parse({}), search } }
}

/** What the thread has seen when it answered, or why there is no answer. */
async function ask(reader: Reader, word: string, signal = nobodyGoes): Promise<unknown> {
  return told(await reader.ask(question(word), 'all', signal))
}

function told(answer: Result<JsonBytes, WebFailure>): unknown {
  if (!answer.ok) return answer.error.code
  return JSON.parse(new TextDecoder().decode(answer.value)) as unknown
}

const used = (bucketsMs: readonly number[], isMoved = false) => {
  const models = bucketsMs.map((bucketMs) => ({ bucketMs }))
  const usage = { models, tools: [], activity: [] } as unknown as Usage
  const session = { key: 'k', agent: 'a', sessionId: 's', userId: undefined, team: undefined }
  return { usage: [{ session: { ...session, costUsd: 0 }, usage, isMoved }] }
}

describe('questions', () => {
  test('that are alike and wait share one answer; one that is asked while it runs does not', async () => {
    const { reader } = setUp()
    // Four run at once; what comes then waits.
    const held = ['hold 1', 'hold 2', 'hold 3'].map((word) => ask(reader, word))
    const first = ask(reader, 'hold 4')
    const others = [ask(reader, 'same'), ask(reader, 'same'), ask(reader, 'hold 4')]
    expect(await Promise.race([first, Promise.resolve('waits')])).toBe('waits')
    await releaseAll(reader)
    await Promise.all([...held, first])
    const [one, two] = await Promise.all(others.slice(0, 2))
    expect(one).toEqual(two)
    await releaseAll(reader)
    const seen = (await others[2]) as string[]
    expect(seen.filter((word) => word === 'same')).toHaveLength(1)
    expect(seen.filter((word) => word === 'hold 4')).toHaveLength(2)
  })

  test('are refused in words when too many wait', async () => {
    const { reader } = setUp()
    const asked = Array.from({ length: 110 }, (_, n) => ask(reader, `hold ${n}`))
    expect(await Promise.all(asked.slice(104))).toEqual(Array(6).fill('unavailable'))
  })

  test('that nobody waits for any more are not put', async () => {
    const { reader } = setUp()
    for (let n = 0; n < 4; n += 1) void ask(reader, `hold ${n}`)
    const gone = new AbortController()
    const left = ask(reader, 'left', gone.signal)
    gone.abort()
    expect(await left).toBe('internal')
    await releaseAll(reader)
    expect(await ask(reader, 'after')).not.toContain('left')
  })

  test('that nobody waits for any more are ended while they run', async () => {
    const { reader } = setUp()
    const gone = new AbortController()
    const left = ask(reader, 'hold', gone.signal)
    gone.abort()
    await left
    expect(await ask(reader, 'after')).toContain('cancelled')
  })

  test('bring what was committed before them, once, and only to a thread that remembers', async () => {
    const { reader } = setUp()
    reader.committed(used([1]))
    expect(await ask(reader, 'first')).toEqual(['first'])
    reader.committed(used([900_000, 1_800_000]))
    reader.committed(used([900_000]))
    expect(await ask(reader, 'second')).toEqual(['first', 'second', 'changed 900000 1800000'])
    reader.committed(used([1], true))
    reader.deleted()
    const third = (await ask(reader, 'third')) as string[]
    expect(third.slice(3)).toEqual(['third', 'cleared', 'changed 1'])
    reader.committed(used(Array.from({ length: 5000 }, (_, n) => n)))
    const fourth = (await ask(reader, 'fourth')) as string[]
    expect(fourth.slice(6)).toEqual(['fourth', 'cleared'])
  })

  /** Lets go what the thread holds: asked beside the queue, which is full. */
  async function releaseAll(reader: Reader): Promise<void> {
    const large: Question = { name: 'event', key: 'k', id: 'release' }
    await reader.ask(large, 'all', nobodyGoes)
  }
})

describe('the thread', () => {
  test('that dies fails what it was asked, in words, and begins anew', async () => {
    const { reader, clock, logged } = setUp()
    const held = ask(reader, 'hold')
    expect(await ask(reader, 'die')).toBe('unavailable')
    expect(await held).toBe('unavailable')
    expect(logged).toEqual([expect.stringContaining('failed')])
    // Not at once: it may die for a reason that is still there.
    expect(await ask(reader, 'too soon')).toBe('unavailable')
    await clock.advance(2000)
    expect(await ask(reader, 'again')).toEqual(['again'])
  })

  test('that is stuck is ended, and the next question begins another', async () => {
    const { reader, clock, logged } = setUp()
    expect(await ask(reader, 'well')).toEqual(['well'])
    const stuck = ask(reader, 'stick')
    const behind = ask(reader, 'behind')
    await clock.advance(39_999)
    expect(logged).toEqual([])
    await clock.advance(1)
    expect(await stuck).toBe('timeout')
    expect(await behind).toBe('unavailable')
    expect(logged).toEqual([expect.stringContaining('took too long')])
    expect(await ask(reader, 'again')).toEqual(['again'])
  })

  test('ends when nobody asked for five minutes', async () => {
    const { reader, clock } = setUp()
    expect(await ask(reader, 'first')).toEqual(['first'])
    await clock.advance(4 * 60_000)
    expect(await ask(reader, 'second')).toEqual(['first', 'second'])
    await clock.advance(5 * 60_000)
    expect(await ask(reader, 'third')).toEqual(['third'])
    expect(clock.pendingTimers()).toBe(1)
  })

  test('is asked nothing after it was closed, and fails what is under way', async () => {
    const { reader } = setUp()
    const held = ask(reader, 'hold')
    await reader.close()
    expect(await held).toBe('unavailable')
    expect(await ask(reader, 'late')).toBe('unavailable')
  })
})
