import { describe, expect, test, vi } from 'vitest'
import type { AgentEvent } from '../../../src/domain/agent-event.ts'
import type { BudgetAlert } from '../../../src/domain/budget.ts'
import type { Arrival } from '../../../src/domain/session-store.ts'
import { createSessionHandler } from '../../../src/sessions/handler.ts'
import { createManualClock, settle } from '../manual-clock.ts'
import { answer, call, policy, prompt, T0 } from './events.ts'
import { createMemoryStore, type MemoryStore } from './memory-store.ts'

function setUp(store: MemoryStore = createMemoryStore(), maxSessions = 100) {
  const clock = createManualClock(T0)
  const errors: string[] = []
  const alerts: BudgetAlert[] = []
  const handler = createSessionHandler({
    store,
    clock,
    policy,
    maxSessions,
    defer: setImmediate,
    onEmitted: () => {},
    onAlerts: (raised) => alerts.push(...raised),
    onError: (message) => errors.push(message),
  })
  const names = () => store.emissions.filter((e) => e.kind === 'observation').map((e) => e.name)
  return { store, clock, handler, errors, alerts, names }
}

function arrival(item: AgentEvent, sessionId = 's1'): Arrival {
  return {
    sessionKey: `claude-code/${sessionId}`,
    item: { ...item, sessionId },
    origin: { resource: {}, scopeName: '', scopeVersion: '' },
    stored: {
      signal: 'log',
      record: {
        timeMs: undefined,
        observedMs: undefined,
        eventName: '',
        body: null,
        attributes: {},
      },
    },
    arrivedMs: T0,
  }
}

/** A store that tells after each commit how many there have been. */
function afterCommits(memory: MemoryStore, tell: (commits: number) => void): MemoryStore {
  return {
    ...memory,
    commit: async (...args) => {
      const committed = await memory.commit(...args)
      tell(memory.commits.length)
      return committed
    },
  }
}

const oneTurn = [arrival(prompt(0)), arrival(call(1, 'r1')), arrival(answer(1, 'r1', 'hi'))]

