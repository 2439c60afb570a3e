/** The hooks for a settings file of one's own are those that `install --hooks` writes. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { HOOK_EVENTS, hookGroup, hookUrl } from '../../../src/setup/claude-hooks.ts'

const file = new URL('../../../scripts/claude-hooks.json', import.meta.url)

test('scripts/claude-hooks.json is what install writes for the default address', () => {
  const group = hookGroup(hookUrl('http://127.0.0.1:4318'), undefined)
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
    hooks: Object.fromEntries(HOOK_EVENTS.map((event) => [event, [group]])),
  })
})

test('with a key each of them brings it', () => {
  expect(hookGroup('http://h/hooks/claude-code', 'k').hooks).toEqual([
    expect.objectContaining({ headers: { Authorization: 'Bearer k' } }),
  ])
})
