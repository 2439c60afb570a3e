/** Where a session spent money or time to no purpose, from all that is stored of it. */
import type { Waste } from '../../api/contract/waste.ts'
import type { PriceOf } from '../../domain/price.ts'
import { cutName } from '../answer-bounds.ts'
import type { Pause } from '../pause.ts'
import type { SessionFolds } from '../session-folds.ts'
import { createFactGathering } from './facts.ts'
import { findingsOf } from './findings.ts'

/** A file or a tool each. */
const MAX_FINDINGS = 100

export interface WasteOfDeps {
  readonly folds: SessionFolds
  readonly pause: Pause
  readonly priceOf: PriceOf | undefined
}

/** Undefined where there is no such session. */
export async function wasteOf(
  { folds, pause, priceOf }: WasteOfDeps,
  sessionKey: string,
): Promise<Waste | undefined> {
  const told = await folds.tell(sessionKey, 'waste', () => createFactGathering(priceOf), pause)
  if (told === undefined) return undefined
  const facts = told.gathered.facts(told.closing.emissions)
  const findings = findingsOf(facts, priceOf)
  return {
    findings: findings.slice(0, MAX_FINDINGS).map((finding) => {
      return { ...finding, subject: cutName(finding.subject) }
    }),
    omitted: Math.max(0, findings.length - MAX_FINDINGS),
    isPartial: facts.isCut,
  }
}
