/** The refusals of one request, gathered part by part in bounded memory. */
import type { Rejection } from '../domain/rejection.ts'

/** Refusals that keep a message of their own. */
const MAX_DESCRIBED = 100
const MAX_COUNTED = 1_000_000

export interface Rejections {
  add(rejected: readonly Rejection[]): void
  all(): readonly Rejection[]
}

export function createRejections(): Rejections {
  const all: Rejection[] = []
  const undescribed = new Map<Rejection['reason'], Rejection>()

  function bounded(rejection: Rejection): Rejection {
    if (all.length < MAX_DESCRIBED) return rejection
    const { reason } = rejection
    const known = undescribed.get(reason) ?? rejection
    undescribed.set(reason, known)
    return known
  }

  return {
    add: (rejected) => {
      for (const rejection of rejected) if (all.length < MAX_COUNTED) all.push(bounded(rejection))
    },
    all: () => all,
  }
}
