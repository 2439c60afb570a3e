/**
 * How long to leave a failing server alone: exponential with full jitter, so that many bridges
 * that lost the same server do not come back together.
 */
import type { DeliveryLimits } from './limits.ts'

/** Full jitter may say 0; this keeps an unlucky row of them from being a busy loop. */
const SHORTEST_MS = 100

/** Wait before the next try after `failures` in a row (1 or more); `random` gives [0, 1). */
export function backoffMs(
  failures: number,
  random: () => number,
  limits: Pick<DeliveryLimits, 'backoffFirstMs' | 'backoffLongestMs'>,
): number {
  const { backoffFirstMs, backoffLongestMs } = limits
  const ceilingMs = Math.min(backoffFirstMs * 2 ** (failures - 1), backoffLongestMs)
  return Math.max(SHORTEST_MS, random() * ceilingMs)
}
