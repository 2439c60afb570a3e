/** Times to the first token by model, which a session's totals hold for all models together. */
import type { Arrival } from '../domain/store.ts'
import { type Distribution, emptyDistribution, quantile, record } from '../session/distribution.ts'

/** More names than that are no models. */
const MAX_MODELS = 200

export interface FirstTokens {
  add(arrivals: readonly Arrival[]): void
  /** Of a model's calls. */
  medianMs(model: string): number | undefined
}

export function createFirstTokens(): FirstTokens {
  const models = new Map<string, Distribution>()

  return {
    add: (arrivals) => {
      for (const { item } of arrivals) {
        if (item.kind !== 'model_call' || item.ttftMs === undefined) continue
        const known = models.get(item.model)
        if (known === undefined && models.size >= MAX_MODELS) continue
        const times = known ?? emptyDistribution()
        models.set(item.model, times)
        record(times, item.ttftMs)
      }
    },
    medianMs: (model) => {
      const times = models.get(model)
      return times && quantile(times, 0.5)
    },
  }
}
