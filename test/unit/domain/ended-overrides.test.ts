/** Which overrides are ended, by what a person calls them. */
import { expect, test } from 'vitest'
import { endedBy } from '../../../src/domain/budget-brake.ts'

const inForce = ['claude-code/3f2a-1', 'claude-code/9c-1', 'codex/9c-2'].map((subject) => {
  return { scope: 'session' as const, subject, untilMs: 2, createdMs: 1, createdBy: 'ops' }
})

test.each([
  ['3f2a', 'claude-code/3f2a-1'],
  ['claude-code/3f2a-1', 'claude-code/3f2a-1'],
  ['codex/9c-2', 'codex/9c-2'],
  // Of two sessions, or of none: nothing is ended.
  ['9c', '9c'],
  ['77', '77'],
])('session:%s is that of %s', (subject, key) => {
  expect(endedBy({ scope: 'session', subject }, inForce)).toEqual({
    scope: 'session',
    subject: key,
  })
})

test('others are named as they were', () => {
  const asked = { scope: 'user' as const, subject: '3f2a' }
  expect(endedBy(asked, inForce)).toBe(asked)
  expect(endedBy({ scope: 'session' }, inForce)).toEqual({ scope: 'session' })
})
