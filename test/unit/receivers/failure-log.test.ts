import { describe, expect, it } from 'vitest'
import { createFailureLog } from '../../../src/receivers/refusal-log.ts'

function createStandIn() {
  const lines: (readonly [string, object, string])[] = []
  const method = (level: string) => (facts: object, message: string) => {
    lines.push([level, facts, message])
  }
  const log = {
    error: method('error'),
    warn: method('warn'),
    info: method('info'),
    debug: method('debug'),
  }
  const clock = { nowMs: 0, now: () => clock.nowMs, setTimer: () => ({ cancel: () => undefined }) }
  return { lines, clock, failureLog: createFailureLog(log, clock) }
}

describe('the log of refused requests', () => {
  it('writes a line a minute for each kind, with the number left out', () => {
    const { lines, clock, failureLog } = createStandIn()
    for (const atMs of [0, 1, 59_999, 60_000, 60_001]) {
      clock.nowMs = atMs
      failureLog.failed('malformed', { path: '/v1/logs' }, `at ${atMs}`)
    }
    failureLog.failed('unauthenticated', {}, 'another kind')
    failureLog.partlyRefused({ count: 3 }, 'some records')
    expect(lines).toEqual([
      ['warn', { kind: 'malformed', path: '/v1/logs', leftOut: 0 }, 'at 0'],
      ['warn', { kind: 'malformed', path: '/v1/logs', leftOut: 2 }, 'at 60000'],
      ['warn', { kind: 'unauthenticated', leftOut: 0 }, 'another kind'],
      ['warn', { kind: 'partial_success', count: 3, leftOut: 0 }, 'some records'],
    ])
  })

  it.each([
    ['not_stored', 'error'],
    ['internal', 'error'],
    ['stopping', 'warn'],
    ['too_large', 'warn'],
  ] as const)('%s is a line of level %s', (kind, level) => {
    const { lines, failureLog } = createStandIn()
    failureLog.failed(kind, {}, 'it happened')
    expect(lines.map(([written]) => written)).toEqual([level])
  })
})
