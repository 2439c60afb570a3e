/** What happened to a session, in the order in which it was folded. */
import { describe, expect, onTestFinished, test } from 'vitest'
import type { BudgetAlert } from '../../../src/domain/budget.ts'
import type { SessionControl } from '../../../src/domain/session-control.ts'
import type { Arrival } from '../../../src/domain/session-store.ts'
import type { StoredInput, StoredInputs } from '../../../src/domain/stored-inputs.ts'
import { openReader } from '../../../src/storage/beside.ts'
import {
  AT_MS,
  arrival,
  base,
  nothing,
  origin,
  other,
  plainStates,
  row,
  type State,
} from './arrivals.ts'
import {
  type OpenStore,
  openStore,
  removeSession,
  temporaryFolder,
  withDatabase,
} from './open-store.ts'

const KEY = 'claude-code/s1'
const tick = (atMs: number): SessionControl => ({ kind: 'tick', atMs })
const shutdown: SessionControl = { kind: 'close', reason: 'shutdown', atMs: AT_MS + 9 }

async function commit(
  store: OpenStore,
  arrivals: readonly Arrival[],
  ...controls: readonly SessionControl[]
): Promise<void> {
  await store.sessions.commit(arrivals, [], () => ({
    ...nothing,
    sessions: [row('s1'), row('s2')],
    controls: controls.map((control) => ({ sessionKey: KEY, control })),
  }))
}

/** Dedup keys of records, as one text for each batch, and the rest as it is. */
async function inputsOf({ dataDir }: OpenStore, maxBatches = 20, key = KEY) {
  const opened = await openReader({ dataDir })
  if (!opened.ok) throw new Error(opened.error)
  onTestFinished(() => opened.value.close())
  const found: StoredInput[] = []
  for (let position = 0; ; ) {
    const slice = await opened.value.inputs.slice(key, position, maxBatches)
    found.push(...slice.inputs)
    if (slice.isLast) return found.map(shown)
    position = slice.position
  }
}

function shown(input: StoredInput): unknown {
  switch (input.kind) {
    case 'records':
      return input.batch.records
        .map((record) => ('eventName' in record ? record.eventName : '?'))
        .join(' ')
    case 'control':
      return input.control
    case 'policy':
      return { policy: input.recorded }
  }
}

const named = (name: string, sessionId = 's1', from = origin): Arrival =>
  arrival({ ...base, kind: 'other', name, dedupKey: name, sessionId }, { origin: from })

const policies = (policy: string) => ({ ...plainStates<State>(), policy })

describe('inputs', () => {
  test('are records and what decided between them, in order, in slices of any size', async () => {
    const store = await openStore()
    await commit(store, [named('a'), named('b'), named('x', 's2')], tick(AT_MS + 1))
    await commit(store, [], tick(AT_MS + 2), shutdown)
    await commit(store, [named('c')])
    await commit(store, [], tick(AT_MS + 3))
    const expected = [
      { policy: {} },
      'a b',
      tick(AT_MS + 1),
      tick(AT_MS + 2),
      shutdown,
      'c',
      tick(AT_MS + 3),
    ]
    for (const size of [1, 2, 20]) expect(await inputsOf(store, size)).toEqual(expected)
    expect(await inputsOf(store, 20, 'claude-code/s2')).toEqual([{ policy: {} }, 'x'])
    expect(await inputsOf(store, 20, 'claude-code/nobody')).toEqual([])
  })

  test('stand as they were folded where origins take turns', async () => {
    const store = await openStore()
    const elsewhere = { ...origin, scopeVersion: '3' }
    await commit(store, [named('a'), named('b', 's1', elsewhere), named('c'), named('d')])
    expect(await inputsOf(store)).toEqual([{ policy: {} }, 'a', 'b', 'c d'])
  })

  test('begin where their session did, also when a process ended in between', async () => {
    const dataDir = temporaryFolder()
    for (const [n, name] of ['a', 'b', 'c'].entries()) {
      const store = await openStore(dataDir)
      await commit(store, [named(name)], tick(AT_MS + n))
      await store.close()
    }
    const store = await openStore(dataDir)
    expect(await inputsOf(store)).toEqual([
      { policy: {} },
      'a',
      tick(AT_MS),
      'b',
      tick(AT_MS + 1),
      'c',
      tick(AT_MS + 2),
    ])
  })

  test('leave out what a failed commit would have been', async () => {
    const store = await openStore()
    const failing = store.sessions.commit([named('lost')], [], () => {
      throw new Error('told to fail')
    })
    await expect(failing).rejects.toThrow('told to fail')
    await commit(store, [named('kept')], tick(AT_MS))
    expect(await inputsOf(store)).toEqual([{ policy: {} }, 'kept', tick(AT_MS)])
  })

  test('go with their session', async () => {
    const store = await openStore()
    await commit(store, [named('a')], tick(AT_MS))
    await removeSession(store, KEY)
    expect(store.rows('select * from session_controls')).toEqual([])
  })

  test('leave out a control whose text is damaged', async () => {
    const store = await openStore()
    const alert: BudgetAlert = {
      scope: 'session',
      subject: KEY,
      date: '',
      threshold: 80,
      limitUsd: 1,
      spentUsd: 0.9,
      atMs: AT_MS,
    }
    await commit(store, [named('a')], { kind: 'budget', alert })
    expect(await inputsOf(store)).toContainEqual({ kind: 'budget', alert })
    withDatabase(store.dataDir, (database) =>
      database.exec(`update session_controls set detail = '{"sc'`),
    )
    expect(await inputsOf(store)).toEqual([{ policy: {} }, 'a'])
  })
})

