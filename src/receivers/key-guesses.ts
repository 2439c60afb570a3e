/**
 * Slows down whoever tries keys. An address that sends wrong keys waits longer and longer for its
 * answers; a right key is never held back, so nobody can lock the owner out by guessing. The wait is
 * no more than a brake: what makes guessing hopeless is the length of keys.
 */
import type { Clock } from '../domain/clock.ts'
import type { Log } from '../observability/logger.ts'

/** Wrong keys of an address within the window that are answered at once. */
const FREE_GUESSES = 10
const WINDOW_MS = 60_000
const FIRST_HOLD_MS = 50
const MAX_HOLD_MS = 1_000
/** Answers held back at once: they keep their connections. */
const MAX_HELD = 200
const MAX_HELD_PER_ADDRESS = 20
const MAX_ADDRESSES = 1_000

export interface KeyGuesses {
  /**
   * Notes a wrong key of a peer, and logs it: a line a minute for each address. Resolves when it may
   * be answered, to whether the peer has tried too often.
   */
  wrong(peer: string | undefined, path: string): Promise<boolean>
}

/** What is known of an address in the current window. */
interface Guesser {
  sinceMs: number
  count: number
  held: number
  /** Of the windows before that were not logged. */
  unlogged: number
}

export function createKeyGuesses(clock: Clock, log: Pick<Log, 'warn'>): KeyGuesses {
  const guessers = new Map<string, Guesser>()
  let held = 0

  function guesserOf(address: string): Guesser {
    const nowMs = clock.now()
    const known = guessers.get(address)
    // Re-inserted, so that the first one is always the one that was quiet for longest.
    guessers.delete(address)
    const guesser = known ?? { sinceMs: nowMs, count: 0, held: 0, unlogged: 0 }
    if (nowMs - guesser.sinceMs >= WINDOW_MS) {
      guesser.unlogged = Math.max(0, guesser.count - 1)
      guesser.sinceMs = nowMs
      guesser.count = 0
    }
    guessers.set(address, guesser)
    const oldest = guessers.keys().next().value
    if (guessers.size > MAX_ADDRESSES && oldest !== undefined) guessers.delete(oldest)
    return guesser
  }

  function hold(guesser: Guesser, delayMs: number): Promise<void> {
    held += 1
    guesser.held += 1
    return new Promise((resolve) => {
      clock.setTimer(() => {
        held -= 1
        guesser.held -= 1
        resolve()
      }, delayMs)
    })
  }

  return {
    wrong: async (peer, path) => {
      const address = addressOf(peer)
      const guesser = guesserOf(address)
      guesser.count += 1
      if (guesser.count === 1 || guesser.count === FREE_GUESSES + 1) {
        const facts = { address, path: path.slice(0, 200), leftOut: guesser.unlogged }
        guesser.unlogged = 0
        const what = guesser.count === 1 ? 'a wrong key was sent' : 'wrong keys keep coming'
        log.warn(facts, what)
      }
      const excess = guesser.count - FREE_GUESSES
      if (excess <= 0) return false
      if (held < MAX_HELD && guesser.held < MAX_HELD_PER_ADDRESS) {
        await hold(guesser, Math.min(MAX_HOLD_MS, FIRST_HOLD_MS * 2 ** Math.min(excess - 1, 10)))
      }
      return true
    },
  }
}

/** An IPv4 address as it is, an IPv6 one as its network of 64 bits, which one machine can fill. */
function addressOf(peer: string | undefined): string {
  const address = (peer ?? 'unknown').replace(/^::ffff:(?=\d+\.)/, '').replace(/%.*$/, '')
  if (!address.includes(':') || address === '::1') return address
  const [head = '', tail = ''] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  const rest = tail === '' ? [] : tail.split(':')
  const zeros = address.includes('::') ? Math.max(0, 8 - groups.length - rest.length) : 0
  const whole = [...groups, ...new Array<string>(zeros).fill('0'), ...rest]
  return `${whole.slice(0, 4).join(':')}::/64`
}
