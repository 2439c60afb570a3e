/** Emissions to vary in tests: the least that is valid. */
import type { Observation, Score } from '../../../../src/domain/emission.ts'

export const START_MS = 1_790_000_000_000

export function sampleObservation(changes: Partial<Observation> = {}): Observation {
  return {
    kind: 'observation',
    type: 'span',
    sessionKey: 'claude-code/s-1',
    traceKey: 'claude-code/s-1/turn-1',
    key: 'root',
    name: 'conversation',
    startMs: START_MS,
    endMs: START_MS + 1_500,
    level: 'DEFAULT',
    metadata: {},
    context: { sessionId: 's-1', traceName: 'conversation', tags: [], metadata: {} },
    ...changes,
  }
}

export function sampleScore(changes: Partial<Score> = {}): Score {
  return {
    kind: 'score',
    sessionKey: 'claude-code/s-1',
    sessionId: 's-1',
    key: 'quality',
    name: 'quality',
    value: 87.5,
    comment: '7 of 8 tools',
    target: { kind: 'session' },
    ...changes,
  }
}
