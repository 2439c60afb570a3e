/** The steps of a set-up: each with its state, what to do, and the command that does it. */
import { expect, test } from 'vitest'
import { nextStep, type SetupFacts, setupSteps } from '../../../src/domain/setup-steps.ts'

const NOTHING: SetupFacts = {
  healthUrl: undefined,
  hasArrived: false,
  seen: undefined,
  requests: undefined,
  langfuse: undefined,
}
const SEEN = { prompts: true, promptTexts: true, hooks: true, planWindows: true }
const statesOf = (facts: Partial<SetupFacts>) =>
  Object.fromEntries(setupSteps({ ...NOTHING, ...facts }).map(({ id, state }) => [id, state]))
const open = {
  bridge: 'todo',
  agent: 'todo',
  event: 'todo',
  content: 'todo',
  hooks: 'optional',
  statusline: 'optional',
  langfuse: 'optional',
}

test.each<[string, Partial<SetupFacts>, object]>([
  ['nothing', {}, {}],
  ['a bridge', { healthUrl: 'http://x/health' }, { bridge: 'done' }],
  ['requests', { requests: { total: 2, refused: 1 } }, { agent: 'done' }],
  ['requests that are refused', { requests: { total: 2, refused: 2 } }, { agent: 'wrong' }],
  ['an event', { hasArrived: true }, { agent: 'done', event: 'done' }],
  [
    'content that is off',
    { seen: { ...SEEN, promptTexts: false } },
    { content: 'done', hooks: 'done', statusline: 'done' },
  ],
  ['Langfuse', { langfuse: { state: 'connected', lastError: null } }, { langfuse: 'done' }],
  ['a wrong key', { langfuse: { state: 'unauthorized', lastError: null } }, { langfuse: 'wrong' }],
])('with %s', (_, facts, states) => {
  expect(statesOf(facts)).toEqual({ ...open, ...states })
})

test('the next one is the first that is not done, and none is left at the end', () => {
  const langfuse = { state: 'connected', lastError: null }
  const all = { healthUrl: 'http://x', hasArrived: true, seen: SEEN, langfuse }
  expect(nextStep(setupSteps({ ...NOTHING, healthUrl: 'http://x' }))?.command).toBe(
    'claude-telemetry install',
  )
  expect(nextStep(setupSteps({ ...NOTHING, ...all }))).toBeUndefined()
})