describe('a policy', () => {
  test('is told where it came into force, once, however often a process began under it', async () => {
    const dataDir = temporaryFolder()
    for (const [n, policy] of ['{"a":1}', '{"a":1}', '{"a":2}', '{"a":1}'].entries()) {
      const store = await openStore(dataDir, policies(policy))
      await commit(store, [named(`r${n}`)])
      await commit(store, [named(`s${n}`)])
      await store.close()
    }
    const store = await openStore(dataDir, policies('{"never":"in force"}'))
    const expected = [
      { policy: { a: 1 } },
      ...['r0', 's0', 'r1', 's1'],
      { policy: { a: 2 } },
      ...['r2', 's2'],
      { policy: { a: 1 } },
      ...['r3', 's3'],
    ]
    for (const size of [1, 3, 20]) expect(await inputsOf(store, size)).toEqual(expected)
  })

  test('is not known of what is older than the first', async () => {
    const store = await openStore()
    await commit(store, [named('a')])
    withDatabase(store.dataDir, (database) => database.exec('delete from policies'))
    expect(await inputsOf(store)).toEqual(['a'])
  })
})

describe('a state that cannot be read', () => {
  async function spoiled(version = 1, text = '{"se') {
    const dataDir = temporaryFolder()
    const first = await openStore(dataDir)
    const sessions = [row('s1', { state: { seen: ['a'] }, deadlineMs: 5 })]
    await first.sessions.commit([named('a')], [], () => ({ ...nothing, sessions }))
    await first.close()
    withDatabase(dataDir, (database) =>
      database.prepare('update session_states set version = ?, state = ?').run(version, text),
    )
    return dataDir
  }

  /** Names what it was told. */
  const rebuilding = {
    ...plainStates<State>(),
    rebuild: async (key: string, inputs: StoredInputs): Promise<State> => {
      const { inputs: found } = await inputs.slice(key, 0, 20)
      return { seen: found.map((input) => String(shown(input))) }
    },
  }

  test.each([
    ['after damage', 1, '{"se'],
    ['of another version', 7, '{"seen":["a"]}'],
  ])('%s is told again from what was stored before this commit', async (_, version, text) => {
    const store = await openStore(await spoiled(version, text), rebuilding)
    let state: State | undefined
    await store.sessions.commit([other('b')], [KEY], (_fresh, stored) => {
      state = stored.get(KEY)
      return nothing
    })
    expect(state?.seen.slice(1)).toEqual(['a'])
    expect(store.warnings).toEqual([expect.objectContaining({ sessionKey: KEY })])
    expect(await store.sessions.openSessions(10)).toEqual([KEY])
  })

  test.each([
    ['nothing is stored', async () => undefined],
    ['what is stored cannot be told', () => Promise.reject(new Error('told to fail'))],
  ])('and of which %s closes its session', async (_, rebuild) => {
    const store = await openStore(await spoiled(), { ...plainStates<State>(), rebuild })
    await store.sessions.commit([named('b')], [KEY], () => nothing)
    expect(await store.sessions.openSessions(10)).toEqual([])
    expect(store.warnings).toContainEqual(expect.objectContaining({ sessionKey: KEY }))
  })
})
