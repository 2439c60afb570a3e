/**
 * The dimensions that calls are counted under. A session has a bounded number of distinct sets, in
 * bytes as well (`name-table.ts`); calls beyond the bound share one set, in which every name is
 * `(other)`. Who says what a call cost is one of a few words, and stretches of work, with the projects
 * that they are of, are bounded by themselves, so none of these counts towards the bound.
 */
import { type CallDimensions, callDimensions } from '../../domain/call-dimensions.ts'
import { dimensionsKey, type UsageDimensions } from '../../domain/usage.ts'
import { entryOf, keyOf, OTHER_NAMES } from './name-table.ts'
import type { Totals } from './totals.ts'

/** The type of a subagent as long as nobody has told it. */
export const UNKNOWN_SUBAGENT = 'unknown'

const OTHERS: CallDimensions = Object.fromEntries(callDimensions.map((name) => [name, OTHER_NAMES]))

const NOTHING_KEY = dimensionsKey({})

/** The set that the session counts calls of these dimensions under; noted where it is new. */
export function countedDimensions(
  totals: Totals,
  told: CallDimensions,
  costSource: UsageDimensions['costSource'],
): UsageDimensions {
  const { segment, project, ...named } = told
  return {
    ...boundedDimensions(totals, named),
    ...(costSource !== undefined && { costSource }),
    ...(segment !== undefined && { segment }),
    ...(project !== undefined && { project }),
  }
}

function boundedDimensions(totals: Totals, told: CallDimensions): CallDimensions {
  const key = dimensionsKey(told)
  if (key === NOTHING_KEY) return told
  totals.dimensions ??= {}
  const isKept = keyOf(totals.dimensions, key) === key
  entryOf(totals.dimensions, key, () => 1)
  return isKept ? told : OTHERS
}