describe('the session handler', () => {
  test('answers once the records are committed, and counts each record once', async () => {
    const { handler, names } = setUp()
    await handler.accept(oneTurn)
    await handler.accept(oneTurn)
    expect(names()).toEqual(['chat claude-opus-5-5'])
  })

  test('offers the store the states that it holds, of the sessions that a commit touches', async () => {
    const memory = createMemoryStore()
    const asked: (readonly [string, number | undefined])[][] = []
    const store: MemoryStore = {
      ...memory,
      commit: (arrivals, keys, fold, held) => {
        asked.push(keys.map((key) => [key, held?.(key)?.totals.prompts]))
        return memory.commit(arrivals, keys, fold, held)
      },
    }
    const { handler } = setUp(store)
    await handler.accept(oneTurn)
    await handler.accept([arrival(prompt(5, 'p2')), arrival(prompt(6), 's2')])
    await handler.remove('claude-code/s1')
    await handler.accept(oneTurn)
    const [s1, s2] = ['claude-code/s1', 'claude-code/s2']
    expect(asked).toEqual([
      [[s1, undefined]],
      [
        [s1, 1],
        [s2, undefined],
      ],
      [[s1, undefined]],
    ])
  })

  test('a state that the store knows better is the one that is folded', async () => {
    const memory = createMemoryStore()
    const store: MemoryStore = {
      ...memory,
      // As if another process had written it since.
      commit: (arrivals, keys, fold) => memory.commit(arrivals, keys, fold),
    }
    const { handler, names } = setUp(store)
    await handler.accept(oneTurn)
    await setUp(memory).handler.accept([arrival(call(2, 'r2')), arrival(answer(2, 'r2', 'hi'))])
    await handler.accept([arrival(call(3, 'r3')), arrival(answer(3, 'r3', 'hi'))])
    expect(names()).toHaveLength(3)
    let calls: number | undefined
    await memory.commit([], ['claude-code/s1'], (_, states) => {
      calls = states.get('claude-code/s1')?.totals.modelCalls
      return { sessions: [], usage: [], emissions: [] }
    })
    expect(calls).toBe(3)
  })

  test('requests that come together share a commit', async () => {
    const { handler, store } = setUp()
    await Promise.all(oneTurn.map((a) => handler.accept([a])))
    expect(store.commits).toEqual([3])
  })

  test('a request that is read while the commit gathers joins it', async () => {
    const { handler, store } = setUp()
    const [first, second, third] = oneTurn as [Arrival, Arrival, Arrival]
    const accepted: Promise<void>[] = []
    setImmediate(() => {
      setImmediate(() => accepted.push(handler.accept([third])))
      accepted.push(handler.accept([second]))
    })
    accepted.push(handler.accept([first]))
    await vi.waitUntil(() => store.commits.length > 0)
    await Promise.all(accepted)
    expect(store.commits).toEqual([3])
  })

  test('clients that were answered together are waited for, but not for long', async () => {
    const { handler, store } = setUp()
    const send = (n: number) => handler.accept([arrival(prompt(n), `s${n}`)])
    const rounds = async (times: number) => {
      for (let n = 0; n < times; n += 1) await new Promise((resolve) => setImmediate(resolve))
    }
    await Promise.all([send(1), send(2), send(3)])
    const next = [send(4)]
    await rounds(10)
    next.push(send(5))
    await rounds(10)
    next.push(send(6))
    await Promise.all(next)
    expect(store.commits).toEqual([3, 3])
    await send(7)
    expect(store.commits).toEqual([3, 3, 1])
    const alone = send(8)
    await rounds(3)
    expect(store.commits).toEqual([3, 3, 1, 1])
    await alone
  })

  test('a commit does not gather for ever', async () => {
    const { handler, store } = setUp()
    let sent = 0
    const send = () => {
      sent += 1
      void handler.accept([arrival(prompt(sent), `s${sent}`)])
      if (store.commits.length === 0) setImmediate(send)
    }
    send()
    await vi.waitUntil(() => store.commits.length > 0)
    expect(store.commits[0]).toBeLessThan(20)
  })

  test('tells the alerts of a commit once that has ended', async () => {
    const memory = createMemoryStore()
    const alert: BudgetAlert = {
      scope: 'day',
      subject: '',
      date: '2026-11-21',
      threshold: 80,
      limitUsd: 1,
      spentUsd: 0.9,
      atMs: T0,
    }
    const { handler, alerts } = setUp({
      ...memory,
      commit: async (...args) => ({ ...(await memory.commit(...args)), alerts: [alert] }),
    })
    const held = memory.hold()
    const accepted = handler.accept(oneTurn)
    await settle()
    expect(alerts).toEqual([])
    held.resolve()
    await accepted
    expect(alerts).toEqual([alert])
  })

  test('answers only once its commit has ended; what comes meanwhile shares the next', async () => {
    const { handler, store } = setUp()
    const held = store.hold()
    const answered: number[] = []
    const accepted = oneTurn.map(async (a, n) => {
      await handler.accept([a])
      answered.push(n)
    })
    await settle()
    const later = ['s2', 's3'].map((id) => handler.accept([arrival(prompt(5), id)]))
    await settle()
    expect(answered).toEqual([])
    held.resolve()
    await Promise.all([...accepted, ...later])
    expect(answered).toEqual([0, 1, 2])
    expect(store.commits).toEqual([3, 2])
  })

  test('ends quiet turns and idle sessions by its one timer', async () => {
    const { handler, clock, names } = setUp()
    await handler.accept(oneTurn)
    await clock.advance(20_000)
    expect(names()).toEqual(['chat claude-opus-5-5', 'conversation'])
    await clock.advance(3_580_000)
    expect(names()).toEqual(['chat claude-opus-5-5', 'conversation', 'session-summary'])
    expect(clock.pendingTimers()).toBe(0)
  })

  test('takes up deadlines after a restart', async () => {
    const { store } = setUp()
    const first = setUp(store)
    await first.handler.accept(oneTurn)
    first.handler.stop()
    const second = setUp(store)
    await second.handler.start()
    await second.clock.advance(20_000)
    expect(second.names()).toContain('conversation')
  })

  test('a request too long for one commit is answered once all of it is stored, in order', async () => {
    const { handler, store } = setUp()
    const own = (n: number) => arrival(prompt(n, 'go on', { promptId: `p${n}` }))
    await handler.accept(Array.from({ length: 1800 }, (_, n) => own(n)))
    expect(store.commits).toEqual([500, 500, 500, 300])
    const roots = store.emissions.filter((e) => e.kind === 'observation')
    expect(roots).toHaveLength(1799)
    const starts = roots.map(({ startMs }) => startMs)
    expect(starts).toEqual(starts.toSorted((a, b) => a - b))
  })

  test('a small request is answered between two slices of a long one', async () => {
    const answered: string[] = []
    const memory = createMemoryStore()
    const send = async (name: string, arrivals: readonly Arrival[]) => {
      await handler.accept(arrivals)
      answered.push(`${name} after ${memory.commits.length}`)
    }
    const { handler } = setUp(
      afterCommits(memory, (commits) => {
        if (commits % 3 === 1) void send(`small ${commits}`, [arrival(prompt(0), `s${commits}`)])
      }),
    )
    const sessions = ['a', 'b', 'c', 'd', 'e']
    const long = Array.from({ length: 3600 }, (_, n) => arrival(prompt(n), sessions[n % 5]))
    await send('long', long)
    expect(answered).toEqual([
      'small 1 after 2',
      'small 4 after 5',
      'small 7 after 8',
      'long after 8',
    ])
  })

  test('a request that could be stored in part only is refused, and counts once when it comes again', async () => {
    const memory = createMemoryStore()
    const { handler, names } = setUp(
      afterCommits(memory, (commits) => {
        if (commits === 1) memory.failWith(new Error('disk full'))
      }),
    )
    const calls = Array.from({ length: 1200 }, (_, n) => arrival(call(n, `r${n}`), 'long'))
    await expect(handler.accept(calls)).rejects.toThrow('disk full')
    expect(memory.commits).toEqual([500])
    memory.failWith(undefined)
    await handler.accept([arrival(prompt(0), 'other')])
    expect(memory.commits).toEqual([500, 1])
    await handler.accept(calls)
    await handler.closeAll('shutdown')
    expect(names().filter((name) => name === 'chat claude-opus-5-5')).toHaveLength(1200)
  })

  test('a failed commit rejects, changes nothing, and the same records are taken later', async () => {
    const { handler, store, names } = setUp()
    store.failWith(new Error('disk full'))
    await expect(handler.accept(oneTurn)).rejects.toThrow('disk full')
    store.failWith(undefined)
    await handler.accept(oneTurn)
    expect(names()).toEqual(['chat claude-opus-5-5'])
  })

  test('a timer that met a failing store tries again', async () => {
    const { handler, store, clock, names, errors } = setUp()
    await handler.accept(oneTurn)
    store.failWith(new Error('disk full'))
    await clock.advance(20_000)
    expect(errors).toHaveLength(1)
    store.failWith(undefined)
    await clock.advance(1_000)
    expect(names()).toContain('conversation')
  })

  test('closes every open session', async () => {
    const { handler, store, names } = setUp()
    const sessions = Array.from({ length: 250 }, (_, n) => arrival(prompt(0), `s${n}`))
    await handler.accept(sessions)
    await handler.closeAll('shutdown')
    expect(names().filter((name) => name === 'session-summary')).toHaveLength(250)
    expect(await store.countOpenSessions()).toBe(0)
  })

  test('keeps to the limit of open sessions', async () => {
    const { handler, store, names } = setUp(createMemoryStore(), 3)
    for (let n = 0; n < 5; n += 1) await handler.accept([arrival(prompt(n), `s${n}`)])
    await settle()
    expect(await store.countOpenSessions()).toBe(3)
    expect(names().filter((name) => name === 'session-summary')).toHaveLength(2)
  })

  test('a session that cannot be advanced does not harm its neighbours', async () => {
    const { handler, errors, names } = setUp()
    const broken = { ...call(1, 'r1'), usage: null as never }
    await handler.accept([arrival(broken, 'bad'), ...oneTurn])
    expect(errors).toEqual(['session claude-code/bad could not be advanced'])
    expect(names()).toEqual(['chat claude-opus-5-5'])
  })

  test('a removed session is forgotten: its records begin it anew, in the order they were asked', async () => {
    const { handler, store, names } = setUp()
    await handler.accept(oneTurn)
    const removed = handler.remove('claude-code/s1')
    const again = handler.accept(oneTurn)
    expect(await removed).toBe(3)
    await again
    expect(names()).toEqual(['chat claude-opus-5-5', 'chat claude-opus-5-5'])
    expect(store.commits).toEqual([3, 3])
    expect(await handler.remove('claude-code/nobody')).toBeUndefined()
  })

  test('tells of each commit, also of one that changed nothing', async () => {
    const store = createMemoryStore()
    const told: number[] = []
    const handler = createSessionHandler({
      store,
      clock: createManualClock(T0),
      policy,
      maxSessions: 100,
      defer: setImmediate,
      onEmitted: () => {},
      onCommitted: ({ sessions }) => told.push(sessions.length),
      onError: () => {},
    })
    await handler.accept(oneTurn)
    await handler.accept(oneTurn)
    expect(told).toEqual([1, 0])
  })
})

test('what it was looking for when it stopped is left, since the store may be closed', async () => {
  const memory = createMemoryStore()
  let isClosed = false
  const asked: string[] = []
  const ask = async <T>(name: string, answer: () => Promise<T>): Promise<T> => {
    asked.push(name)
    if (isClosed) throw new Error('the store is closed')
    return answer()
  }
  let release = () => {}
  const store: MemoryStore = {
    ...memory,
    dueSessions: (...args) =>
      ask('due', async () => {
        await new Promise<void>((resolve) => {
          release = resolve
        })
        return memory.dueSessions(...args)
      }),
    nextDeadline: () => ask('next', () => memory.nextDeadline()),
    countOpenSessions: () => ask('count', () => memory.countOpenSessions()),
  }
  const { handler, clock, errors } = setUp(store)
  await handler.accept(oneTurn)
  await clock.advance(policy.idleTimeoutMs)
  expect(asked).toContain('due')
  asked.length = 0
  handler.stop()
  const late = handler.accept([arrival(prompt(9), 's2')])
  isClosed = true
  release()
  await late
  await settle()
  expect({ asked, errors }).toEqual({ asked: [], errors: [] })
})
