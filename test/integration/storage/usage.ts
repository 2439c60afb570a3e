/** Usage of sessions for the tests of the storage ports. */
import type { SessionRow, SessionUsage } from '../../../src/domain/session-store.ts'
import {
  type Activity,
  bucketOf,
  type ModelUsage,
  type ToolUsage,
} from '../../../src/domain/usage.ts'
import type { WorkSegment } from '../../../src/domain/work.ts'
import { AT_MS, type State } from '../../unit/storage/arrivals.ts'

export const BUCKET = bucketOf(AT_MS)

export interface Used {
  readonly models?: readonly Partial<ModelUsage>[]
  readonly tools?: readonly Partial<ToolUsage>[]
  readonly activity?: readonly Activity[]
  readonly work?: readonly WorkSegment[]
  readonly isMoved?: boolean
}

/** What a session used: a call of `opus` in the bucket of `AT_MS`, unless it says otherwise. */
export function used(session: SessionRow<State>, used: Used): SessionUsage {
  const { models = [], tools = [], activity = [], work, isMoved = false } = used
  return {
    session,
    isMoved,
    usage: {
      models: models.map((change) => ({
        bucketMs: BUCKET,
        model: 'opus',
        isSubagent: false,
        dimensions: {},
        calls: 1,
        errors: 0,
        costUsd: 0,
        estimatedUsd: 0,
        metricsUsd: 0,
        unpricedCalls: 0,
        inputTokens: 0,
        outputTokens: 0,
        cacheReadTokens: 0,
        cacheCreationTokens: 0,
        durationMs: 0,
        ...change,
      })),
      tools: tools.map((change) => ({
        bucketMs: BUCKET,
        tool: 'Bash',
        results: 1,
        failures: 0,
        refusals: 0,
        durationMs: 0,
        ...change,
      })),
      activity,
      ...(work !== undefined && { work }),
    },
  }
}
