/** What an origin is found by, so that each is stored once. */
import { createHash } from 'node:crypto'
import type { Origin } from '../domain/telemetry-record.ts'

/** Scope and resource as JSON: equal for equal origins. */
export interface OriginContent {
  readonly scope: string
  readonly resource: string
}

export function contentOf({ resource, scopeName, scopeVersion }: Origin): OriginContent {
  return {
    scope: JSON.stringify([scopeName, scopeVersion]),
    resource: JSON.stringify(resource),
  }
}

export function hashOf({ scope, resource }: OriginContent): string {
  return createHash('sha256').update(scope).update(resource).digest('base64url')
}
