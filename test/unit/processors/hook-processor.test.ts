/** Which hooks with one body are one hook, and which may have happened twice. */
import { describe, expect, test } from 'vitest'
import type { Attributes } from '../../../src/domain/json-value.ts'
import { processHook } from './processed.ts'

const base = { session_id: 's1', cwd: '/somewhere', prompt_id: 'p1' }

function keysOf(body: Attributes, arrivedMs: number) {
  const hook = processHook('claude-code', { ...base, ...body }, arrivedMs, {})
  if (!hook.ok) throw new Error(hook.error.message)
  const { item } = hook.value
  return { dedup: item.dedupKey, resend: item.kind === 'metric' ? undefined : item.resendKey }
}

describe('a hook with the same body', () => {
  test.each<[string, Attributes]>([
    ['a prompt that names itself', { hook_event_name: 'UserPromptSubmit', prompt: 'go' }],
    ['a tool that begins', { hook_event_name: 'PreToolUse', tool_use_id: 't1' }],
    ['a tool that is done', { hook_event_name: 'PostToolUse', tool_use_id: 't1' }],
    ['a tool that failed', { hook_event_name: 'PostToolUseFailure', tool_use_id: 't1' }],
    ['a subagent that begins', { hook_event_name: 'SubagentStart', agent_id: 'a1' }],
  ])('is one, whenever it comes: %s', (_, body) => {
    expect(keysOf(body, 1)).toEqual(keysOf(body, 9_999_999))
    expect(keysOf(body, 1).resend).toBeUndefined()
  })

  test.each<[string, Attributes]>([
    ['the end of a session', { hook_event_name: 'SessionEnd', reason: 'other' }],
    ['the stop of a turn', { hook_event_name: 'Stop', last_assistant_message: 'Done.' }],
    ['the stop of a subagent', { hook_event_name: 'SubagentStop', agent_id: 'a1' }],
    ['a hook of another name', { hook_event_name: 'Notification', message: 'waiting' }],
    ['a tool without an id', { hook_event_name: 'PreToolUse', tool_name: 'Bash' }],
  ])('may be another: %s', (_, body) => {
    const [first, second] = [keysOf(body, 1), keysOf(body, 2)]
    expect(first.dedup).not.toBe(second.dedup)
    expect(first.resend).toBe(second.resend)
    expect(first.resend).toBeDefined()
    expect(keysOf({ ...body, more: 'x' }, 1).resend).not.toBe(first.resend)
  })
})
