/**
 * Masks what is stored where it is safe to: through the bridge while one runs on the data folder, since
 * it holds sessions in memory, else in the store itself.
 */
import { filesInUse, LEFT_IN_FILES, nothingIsMasked } from '../api/failure.ts'
import type { Config } from '../config/config.ts'
import { ok, type Result } from '../domain/result.ts'
import type { MaskSettings } from '../processors/redact/record-masker.ts'
import type { Scrubbed, ScrubbedSession } from '../reports/scrub.ts'
import type { SessionPolicy } from '../sessions/policy.ts'
import { explainUse, openMaintenance, openScrubReader } from '../storage/beside.ts'
import type { Maintenance } from '../storage/maintenance.ts'
import { placeName, type StorePlace } from '../storage/store-place.ts'
import { configuredBridge, findBridge, otherStore } from './folder-bridge.ts'
import { failed, type Failure } from './outcome.ts'

export interface Scrubber {
  /** Keys of all sessions, the oldest first. */
  readonly keys: readonly string[]
  /** Undefined where the session has been deleted meanwhile. */
  session(key: string): Promise<Result<ScrubbedSession | undefined, Failure>>
  /** What belongs to no session, and the files; after all sessions. */
  beside(): Promise<Result<Scrubbed, Failure>>
  close(): Promise<void>
}

/** A look at what there is to mask: nothing is changed. */
export type ScrubPreview = Pick<Scrubber, 'keys' | 'session' | 'beside' | 'close'>

const NEXT = 'Stop that bridge, or give this command its settings (OTLP_RECEIVER_PORT, API_KEY).'

const NEXT_MASK = 'Set MASK=on for the bridge and restart it, or stop it.'

/** Undefined where running it again is all there is to do. */
function nextAfter(failure: string): string | undefined {
  if (failure.includes(LEFT_IN_FILES)) return undefined
  return failure.includes(nothingIsMasked.message) ? NEXT_MASK : NEXT
}

export async function openScrubPreview(
  place: StorePlace,
  settings: MaskSettings,
): Promise<Result<ScrubPreview, Failure>> {
  const [{ createStoredMasker }, { findSecrets, findSecretsBeside }] = await Promise.all([
    import('../processors/stored-masker.ts'),
    import('../reports/scrub.ts'),
  ])
  const opened = await openScrubReader(place)
  if (!opened.ok) return failed(opened.error)
  const store = opened.value
  const deps = { store, masker: createStoredMasker(settings) }
  return ok({
    keys: await store.sessionKeys(),
    session: async (key) => {
      const found = await findSecrets(deps, key)
      return ok(found && { ...found, key: deps.masker.text(key) })
    },
    beside: async () => ok(await findSecretsBeside(deps)),
    close: () => store.close(),
  })
}

export async function openScrubber(
  config: Config,
  settings: MaskSettings,
  policy: SessionPolicy,
): Promise<Result<Scrubber, Failure>> {
  const opened = await openMaintenance(config, { migrates: true })
  if (opened.ok) return ok(await localScrubber(opened.value, config, settings, policy))
  return opened.error.reason === 'in_use' ? bridgeScrubber(config) : failed(opened.error.message)
}

async function localScrubber(
  maintenance: Maintenance,
  place: StorePlace,
  settings: MaskSettings,
  policy: SessionPolicy,
): Promise<Scrubber> {
  const [{ createStoredMasker }, { scrubBeside, scrubSession }, { STATE_VERSION }] =
    await Promise.all([
      import('../processors/stored-masker.ts'),
      import('../reports/scrub.ts'),
      import('../sessions/state.ts'),
    ])
  const access = maintenance.scrub(STATE_VERSION)
  const { store, inputs } = access
  const deps = {
    ...{ store, inputs, policy },
    masker: createStoredMasker(settings),
    // Nobody else changes anything: the lock is held.
    exclusively: <T>(_key: string, change: () => Promise<T>): Promise<T> => change(),
  }

  async function explained<T>(
    work: () => Promise<Result<T, Failure>>,
  ): Promise<Result<T, Failure>> {
    try {
      return await work()
    } catch (error) {
      const expected = await explainUse(error, place)
      if (expected === undefined) throw error
      return failed(expected)
    }
  }

  return {
    keys: await store.sessionKeys(),
    session: (key) => explained(async () => ok(await scrubSession(deps, key))),
    beside: () =>
      explained(async () => {
        const scrubbed = await scrubBeside(deps)
        const rewritten = await access.rewriteFiles()
        return rewritten.ok ? ok(scrubbed) : failed(filesInUse(rewritten.error).message)
      }),
    close: () => maintenance.close(),
  }
}

async function bridgeScrubber(config: Config): Promise<Result<Scrubber, Failure>> {
  const bridge = configuredBridge(config)
  const failure = (what: string) =>
    failed(
      `a bridge uses ${placeName(config)}, and the one at ${bridge.address} ${what}`,
      nextAfter(what),
    )
  const found = await findBridge(bridge, config)
  if (!found.ok) return failure(found.error)
  if (found.value.folder === 'other') return failure(otherStore(config))
  const reader = await openScrubReader(config)
  if (!reader.ok) return failed(reader.error)
  const keys = await reader.value.sessionKeys()
  await reader.value.close()
  return ok({
    keys,
    session: async (key) => {
      const scrubbed = await bridge.scrubSession(key)
      return scrubbed.ok ? scrubbed : failure(scrubbed.error)
    },
    beside: async () => {
      const scrubbed = await bridge.scrub()
      return scrubbed.ok ? scrubbed : failure(scrubbed.error)
    },
    close: async () => {},
  })
}
