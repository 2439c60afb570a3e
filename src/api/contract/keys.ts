/** Named keys, and the audit log. */
import { z } from 'zod'
import { count, timeMs } from './quantities.ts'

export const scope = z.enum(['ingest', 'read:own', 'read:team', 'read:all', 'admin'])

const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'expected 1 to 64 of A-Z, a-z, 0-9, ".", "_" and "-"')
/** What no name is made of and what engines do not keep alike: controls, half a surrogate pair. */
const NOT_TEXT = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u
const owner = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .refine((text) => !NOT_TEXT.test(text), 'expected text without control characters')
const limit = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER)

export const keyBody = z
  .object({
    name,
    scopes: z.array(scope).min(1),
    /** What is sent under the key is this team's, and no other's. */
    team: owner.optional(),
    /** Whose it is; shown where the client names nobody. */
    user: owner.optional(),
    expiresMs: timeMs.optional(),
    recordsPerMinute: limit.optional(),
    bytesPerDay: limit.optional(),
  })
  .meta({ id: 'NewKey' })
export type KeyBody = z.output<typeof keyBody>

export const rotateBody = z
  .object({
    /** How much longer the secret before counts, in seconds; a day unless told otherwise. */
    overlapS: z.number().min(0).max(31_536_000).default(86_400),
  })
  .meta({ id: 'Rotation' })

/** What is left out stays; null is no limit, or no end. */
export const keyChange = z
  .object({
    recordsPerMinute: limit.nullable().optional(),
    bytesPerDay: limit.nullable().optional(),
    expiresMs: timeMs.nullable().optional(),
  })
  .refine((change) => Object.values(change).some((value) => value !== undefined), {
    error: 'expected recordsPerMinute, bytesPerDay or expiresMs',
  })
  .meta({ id: 'KeyChange' })
export type KeyChange = z.output<typeof keyChange>

/** A key without its secret. */
export const keyAnswer = z
  .object({
    id: z.string(),
    name: z.string(),
    scopes: z.array(scope),
    team: z.string().nullable(),
    user: z.string().nullable(),
    recordsPerMinute: count.nullable(),
    bytesPerDay: count.nullable(),
    createdMs: timeMs,
    expiresMs: timeMs.nullable(),
    revokedMs: timeMs.nullable(),
    /** Written about once a minute. */
    lastUsedMs: timeMs.nullable(),
    /** Secrets that count at present, with when those that were replaced end. */
    secrets: z.array(z.object({ createdMs: timeMs, expiresMs: timeMs.nullable() })),
  })
  .meta({ id: 'Key' })
export type KeyAnswer = z.infer<typeof keyAnswer>

export const keysAnswer = z.object({ keys: z.array(keyAnswer) }).meta({ id: 'Keys' })
export type KeysAnswer = z.infer<typeof keysAnswer>

export const issuedAnswer = z
  .object({
    key: keyAnswer,
    /** The key itself, to be sent as a bearer token. It is told this once. */
    secret: z.string(),
  })
  .meta({ id: 'IssuedKey' })
export type IssuedAnswer = z.infer<typeof issuedAnswer>

export const auditQuery = z.object({
  cursor: z
    .string()
    .regex(/^\d{1,15}$/)
    .optional()
    .meta({ description: 'of the answer before' }),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
})

export const auditAnswer = z
  .object({
    /** The newest first. */
    entries: z.array(
      z.object({
        id: z.number(),
        atMs: timeMs,
        actor: z.string(),
        action: z.string(),
        target: z.string().nullable(),
        outcome: z.enum(['done', 'refused', 'failed']),
      }),
    ),
    nextCursor: z.string().nullable(),
  })
  .meta({ id: 'Audit' })
export type AuditAnswer = z.infer<typeof auditAnswer>
