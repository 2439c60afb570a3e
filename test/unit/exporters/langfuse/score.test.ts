import { describe, expect, it } from 'vitest'
import { scoreIdOf, traceIdOf } from '../../../../src/exporters/ids.ts'
import { scoreBody } from '../../../../src/exporters/langfuse/score.ts'
import { sampleScore } from './sample-emissions.ts'

const CONFIG = { productVersion: '1.2.3' }

describe('scoreBody', () => {
  it('of a session', () => {
    expect(scoreBody(sampleScore(), CONFIG)).toEqual({
      id: scoreIdOf(sampleScore()),
      name: 'quality',
      value: 87.5,
      dataType: 'NUMERIC',
      comment: '7 of 8 tools',
      environment: 'default',
      sessionId: 's-1',
    })
  })

  it('of a trace names the trace alone', () => {
    const body = scoreBody(sampleScore({ target: { kind: 'trace', traceKey: 't' } }), CONFIG)
    expect(body.traceId).toBe(traceIdOf('t'))
    expect(body).not.toHaveProperty('sessionId')
  })

  it('keeps its id when the value changes', () => {
    const [before, after] = [1, 2].map((value) => scoreBody(sampleScore({ value }), CONFIG))
    expect(after?.id).toBe(before?.id)
  })

  it.each([
    ['its own environment', 'Prod', 'Team', 'prod'],
    ["the installation's", undefined, 'Team', 'team'],
  ])('takes %s', (_what, environment, fallback, expected) => {
    const score = sampleScore(environment === undefined ? {} : { environment })
    expect(scoreBody(score, { ...CONFIG, environment: fallback }).environment).toBe(expected)
  })

  it('is not made of no number', () => {
    expect(() => scoreBody(sampleScore({ value: Number.NaN }), CONFIG)).toThrow(/quality/)
  })
})
