/** Sets of dimensions by their ids. A set never changes, so it is read once. */
import type { UsageDimensions } from '../../../domain/usage.ts'
import { createBoundedMap } from '../../bounded-map.ts'
import type { ReadConnection } from '../connection.ts'
import { prepare } from '../prepared.ts'
import { dimensionsOf } from '../../stored-rows.ts'

/** Some hundred bytes each. */
const MAX_REMEMBERED = 10_000

/** One object for each id; a further one for an id that was forgotten meanwhile. */
export type DimensionSetOf = (ref: number) => UsageDimensions

export function createDimensionSets(connection: ReadConnection): DimensionSetOf {
  const known = createBoundedMap<number, UsageDimensions>(MAX_REMEMBERED)
  const find = prepare(connection, ({ ref }: { ref: number }) =>
    connection.kysely.selectFrom('usage_dimensions').select('key').where('id', '=', ref),
  )
  return (ref) => {
    const found = known.get(ref)
    if (found !== undefined) return found
    const row = find.get({ ref })
    const set = row === undefined ? {} : dimensionsOf(row.key)
    known.set(ref, set)
    return set
  }
}
