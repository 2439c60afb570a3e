/** Who reports, and what their last records tell. */
import { describe, expect, test } from 'vitest'
import { DOCTOR_SESSION_PREFIX } from '../../../src/domain/identity.ts'
import type { Origin } from '../../../src/domain/telemetry-record.ts'
import { arrival, AT_MS, base, origin, other, row } from '../../unit/storage/arrivals.ts'
import { createRig, engines } from './engines.ts'

const newer: Origin = {
  ...origin,
  resource: { ...origin.resource, 'service.version': '2.2.0', 'os.type': 'linux' },
}

describe.each(engines)('the fleet in $name', (engine) => {
  test('has a row for each user and agent, from the newest session', async () => {
    const rig = await createRig(engine)
    await rig.commit({
      sessions: [
        row('a1', { userId: 'ada', team: 'blue', firstMs: AT_MS, lastMs: AT_MS + 50 }),
        row('a2', { userId: 'ada', team: 'red', firstMs: AT_MS + 10, lastMs: AT_MS + 40 }),
        row('g1', { userId: 'grace', firstMs: AT_MS + 5, lastMs: AT_MS + 60 }),
        row('n1', { firstMs: AT_MS, lastMs: AT_MS + 20 }),
        row('n2', { firstMs: AT_MS, lastMs: AT_MS + 30 }),
        row('old', { userId: 'kay', firstMs: AT_MS - 200, lastMs: AT_MS - 100 }),
        row('empty', { userId: 'joan', isEmpty: true, firstMs: AT_MS, lastMs: AT_MS }),
        row(`${DOCTOR_SESSION_PREFIX}1`, { userId: 'doc', firstMs: AT_MS, lastMs: AT_MS + 99 }),
      ],
    })
    const reporters = await rig.reader.fleet.reporters(AT_MS, 10)
    expect(reporters).toMatchObject([
      {
        userId: 'grace',
        agent: 'claude-code',
        team: undefined,
        sessions: 1,
        firstMs: AT_MS + 5,
        lastMs: AT_MS + 60,
      },
      {
        userId: 'ada',
        agent: 'claude-code',
        team: 'red',
        sessions: 2,
        firstMs: AT_MS,
        lastMs: AT_MS + 50,
      },
      {
        userId: undefined,
        agent: 'claude-code',
        team: undefined,
        sessions: 2,
        firstMs: AT_MS,
        lastMs: AT_MS + 30,
      },
    ])
    expect(await rig.reader.fleet.reporters(AT_MS, 2)).toHaveLength(2)
    expect(await rig.reader.fleet.reporters(AT_MS + 61, 10)).toEqual([])
  })

  test('tells program, signals, temporality and prompts from the end of a session', async () => {
    const rig = await createRig(engine)
    const metric = {
      ...arrival({ ...base, kind: 'other', sessionId: 'a', dedupKey: 'm' }),
      stored: {
        signal: 'metric' as const,
        record: {
          origin,
          name: 'claude_code.cost.usage',
          unit: 'USD',
          temporality: 'cumulative' as const,
          startNanos: '1',
          timeNanos: '2',
          timeMs: 1,
          value: 1,
          attributes: {},
        },
      },
    }
    const prompt = (key: string, of: { text?: string; length?: number }) =>
      arrival({ ...base, sessionId: 'a', kind: 'prompt', dedupKey: key, prompt: of })
    await rig.commit({ sessions: [row('a', { userId: 'ada' }), row('b', { userId: 'bea' })] }, [
      other('k', 'a'),
      metric,
      prompt('p1', { length: 4 }),
      prompt('p2', { text: 'text', length: 4 }),
    ])
    await rig.commit({}, [
      arrival({ ...base, kind: 'other', sessionId: 'a', dedupKey: 'n' }, { origin: newer }),
    ])
    const reporters = await rig.reader.fleet.reporters(0, 10)
    const idOf = (user: string) =>
      reporters.find(({ userId }) => userId === user)?.newestSessionId ?? 0
    const tails = await rig.reader.fleet.tails([idOf('ada'), idOf('bea'), 12_345])
    expect(tails.get(idOf('ada'))).toEqual({
      resource: newer.resource,
      scopeVersion: '2.1.329',
      signals: ['log', 'metric'],
      temporality: 'cumulative',
      prompts: 2,
      promptTexts: 1,
    })
    const nothing = {
      resource: {},
      scopeVersion: '',
      signals: [],
      temporality: undefined,
      prompts: 0,
      promptTexts: 0,
    }
    expect(tails.get(idOf('bea'))).toEqual(nothing)
    expect(tails.get(12_345)).toEqual(nothing)
  })
})
