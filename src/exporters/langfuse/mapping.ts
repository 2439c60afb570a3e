/**
 * The name of an environment as Langfuse accepts it: lower case, at most 40 of `a-z0-9-_`,
 * not beginning with "langfuse" (facts of 4.16).
 */

const MAX_LENGTH = 40
const FALLBACK = 'default'

/** The first candidate with a usable name, made acceptable; `default` when none has one. */
export function environmentName(...candidates: readonly (string | undefined)[]): string {
  for (const candidate of candidates) {
    const name = sanitise(candidate ?? '')
    if (name !== '' && !name.startsWith('langfuse')) return name
  }
  return FALLBACK
}

/** `Production (EU)` becomes `production-eu`. */
function sanitise(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, MAX_LENGTH)
    .replace(/-+$/, '')
}

// What an installation adds to every span and score.

export interface MappingConfig {
  /** Environment of emissions that name none; sanitised like theirs. */
  readonly environment?: string | undefined
  /** Shown as the release of every span. */
  readonly release?: string | undefined
  /** Estimated costs go as costs, and not as metadata alone. */
  readonly sendEstimates?: boolean | undefined
  /** Version of this product: the version of the instrumentation scope. */
  readonly productVersion: string
}

/** The name this product gives itself: in headers, as instrumentation scope, as service. */
export const PRODUCT_NAME = 'claude-telemetry'
