/**
 * Keys and the audit log of the configured data folder, for commands: through the bridge while one
 * runs on it, else in the store itself.
 */
import { createKey, type KeyRequest, revokeKey, rotateKey, updateKey } from '../access/keys.ts'
import type { AuditAnswer, IssuedAnswer, KeyAnswer, KeyChange } from '../api/contract/keys.ts'
import { keyAnswerOf } from '../api/key-answer.ts'
import type { Config } from '../config/config.ts'
import { ok, type Result } from '../domain/result.ts'
import { explainUse, openMaintenance } from '../storage/beside.ts'
import type { Maintenance } from '../storage/maintenance.ts'
import type { StorePlace } from '../storage/store-place.ts'
import {
  configuredBridge,
  failedAtBridge,
  failedToOpen,
  findBridge,
  otherStore,
} from './folder-bridge.ts'
import { failed, type Failure } from './outcome.ts'

export interface KeyAccess {
  list(): Promise<Result<readonly KeyAnswer[], Failure>>
  create(request: KeyRequest): Promise<Result<IssuedAnswer, Failure>>
  rotate(nameOrId: string, overlapS: number): Promise<Result<IssuedAnswer, Failure>>
  update(nameOrId: string, change: KeyChange): Promise<Result<KeyAnswer, Failure>>
  revoke(nameOrId: string): Promise<Result<KeyAnswer, Failure>>
  /** The newest first. */
  audit(limit: number): Promise<Result<AuditAnswer['entries'], Failure>>
  close(): Promise<void>
}

/** As the audit log names what a command did by itself. */
const ACTOR = 'command line'
const MAX_PAGE = 1000

export async function openKeyAccess(
  config: Config,
  now: () => number,
): Promise<Result<KeyAccess, Failure>> {
  const opened = await openMaintenance(config, { migrates: true })
  if (opened.ok) return ok(inStore(opened.value, config, now))
  if (opened.error.reason !== 'in_use') {
    return failedToOpen(opened.error, config)
  }
  const bridge = configuredBridge(config)
  const failure = (error: string) => failedAtBridge(config, bridge, error)
  const found = await findBridge(bridge, config)
  if (!found.ok) return failure(found.error)
  if (found.value.folder === 'other') return failure(otherStore(config))
  const told = <T>(answer: Result<T, string>) => (answer.ok ? answer : failure(answer.error))
  return ok({
    list: async () => {
      const answer = await bridge.keys()
      return answer.ok ? ok(answer.value.keys) : failure(answer.error)
    },
    create: async (request) =>
      told(await bridge.createKey({ ...request, scopes: [...request.scopes] })),
    rotate: async (nameOrId, overlapS) => told(await bridge.rotateKey(nameOrId, overlapS)),
    update: async (nameOrId, change) => told(await bridge.updateKey(nameOrId, change)),
    revoke: async (nameOrId) => told(await bridge.revokeKey(nameOrId)),
    audit: async (limit) => {
      const entries: AuditAnswer['entries'] = []
      let cursor: string | undefined
      do {
        const asked = Math.min(MAX_PAGE, limit - entries.length)
        const page = await bridge.audit(cursor, asked)
        if (!page.ok) return failure(page.error)
        entries.push(...page.value.entries)
        cursor = page.value.nextCursor ?? undefined
      } while (cursor !== undefined && entries.length < limit)
      return ok(entries)
    },
    close: async () => {},
  })
}

function inStore(
  { keys, audit, close }: Pick<Maintenance, 'keys' | 'audit' | 'close'>,
  place: StorePlace,
  now: () => number,
): KeyAccess {
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

  async function noted(action: string, target: string): Promise<void> {
    await audit.append([{ atMs: now(), actor: ACTOR, action, target, outcome: 'done' }])
  }

  async function issued(
    action: string,
    target: string,
    work: ReturnType<typeof createKey>,
  ): Promise<Result<IssuedAnswer, Failure>> {
    const made = await work
    if (!made.ok) return failed(made.error)
    await noted(action, target)
    return ok({ key: keyAnswerOf(made.value.key), secret: made.value.text })
  }

  async function changed(
    action: string,
    target: string,
    work: ReturnType<typeof revokeKey>,
  ): Promise<Result<KeyAnswer, Failure>> {
    const done = await work
    if (!done.ok) return failed(done.error)
    await noted(action, target)
    return ok(keyAnswerOf(done.value))
  }

  return {
    list: () => explained(async () => ok((await keys.list()).map(keyAnswerOf))),
    create: (request) =>
      explained(() => issued('createKey', request.name, createKey(keys, request, now()))),
    rotate: (nameOrId, overlapS) =>
      explained(() =>
        issued('rotateKey', nameOrId, rotateKey(keys, nameOrId, overlapS * 1000, now())),
      ),
    update: (nameOrId, change) =>
      explained(() => changed('updateKey', nameOrId, updateKey(keys, nameOrId, change, now()))),
    revoke: (nameOrId) =>
      explained(() => changed('revokeKey', nameOrId, revokeKey(keys, nameOrId, now()))),
    audit: (limit) =>
      explained(async () =>
        ok(
          (await audit.list(undefined, limit)).map(({ target = null, ...entry }) => {
            return { ...entry, target }
          }),
        ),
      ),
    close: () => close(),
  }
}
