import { describe, expect, test, vi } from 'vitest'
import type { LogMethod } from '../../../src/observability/logger.ts'
import { createKeyGuesses } from '../../../src/receivers/key-guesses.ts'
import { createManualClock, settle } from '../manual-clock.ts'

function setUp() {
  const clock = createManualClock(1_000_000)
  const warn = vi.fn<LogMethod>()
  const guesses = createKeyGuesses(clock, { warn })
  /** Resolves at once to the answer, or to `held`. */
  const guess = async (peer: string): Promise<boolean | 'held'> => {
    let answer: boolean | 'held' = 'held'
    void guesses.wrong(peer, '/api/me').then((isTooMany) => {
      answer = isTooMany
    })
    await settle()
    return answer
  }
  const repeat = async (times: number, peer: string) => {
    const answers = []
    for (let n = 0; n < times; n += 1) answers.push(await guess(peer))
    return answers
  }
  return { clock, warn, guesses, guess, repeat }
}

describe('wrong keys of an address', () => {
  test('are answered at once ten times in a minute, and late after that', async () => {
    const { clock, guess, repeat } = setUp()
    expect(await repeat(10, '10.0.0.1')).toEqual(new Array(10).fill(false))
    expect(await guess('10.0.0.1')).toBe('held')
    expect(await guess('10.0.0.2')).toBe(false)
    await clock.advance(60_000)
    expect(clock.pendingTimers()).toBe(0)
    expect(await guess('10.0.0.1')).toBe(false)
  })

  test('wait longer each time, up to a second', async () => {
    const { clock, guesses, repeat } = setUp()
    await repeat(10, '10.0.0.1')
    const waits: number[] = []
    for (let n = 0; n < 7; n += 1) {
      const startMs = clock.now()
      void guesses.wrong('10.0.0.1', '/').then(() => waits.push(clock.now() - startMs))
      while (waits.length === n) await clock.advance(50)
    }
    expect(waits).toEqual([50, 100, 200, 400, 800, 1000, 1000])
  })

  test('hold no more than twenty answers of an address, and two hundred in all', async () => {
    const { clock, repeat } = setUp()
    const answers = await repeat(10 + 25, '10.0.0.1')
    expect(answers.filter((answer) => answer === 'held')).toHaveLength(20)
    expect(answers.filter((answer) => answer === true)).toHaveLength(5)
    for (let host = 2; host <= 15; host += 1) await repeat(10 + 20, `10.0.0.${host}`)
    expect(clock.pendingTimers()).toBe(200)
  })

  test.each([
    ['::ffff:10.0.0.1', '10.0.0.1', '10.0.0.1'],
    ['2001:db8::1', '2001:db8:0:0:9::2', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80::2%eth1', 'fe80:0:0:0::/64'],
  ])('%s and %s are one address', async (first, second, address) => {
    const { warn, guess, repeat } = setUp()
    await repeat(10, first)
    expect(await guess(second)).toBe('held')
    expect(warn.mock.calls[0]?.[0]).toMatchObject({ address })
  })

  test('are logged by address, without the key, and not each of them', async () => {
    const { clock, warn, guess, repeat } = setUp()
    await repeat(30, '10.0.0.1')
    await clock.advance(60_000)
    await guess('10.0.0.1')
    const facts = { address: '10.0.0.1', path: '/api/me' }
    expect(warn.mock.calls).toEqual([
      [{ ...facts, leftOut: 0 }, 'a wrong key was sent'],
      [{ ...facts, leftOut: 0 }, 'wrong keys keep coming'],
      [{ ...facts, leftOut: 29 }, 'a wrong key was sent'],
    ])
  })

  test('of very many addresses take no more memory', async () => {
    const { guesses, guess, repeat } = setUp()
    await repeat(11, '10.0.0.1')
    await Promise.all(
      Array.from({ length: 1_000 }, (_, n) => guesses.wrong(`10.1.${n >> 8}.${n & 255}`, '/')),
    )
    // Forgotten, since it was quiet for longest.
    expect(await guess('10.0.0.1')).toBe(false)
  })
})
