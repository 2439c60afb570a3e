/** Raw records of a session. */
import type { RawEvents } from '../../../src/api/contract/raw-events.ts'
import { MODELS } from './team.ts'

export function rawEvents(nowMs: number): RawEvents {
  return {
    events: ['user_prompt', 'api_request', 'tool_result'].map((name, index) => ({
      id: index + 1,
      signal: 'log' as const,
      name,
      timeMs: nowMs - 5_000 + index,
      receivedMs: nowMs,
      scope: 'com.anthropic.claude_code.events',
      attributes: { 'event.name': name, 'event.sequence': index, model: MODELS[0] },
      truncated: false,
    })),
    nextCursor: null,
  }
}
