/**
 * Rows that many others point at, each stored once by its content: origins, policies, sets of
 * dimensions. They are never deleted, so their numbers are remembered. Made in a statement of their own
 * before a transaction, so that no commit waits for another one's.
 */
import { dimensionsKey, type UsageDimensions } from '../../domain/usage.ts'
import type { Origin } from '../../domain/telemetry-record.ts'
import { createBoundedMap } from '../bounded-map.ts'
import { contentOf, hashOf } from '../origin-content.ts'
import type { Statements } from './connection.ts'
import { plainText, sha256 } from './stored-values.ts'
import { insertRows, type Row } from './values-list.ts'

const MAX_REMEMBERED = 2_000

export interface ReferenceRows {
  origins(origins: Iterable<Origin>): Promise<ReadonlyMap<Origin, number>>
  dimensions(
    statements: Statements,
    sets: Iterable<UsageDimensions>,
  ): Promise<ReadonlyMap<UsageDimensions, number>>
  policy(text: string): Promise<number>
  /** They were changed behind its back. */
  forget(): void
}

interface Table {
  readonly name: 'origins' | 'policies' | 'usage_dimensions'
  readonly columns: readonly string[]
}

const ORIGINS: Table = {
  name: 'origins',
  columns: ['hash', 'scope_name', 'scope_version', 'resource'],
}
const POLICIES: Table = { name: 'policies', columns: ['hash', 'policy'] }
const DIMENSIONS: Table = { name: 'usage_dimensions', columns: ['hash', 'key'] }

export function createReferenceRows(statements: Statements): ReferenceRows {
  const known = createBoundedMap<string, number>(MAX_REMEMBERED)

  /** Numbers by hash; rows that are missing are made. In the order of hashes: nobody waits in a circle. */
  async function refs(
    { name, columns }: Table,
    rows: ReadonlyMap<string, Row>,
    asked: Statements = statements,
  ): Promise<ReadonlyMap<string, number>> {
    const found = new Map<string, number>()
    const find = async (): Promise<readonly string[]> => {
      const missing = [...rows.keys()].filter((hash) => !found.has(hash)).sort()
      if (missing.length === 0) return []
      const rowsFound = await asked.query<{ readonly id: number; readonly hash: string }>(
        `select id, hash from ${name} where hash = any($1)`,
        [missing],
      )
      for (const { id, hash } of rowsFound) {
        found.set(hash, id)
        known.set(`${name} ${hash}`, id)
      }
      return missing.filter((hash) => !found.has(hash))
    }
    for (const hash of rows.keys()) {
      const id = known.get(`${name} ${hash}`)
      if (id !== undefined) found.set(hash, id)
    }
    const missing = await find()
    if (missing.length > 0) {
      const added = missing.map((hash): Row => [hash, ...(rows.get(hash) ?? [])])
      await insertRows(asked, name, columns, added, 'on conflict (hash) do nothing')
      await find()
    }
    return found
  }

  return {
    origins: async (origins) => {
      const hashes = new Map<Origin, string>()
      const rows = new Map<string, Row>()
      for (const origin of new Set(origins)) {
        const content = contentOf(origin)
        const hash = hashOf(content)
        hashes.set(origin, hash)
        const { scopeName, scopeVersion } = origin
        rows.set(hash, [plainText(scopeName), plainText(scopeVersion), content.resource])
      }
      const found = await refs(ORIGINS, rows)
      return new Map([...hashes].map(([origin, hash]) => [origin, found.get(hash) as number]))
    },
    dimensions: async (asked, sets) => {
      const hashes = new Map<UsageDimensions, string>()
      const rows = new Map<string, Row>()
      for (const set of new Set(sets)) {
        const key = dimensionsKey(set)
        const hash = sha256(key)
        hashes.set(set, hash)
        rows.set(hash, [key])
      }
      const found = await refs(DIMENSIONS, rows, asked)
      return new Map([...hashes].map(([set, hash]) => [set, found.get(hash) as number]))
    },
    policy: async (text) => {
      const hash = sha256(text)
      return (await refs(POLICIES, new Map([[hash, [text]]]))).get(hash) as number
    },
    forget: () => known.clear(),
  }
}
