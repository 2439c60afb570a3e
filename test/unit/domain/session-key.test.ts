/** Keys of sessions fit what every engine stores, whatever the team, the user and the session are called. */
import { describe, expect, test } from 'vitest'
import { ownerOfTag } from '../../../src/domain/access.ts'
import {
  agentOfKey,
  MAX_SESSION_KEY_BYTES,
  ownerOfSession,
  ownerProblem,
  sessionKeyOf,
} from '../../../src/domain/identity.ts'

const ID = '0b0e7f1c-5f0f-4b7e-9a54-6a1f4b6f9a11'

test('a key that fits has its owner percent-encoded, as it always had', () => {
  expect(sessionKeyOf('claude-code', ID, { team: 'a b', user: 'é@x/y:z' })).toBe(
    `claude-code@a%20b:%C3%A9%40x%2Fy%3Az/${ID}`,
  )
  expect(sessionKeyOf('claude-code', ID)).toBe(`claude-code/${ID}`)
})

const names = ['漢'.repeat(200), 'д'.repeat(200), '😀'.repeat(100), 'a/b@c:d%'.repeat(25), 'x']
const ids = [ID, '字'.repeat(200), '😀'.repeat(100), 'i'.repeat(200)]
const owners = [
  ...names.flatMap((name) => [{ team: name }, { user: name }]),
  { team: '漢'.repeat(100), user: '字'.repeat(99) },
  { team: 'x', user: 'é'.repeat(200) },
]

describe.each(owners)('under a key of %j', (owner) => {
  test.each(ids)('session %s', (id) => {
    const key = sessionKeyOf('claude-code', id, owner)
    expect(ownerProblem(owner)).toBeUndefined()
    expect(Buffer.byteLength(key)).toBeLessThanOrEqual(MAX_SESSION_KEY_BYTES)
    expect(key.isWellFormed()).toBe(true)
    expect(agentOfKey(key)).toBe('claude-code')
    expect(ownerOfSession(key)).toEqual(owner)
    expect(sessionKeyOf('claude-code', `${id.slice(0, -2)}~2`, owner)).not.toBe(key)
  })
})

test('an owner that leaves no room for a session is refused, with the figures', () => {
  expect(ownerProblem({ team: '漢'.repeat(200), user: '字'.repeat(20) })).toMatch(
    /640 bytes.*these take 661/,
  )
  expect(ownerProblem({ team: 'a'.repeat(200), user: 'b'.repeat(200) })).toBeUndefined()
})

test('a key that was cut in the middle of its owner is read, as one of nobody', () => {
  const whole = `claude-code@${encodeURIComponent('漢'.repeat(106))}`
  for (let length = 120; length < 132; length += 1) {
    const cut = `${whole.slice(0, length)}\u001eq1w2e3`
    expect(agentOfKey(cut)).toBe('claude-code')
    expect(ownerOfSession(cut)?.team).toContain('\u001eq1w2e3')
  }
})

test.each(['%', '%E6%BC', '%ff', 'a%zz', '%ED%A0%80'])('the tag %s does not throw', (tag) => {
  expect(ownerOfTag(`${tag}:${tag}`)).toHaveProperty('user')
})

test('half a surrogate pair in the team of an earlier key is stored as what UTF-8 makes of it', () => {
  expect(sessionKeyOf('claude-code', ID, { team: '\ud800' })).toBe(`claude-code@%EF%BF%BD/${ID}`)
})
