/** The fold takes as long for each record, however many come in one step, whatever they hold. */
import { describe, expect, test } from 'vitest'
import type { AgentEvent } from '../../../src/domain/agent-event.ts'
import type { MetricSample } from '../../../src/domain/metric-sample.ts'
import { reduce, type SessionInput } from '../../../src/sessions/reduce.ts'
import { growth, WELL_BELOW_QUADRATIC } from '../growth.ts'
import {
  answer,
  call,
  decision,
  failure,
  fresh,
  other,
  policy,
  result,
  sample,
  span,
} from './events.ts'

const QUARTER_S = 900

/** The n-th record of a request. */
const shapes: Readonly<Record<string, (n: number) => AgentEvent | MetricSample>> = {
  'calls of a model each': (n) => call(0, `r${n}`, { model: `model-${n}` }),
  'calls of a subagent each': (n) => call(0, `r${n}`, { subagentId: `a${n}` }),
  'calls of a turn each': (n) => call(0, `r${n}`, { promptId: `p${n}` }),
  'calls in a quarter of an hour each': (n) => call(QUARTER_S * n, `r${n}`),
  'errors of a model each': (n) => ({ ...failure(0, 'no'), model: `m${n}` }) as AgentEvent,
  'answers without their call': (n) => answer(0, `r${n}`, 'yes'),
  'refusals of a tool each': (n) => decision(0, `t${n}`, { tool: `tool-${n}`, accepted: false }),
  'results of a tool each': (n) => result(0, `t${n}`, { tool: `tool-${n}` }),
  'results that wait for their span': (n) => result(0, `t${n}`, { traceId: 't1' }),
  'events of a name each': (n) => other(0, `event-${n}`),
  'spans of turns that never come': (n) => span('turn', n, n, { traceId: `t${n}` }),
  'facets of a metric': (n) => sample(n, 'lines_of_code', 1, { facet: `facet-${n}` }),
  'series of a metric': (n) =>
    sample(n, 'lines_of_code', 1, { temporality: 'cumulative', seriesKey: `series-${n}` }),
  'a label each': (n) => ({ ...other(0, 'x'), identity: { labels: { [`k${n}`]: 'v' } } }),
}

describe('the time of a step grows with the number of records and not faster', () => {
  test.each(Object.entries(shapes))('%s', { timeout: 300_000 }, async (_, shape) => {
    const fold = (n: number) => {
      const inputs = Array.from({ length: n }, (__, index): SessionInput => {
        return { kind: 'record', item: shape(index), atMs: policy.joinTimeoutMs }
      })
      return () => {
        reduce(fresh(), inputs, policy)
      }
    }
    expect(await growth(fold, 2500)).toBeLessThan(WELL_BELOW_QUADRATIC)
  })
})
