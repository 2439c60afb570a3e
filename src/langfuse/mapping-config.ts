/**
 * What an installation adds to every span and score.
 */

export interface MappingConfig {
  /** Environment of emissions that name none; sanitised like theirs. */
  readonly environment?: string | undefined
  /** Shown as the release of every span. */
  readonly release?: string | undefined
  /** Version of this product: the version of the instrumentation scope. */
  readonly productVersion: string
}
