/** Named keys and the audit log, for whoever administers the bridge. */
import type { FastifyInstance } from 'fastify'
import type { IssuedKey, KeyChanges, KeyRequest } from '../access/keys.ts'
import type { AuditLog, StoredKey } from '../domain/key-store.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { addEndpoint } from './api-route.ts'
import { api } from './contract/api.ts'
import type { IssuedAnswer } from './contract/keys.ts'
import { keyAnswerOf } from './key-answer.ts'

/** What may be done about keys. Errors are sentences for a person. */
export interface KeyManagement {
  list(): Promise<readonly StoredKey[]>
  create(request: KeyRequest): Promise<Result<IssuedKey, string>>
  rotate(nameOrId: string, overlapMs: number): Promise<Result<IssuedKey, string>>
  update(nameOrId: string, changes: KeyChanges): Promise<Result<StoredKey, string>>
  revoke(nameOrId: string): Promise<Result<StoredKey, string>>
}

export function addKeyRoutes(
  app: FastifyInstance,
  keys: KeyManagement,
  audit: Pick<AuditLog, 'list'>,
): void {
  addEndpoint(app, api.keys, async () => ok({ keys: (await keys.list()).map(keyAnswerOf) }))
  addEndpoint(app, api.createKey, async ({ body }) => issued(await keys.create(body)))
  addEndpoint(app, api.rotateKey, async ({ params: { key }, body }) =>
    issued(await keys.rotate(key, body.overlapS * 1000)),
  )
  addEndpoint(app, api.updateKey, async ({ params: { key }, body }) => {
    const updated = await keys.update(key, body)
    return updated.ok
      ? ok(keyAnswerOf(updated.value))
      : err({ code: 'conflict', message: updated.error })
  })
  addEndpoint(app, api.revokeKey, async ({ params: { key } }) => {
    const revoked = await keys.revoke(key)
    return revoked.ok
      ? ok(keyAnswerOf(revoked.value))
      : err({ code: 'not_found', message: revoked.error })
  })
  addEndpoint(app, api.audit, async ({ query: { cursor, limit } }) => {
    const found = await audit.list(cursor === undefined ? undefined : Number(cursor), limit + 1)
    const entries = found.slice(0, limit).map(({ target = null, ...entry }) => {
      return { ...entry, target }
    })
    const last = entries.at(-1)
    const hasMore = found.length > limit && last !== undefined
    return ok({ entries, nextCursor: hasMore ? String(last.id) : null })
  })
}

function issued(made: Result<IssuedKey, string>) {
  if (!made.ok) return err({ code: 'conflict', message: made.error } as const)
  const { key, text } = made.value
  return ok<IssuedAnswer>({ key: keyAnswerOf(key), secret: text })
}
