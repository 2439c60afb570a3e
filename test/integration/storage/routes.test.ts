/** Where sessions go: decided once, kept, and each destination by itself. */
import { describe, expect, test } from 'vitest'
import { ownedSessionKey } from '../../../src/domain/identity.ts'
import type { Emission } from '../../../src/domain/emission.ts'
import type { Routes } from '../../../src/domain/routing.ts'
import type { SessionRow } from '../../../src/domain/session-store.ts'
import type { Store } from '../../../src/storage/store.ts'
import type { Quarantined } from '../../../src/domain/quarantine.ts'
import { AT_MS, observation, other, row, score, type State } from '../../unit/storage/arrivals.ts'
import { createRig, engines, exporter, type Rig } from './engines.ts'

const MANY = 1_000_000

const routes: Routes = {
  rules: [
    { team: 'red', attributes: {}, to: ['langfuse:red'] },
    { key: 'ci', attributes: {}, to: ['langfuse:ci', 'langfuse'] },
    { attributes: { unit: 'blue' }, to: ['langfuse:blue'] },
    { team: 'secret', attributes: {}, to: [] },
  ],
  fallback: ['langfuse'],
}
const NAMES = ['langfuse', 'langfuse:red', 'langfuse:ci', 'langfuse:blue']
const exporters = NAMES.map((name) => exporter(name))

async function due(
  store: Store<State>,
  name: string,
  kind: 'observation' | 'score' = 'observation',
) {
  const items = await store.outbox(name, kind).due(Number.MAX_SAFE_INTEGER, 100, MANY)
  return items.map(({ emission }) => emission.key)
}

const waiting = async (store: Store<State>) =>
  Object.fromEntries(
    await Promise.all(NAMES.map(async (name) => [name, await due(store, name)] as const)),
  )

const of = (session: SessionRow<State>, emission: Emission): Emission => ({
  ...emission,
  sessionKey: session.key,
})

async function emit(rig: Rig, session: SessionRow<State>, ...emissions: readonly Emission[]) {
  await rig.commit({
    sessions: [session],
    emissions: emissions.map((emission) => of(session, emission)),
  })
}

