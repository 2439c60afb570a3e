/**
 * Fifth stage, for hooks: what a spent budget refuses. The refusal goes into the record, which is
 * stored with it, and its answer to whoever posted the hook. A record that cannot be stored is
 * answered as a failure, which stops nobody.
 */
import type { ToldModel } from '../domain/budget-brake.ts'
import type { BrakedStep, BudgetRefusal } from '../domain/budget-refusal.ts'
import { type SessionKey, sessionKeyOf } from '../domain/identity.ts'
import type { RecordProcessor } from './record-processor.ts'

export interface Brake {
  /** Why a session may not take a step, if a budget stands in its way. Has to answer from memory. */
  refusal(sessionKey: SessionKey, step: BrakedStep): BudgetRefusal | undefined
  /** A hook named the model that its session's main agent is set to. */
  told(sessionKey: SessionKey, model: ToldModel): void
}

export function createBrakeStage(brake: Brake): RecordProcessor {
  return {
    name: 'brake',
    process: (batch, next) => {
      for (const record of batch.records) {
        if (record.signal !== 'hook' || record.identified === undefined) continue
        const { agent, sessionId, name } = record.identified.event
        const hooks = record.profile?.hooks
        const brakes = hooks?.brakes ?? {}
        const handle = Object.hasOwn(brakes, name) ? brakes[name] : undefined
        const sessionKey = sessionKeyOf(agent, sessionId, batch.request.owner)
        const model = hooks?.model?.(record.record.body)
        if (model !== undefined) brake.told(sessionKey, model)
        const refusal = handle && brake.refusal(sessionKey, handle.step)
        if (handle === undefined || refusal === undefined) continue
        record.record = { ...record.record, refusal }
        batch.request.answerHook?.(handle.refuse(refusal.reason))
      }
      return next(batch)
    },
  }
}
