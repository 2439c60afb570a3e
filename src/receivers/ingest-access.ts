/** Who may send telemetry, and under whose name it is kept. */
import { allows, type Owner, type Principal } from '../domain/access.ts'
import { ownerProblem } from '../domain/identity.ts'
import { err, ok, type Result } from '../domain/result.ts'
import {
  type Failure,
  keysUnread,
  mayNotSend,
  quotaExceeded,
  unauthenticated,
  unusableOwner,
} from './errors.ts'
import type { KeyQuotas } from './key-quotas.ts'
import type { KeyRing } from './key-ring.ts'

/** Whoever sends a request. */
export interface Sender {
  /** Absent where the key has neither team nor user, or there is none. */
  readonly owner?: Owner | undefined
  /** Of a named key. */
  readonly keyName?: string | undefined
  /** Notes what a request brought. */
  charge?(used: { readonly records: number; readonly bytes: number }): void
}

/** Takes an `Authorization` header. */
export type IngestCheck = (authorization: string | undefined) => Promise<Result<Sender, Failure>>

const anybody: Sender = {}

/**
 * Without API_KEY and named keys whoever reaches the bridge may send, whatever key he brings. With
 * one of them a key is needed; one that was revoked is as good as none.
 */
export function createIngestCheck(apiKey: string | undefined, ring: KeyRing): IngestCheck {
  return async (authorization) => {
    const identified = await ring.lookUp(authorization)
    if (identified.kind !== 'principal') {
      const isNamed = identified.kind === 'unknown' && identified.isNamed
      if (!ring.isLoaded() || (isNamed && !ring.isCurrent())) return err(keysUnread)
      const isOpen = apiKey === undefined && !ring.hasKeys() && !isNamed
      return isOpen ? ok(anybody) : err(unauthenticated)
    }
    const { principal } = identified
    return allows(principal, 'ingest') ? senderFor(principal, ring.quotas) : err(mayNotSend)
  }
}

function senderFor(
  { keyId, name: keyName, team, user }: Principal,
  quotas: KeyQuotas,
): Result<Sender, Failure> {
  if (keyId === undefined) return ok(anybody)
  const exceeded = quotas.exceeded(keyId)
  if (exceeded !== undefined) return err(quotaExceeded(exceeded))
  const charge: Sender['charge'] = (used) => quotas.charge(keyId, used)
  if (team === undefined && user === undefined) return ok({ keyName, charge })
  const owner = { team, user }
  const problem = ownerProblem(owner)
  return problem === undefined ? ok({ keyName, owner, charge }) : err(unusableOwner(problem))
}
