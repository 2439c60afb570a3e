/** Cases 04, 27 and 28: prompts by their id, turns of several processes, ids of what runs the agent. */
import { expect, test } from 'vitest'
import type { Overview } from '../../../src/api/contract/overview.ts'
import type { SessionList } from '../../../src/api/contract/session-list.ts'
import type { Session } from '../../../src/api/contract/session.ts'
import { playCase, type Played, startRig } from './case.ts'
import { apiRequest, logs, type MadeLog } from './made.ts'

const keyOf = (number: number) =>
  encodeURIComponent(`claude-code/0000000${number}-1111-4222-8333-444444444444`)

function roots({ langfuse }: Played) {
  return langfuse
    .spans()
    .filter(({ name }) => name === 'conversation')
    .map(({ input, output, attributes }) => ({
      input,
      output,
      endedBy: attributes['langfuse.observation.metadata.ended_by'],
    }))
    .sort((a, b) => JSON.stringify(a.input).localeCompare(JSON.stringify(b.input)))
}

test('case 04: four prompts, whatever events tell of them, and no title from a command', async () => {
  const rig = await playCase('04')
  const { session, strip } = await rig.api<Session>(`/api/sessions/${keyOf(1)}`)
  expect([session.prompts, strip.prompts]).toEqual([4, 4])
  expect(session.title).toBeNull()
  const { totals } = await rig.api<Overview>('/api/overview')
  expect(totals.prompts).toBe(4)
  expect(await rig.cli('report', '--by', 'day')).toContain('4 prompts')
})

test('case 27: each turn has its own answer and the true reason for its end', async () => {
  const rig = await playCase('27')
  const { session, strip, turns, reconciliation } = await rig.api<Session>(
    `/api/sessions/${keyOf(1)}`,
  )
  expect(session).toMatchObject({ costUsd: 0.35, metricsUsd: 0, prompts: 2, modelCalls: 3 })
  expect(strip.modelCalls).toBe(3)
  expect(reconciliation).toMatchObject({ eventsUsd: 0.35, metricsUsd: 0.35 })
  expect(turns.map(({ costUsd, answer }) => [costUsd, answer.text])).toEqual([
    [0.15, 'answer A'],
    [0.2, 'answer B'],
  ])
  await rig.stop()
  expect(roots(rig)).toEqual([
    { input: 'ask A', output: 'answer A', endedBy: 'shutdown' },
    { input: 'ask B', output: 'answer B', endedBy: 'shutdown' },
  ])
})

test('case 28: ids of the application reach Langfuse, and sessions are found by them', async () => {
  const rig = await playCase('28')
  const ids = ['00000001', '00000002']
  for (const question of [
    ['--search', 'chat-4711'],
    ['--attribute', 'session.id=chat-4711'],
    ['--attribute', 'user.id=alice'],
    ['--attribute', 'enduser.id=alice'],
    ['--attribute', 'tenant.id=t-9'],
    ['--user', 'alice'],
  ]) {
    const { sessions } = JSON.parse(
      `{"sessions":${await rig.cli('sessions', '--json', ...question)}}`,
    ) as { sessions: { session: string }[] }
    const found = sessions.map(({ session }) => session.slice(0, 8)).sort()
    expect(found, question.join(' ')).toEqual(ids)
  }
  await rig.stop()
  for (const { attributes } of rig.langfuse.spans()) {
    expect(attributes).toMatchObject({
      'langfuse.trace.metadata.session.id': 'chat-4711',
      'langfuse.trace.metadata.user.id': 'alice',
      'langfuse.trace.metadata.enduser.id': 'alice',
      'langfuse.trace.metadata.tenant.id': 't-9',
      'langfuse.session.id': expect.stringContaining('-1111-4222-8333-444444444444'),
    })
  }
})

// Variants of our own.

const prompt = (id: string, at: number, sequence: number, text: string): MadeLog => ({
  name: 'user_prompt',
  at,
  sequence,
  values: { 'prompt.id': id, prompt: text, 'message.uuid': `u-${id}` },
})
const request = (id: string, at: number, sequence: number): MadeLog =>
  apiRequest(at, sequence, { 'prompt.id': id, request_id: `req-${id}-${sequence}` })

async function played(batches: readonly (readonly MadeLog[])[]): Promise<Session> {
  const rig = await startRig()
  for (const records of batches) await rig.send('logs', logs(records))
  return rig.api<Session>(`/api/sessions/${encodeURIComponent('claude-code/s1')}`)
}

test.each([
  ['after its answer', [[request('a', 100, 2)], [prompt('a', 0, 1, 'hi')]], 1, 'hi'],
  [
    'of a background agent, after its answer: nobody typed it',
    [[request('a', 100, 2)], [prompt('a', 0, 1, '<task-notification>done')]],
    0,
    null,
  ],
  ['twice', [[prompt('a', 0, 1, 'hi')], [prompt('a', 0, 1, 'hi')]], 1, 'hi'],
  [
    'behind a command: the command is no title',
    [[prompt('a', 0, 1, '/review 12')], [prompt('b', 100, 2, 'why?')]],
    2,
    'why?',
  ],
  ['that begins with a path', [[prompt('a', 0, 1, '/usr/bin is full')]], 1, '/usr/bin is full'],
])('a prompt that comes %s', async (_, batches, prompts, title) => {
  const { session, strip } = await played(batches)
  expect([session.prompts, strip.prompts, session.title]).toEqual([prompts, prompts, title])
})

test('a prompt ends the turn of its own process, and no other', async () => {
  const rig = await startRig()
  await rig.send(
    'logs',
    logs([
      prompt('a1', 0, 10, 'a1'),
      prompt('b1', 100, 3, 'b1'),
      request('a1', 200, 11),
      request('b1', 300, 4),
      prompt('a2', 400, 12, 'a2'),
      request('b1', 500, 5),
      request('a2', 600, 13),
    ]),
  )
  await rig.stop()
  expect(roots(rig).map(({ input, endedBy }) => [input, endedBy])).toEqual([
    ['a1', 'next_prompt'],
    ['a2', 'shutdown'],
    ['b1', 'shutdown'],
  ])
})

test('ids that a pipeline moved to the resource are the agent’s own, and no label', async () => {
  const rig = await startRig()
  await rig.send('logs', logs([request('a', 0, 1)], { 'session.id': 's1', 'team.name': 'red' }))
  await rig.stop()
  const [span] = rig.langfuse.spans()
  expect(span?.attributes).toMatchObject({ 'langfuse.trace.metadata.team.name': 'red' })
  expect(span?.attributes).not.toHaveProperty('langfuse.trace.metadata.session.id')
})

test('sessions of an application are listed by its user beside those of the agent’s own', async () => {
  const rig = await startRig()
  await rig.send('logs', logs([request('a', 0, 1)], { 'enduser.id': 'bob' }))
  const of = async (user: string) =>
    (await rig.api<SessionList>(`/api/sessions?user=${user}`)).sessions.length
  expect([await of('bob'), await of('eve')]).toEqual([1, 0])
})