describe.each(engines)('$name', (engine) => {
  test('by team, by attribute, and where nothing fits', async () => {
    const rig = await createRig(engine, { exporters, routes })
    const key = ownedSessionKey('claude-code/s1', { team: 'red' })
    await emit(rig, row('s1', { key, team: 'blue' }), observation('of red'))
    await emit(rig, row('s2', { labels: { unit: 'blue' } }), observation('of blue'))
    await emit(rig, row('s3'), observation('of nobody'))
    await emit(rig, row('s4', { team: 'secret' }), observation('for nobody'))
    expect(await waiting(rig.store)).toEqual({
      langfuse: ['of nobody'],
      'langfuse:red': ['of red'],
      'langfuse:ci': [],
      'langfuse:blue': ['of blue'],
    })
    expect((await rig.store.outboxCounts()).pending).toBe(3)
    const counts = await rig.reader.waiting.counts()
    expect(
      Object.fromEntries(counts.exporters.map(({ name, pending }) => [name, pending])),
    ).toEqual({
      langfuse: 1,
      'langfuse:blue': 1,
      'langfuse:ci': 0,
      'langfuse:red': 1,
    })
    expect((await rig.reader.details.find(key))?.route).toEqual(['langfuse:red'])
  })

  test('by the name of the key, which only arrivals tell', async () => {
    const rig = await createRig(engine, { exporters, routes })
    const arrival = { ...other('k1'), keyName: 'ci' }
    const session = row('s1', { key: arrival.sessionKey })
    await rig.commit({ sessions: [session] }, [arrival])
    await emit(rig, session, observation('later'))
    expect(await waiting(rig.store)).toEqual({
      langfuse: ['later'],
      'langfuse:red': [],
      'langfuse:ci': ['later'],
      'langfuse:blue': [],
    })
  })

  test('a session whose attributes change stays where it went, also after a restart', async () => {
    const rig = await createRig(engine, { exporters, routes })
    await emit(rig, row('s1', { labels: { unit: 'blue' } }), observation('a'))
    await emit(rig, row('s1', { labels: { unit: 'none' }, team: 'red' }), observation('b'))
    const again = await rig.reopen({ exporters, routes })
    await emit(again, row('s1', { labels: {} }), observation('c'))
    expect(await waiting(again.store)).toMatchObject({
      langfuse: [],
      'langfuse:red': [],
      'langfuse:blue': ['a', 'b', 'c'],
    })
  })

  test('it is open as long as nothing decides it and nothing is sent', async () => {
    const rig = await createRig(engine, { exporters, routes })
    await rig.commit({ sessions: [row('s1')] })
    await emit(rig, row('s1', { labels: { unit: 'blue' } }), observation('a'))
    expect(await waiting(rig.store)).toMatchObject({ langfuse: [], 'langfuse:blue': ['a'] })
  })

  test('a newer score takes the place of an older one for each destination', async () => {
    const rig = await createRig(engine, { exporters, routes })
    const arrival = { ...other('k1'), keyName: 'ci' }
    const session = row('s1', { key: arrival.sessionKey })
    await rig.commit({ sessions: [session] }, [arrival])
    await emit(rig, session, score('quality'))
    await rig.store
      .outbox('langfuse:ci', 'score')
      .delivered([
        ...(await rig.store.outbox('langfuse:ci', 'score').due(AT_MS, 9, MANY)).map(({ id }) => id),
      ])
    expect(await due(rig.store, 'langfuse:ci', 'score')).toEqual([])
    expect(await due(rig.store, 'langfuse', 'score')).toEqual(['quality'])
    await emit(rig, session, score('quality'))
    expect(await due(rig.store, 'langfuse:ci', 'score')).toEqual(['quality'])
    expect(await due(rig.store, 'langfuse', 'score')).toEqual(['quality'])
    expect((await rig.store.outboxCounts()).pending).toBe(2)
  })

  test('what one destination gives up is its own, and goes back to it alone', async () => {
    const rig = await createRig(engine, { exporters, routes })
    const red = row('s1', { team: 'red' })
    await emit(rig, red, observation('a'))
    await emit(rig, row('s2', { labels: { unit: 'blue' } }), observation('b'))
    const outbox = rig.store.outbox('langfuse:red', 'observation')
    const [item] = await outbox.due(AT_MS, 9, MANY)
    await outbox.bury([item?.id ?? 0], 'refused')
    expect(await rig.store.deadItems.list(9)).toMatchObject([
      { exporter: 'langfuse:red', sessionKey: red.key, reason: 'refused' },
    ])
    expect(await waiting(rig.store)).toMatchObject({ 'langfuse:red': [], 'langfuse:blue': ['b'] })
    await rig.store.deadItems.retry('all', AT_MS)
    expect(await waiting(rig.store)).toMatchObject({
      langfuse: [],
      'langfuse:red': ['a'],
      'langfuse:blue': ['b'],
    })
  })

  test('what waited before there were routes goes to the exporters of the settings', async () => {
    const rig = await createRig(engine, { exporters: [exporter('langfuse')] })
    await emit(rig, row('s1', { team: 'red' }), observation('before'))
    const again = await rig.reopen({ exporters, routes })
    expect(await waiting(again.store)).toMatchObject({
      langfuse: ['before'],
      'langfuse:red': [],
    })
  })

  test('the quarantine keeps a record once for each owner, and tells whose it is', async () => {
    const { store } = await createRig(engine)
    const kept: Quarantined = {
      unplaced: {
        signal: 'metric',
        record: {
          origin: { resource: {}, scopeName: 'x', scopeVersion: '' },
          ...{ name: 'n', unit: '', temporality: 'delta', startNanos: '0', timeNanos: '0' },
          ...{ timeMs: undefined, value: 1, attributes: {} },
        },
      },
      receivedMs: AT_MS,
      rejection: { reason: 'unknown_agent', message: 'who?' },
    }
    await store.quarantine.keep([
      kept,
      { ...kept, owner: { team: 'red' } },
      { ...kept, owner: { team: 'blue', user: 'eve@x' } },
      { ...kept, owner: { team: 'red' } },
    ])
    const owners = [undefined, { team: 'red' }, { team: 'blue', user: 'eve@x' }]
    expect((await store.quarantine.list(9)).map(({ owner }) => owner)).toEqual(owners)
    expect((await store.quarantine.next('all', -1)).map(({ owner }) => owner)).toEqual(owners)
  })
})
