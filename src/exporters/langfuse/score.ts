/**
 * One score as the body of `POST /api/public/scores`. Its id is its own, so posting it again,
 * or a newer value of it, replaces what was there.
 */
import type { CreateScoreRequest } from '@langfuse/core'
import type { Score } from '../../domain/emission.ts'
import { environmentName, type MappingConfig } from './mapping.ts'
import { scoreIdOf, traceIdOf } from '../ids.ts'

export type ScoreBody = CreateScoreRequest

/** Throws when the value is no finite number: JSON would turn it into null. */
export function scoreBody(score: Score, config: MappingConfig): ScoreBody {
  const { name, value, comment, target } = score
  if (!Number.isFinite(value)) throw new RangeError(`score ${name} has no finite value: ${value}`)
  return {
    id: scoreIdOf(score),
    name,
    value,
    dataType: 'NUMERIC',
    comment: comment.toWellFormed(),
    environment: environmentName(score.environment, config.environment),
    ...(target.kind === 'session'
      ? { sessionId: score.sessionId }
      : { traceId: traceIdOf(target.traceKey) }),
  }
}
