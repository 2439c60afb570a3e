/** What arrived last, of two sessions. */
import type { LiveEvent } from '../../../src/api/contract/live.ts'
import type { SessionRow } from '../../../src/api/contract/session-list.ts'
import { MODELS } from './team.ts'

type Step = Partial<LiveEvent> & Pick<LiveEvent, 'kind'>

const steps: readonly Step[] = [
  { kind: 'prompt', text: 'Find out why the test is flaky' },
  { kind: 'call', subject: MODELS[0], costUsd: 0.0213, durationMs: 2_140, tokens: 41_200 },
  { kind: 'decision', subject: 'Bash', text: 'accepted by config' },
  { kind: 'tool', subject: 'Bash', durationMs: 812 },
  { kind: 'call', subject: MODELS[0], costUsd: 0.0187, durationMs: 3_260, tokens: 42_800 },
  { kind: 'answer', text: 'It waits for the first of two requests, and they come in any order.' },
  { kind: 'error', text: '529 overloaded, tried 10 times', level: 'error' },
]
const COUNT = 18

export function liveEvents(nowMs: number, rows: readonly SessionRow[]): LiveEvent[] {
  return Array.from({ length: COUNT }, (_, index): LiveEvent => {
    const step = steps[index % steps.length] ?? { kind: 'note' }
    const row = rows[index < 12 ? 0 : 1]
    const timeMs = nowMs - (COUNT - index) * 2_000
    return {
      position: index + 1,
      sessionKey: row?.key ?? 'claude-code/none',
      sessionTitle: row?.title ?? null,
      promptId: `p${Math.floor(index / steps.length)}`,
      timeMs,
      receivedMs: timeMs,
      name: step.kind,
      subject: null,
      summary: null,
      text: null,
      level: 'default',
      costUsd: null,
      durationMs: null,
      tokens: null,
      ...step,
    }
  })
}
