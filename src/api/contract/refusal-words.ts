/** How what was refused is told: nobody has to do anything about an agent's own concerns. Pure. */
import { isToActOn } from '../../domain/refusal.ts'
import type { Delivery } from './delivery.ts'

type Refused = Delivery['ingest']['refused']

/** `unknown agent`, `internal to an agent`. */
export function refusalName(reason: string): string {
  return isToActOn(reason) ? reason.replaceAll('_', ' ') : 'internal to an agent'
}

/** What is to be done first, each in its order. */
export function byUrgency(refused: Refused): Refused {
  return [...toActOn(refused), ...internal(refused)]
}

/** How a count of one is coloured. */
export function refusalTone(reason: string): 'bad' | 'faint' {
  return isToActOn(reason) ? 'bad' : 'faint'
}

/** Records that are internal to an agent. */
export function internalRecords(refused: Refused): number {
  return internal(refused).reduce((sum, { count }) => sum + count, 0)
}

function toActOn(refused: Refused): Refused {
  return refused.filter(({ reason }) => isToActOn(reason))
}

function internal(refused: Refused): Refused {
  return refused.filter(({ reason }) => !isToActOn(reason))
}
