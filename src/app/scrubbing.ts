/** Masks what a running bridge has stored, beside its intake. */
import { filesInUse, type WebFailure } from '../api/failure.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { createStoredMasker } from '../processors/stored-masker.ts'
import type { MaskSettings } from '../processors/redact/record-masker.ts'
import { type Scrubbed, type ScrubbedSession, scrubBeside, scrubSession } from '../reports/scrub.ts'
import type { SessionHandler } from '../sessions/handler.ts'
import type { SessionPolicy } from '../sessions/policy.ts'
import type { Store } from '../storage/store.ts'

export interface Scrubbing {
  /** Undefined where there is no such session. */
  session(key: string): Promise<ScrubbedSession | undefined>
  /** What belongs to no session; then nothing of what was masked is left in the files, or the error says why. */
  beside(): Promise<Result<Scrubbed, WebFailure>>
}

export interface ScrubbingDeps {
  readonly settings: MaskSettings
  readonly policy: SessionPolicy
  readonly store: Pick<Store<unknown>, 'scrub'>
  readonly exclusively: SessionHandler['exclusively']
}

/** Undefined where nothing is masked. */
export function createScrubbing(deps: ScrubbingDeps): Scrubbing | undefined {
  const { settings, policy, store, exclusively } = deps
  if (settings.mode === 'off') return undefined
  const { scrub } = store
  const scrubDeps = {
    store: scrub.store,
    inputs: scrub.inputs,
    masker: createStoredMasker(settings),
    policy,
    exclusively,
  }
  return {
    session: async (key) => {
      const scrubbed = await scrubSession(scrubDeps, key)
      if (scrubbed?.isChanged === true) scrub.done()
      return scrubbed
    },
    beside: async () => {
      const scrubbed = await scrubBeside(scrubDeps)
      const rewritten = await scrub.rewriteFiles()
      scrub.done()
      return rewritten.ok ? ok(scrubbed) : err(filesInUse(rewritten.error))
    },
  }
}
