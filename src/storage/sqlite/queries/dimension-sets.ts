/** Sets of dimensions by their ids. A set never changes, so it is read once. */
import type { CostSource } from '../../../domain/agent-event.ts'
import type { UsageDimensions } from '../../../domain/usage.ts'
import { createBoundedMap } from '../bounded-map.ts'
import type { ReadConnection } from '../connection.ts'
import { prepare } from '../prepared.ts'
import type { UsageDimensionsTable } from '../schema.ts'

/** Some hundred bytes each. */
const MAX_REMEMBERED = 10_000

/** One object for each id; a further one for an id that was forgotten meanwhile. */
export type DimensionSetOf = (ref: number) => UsageDimensions

export function createDimensionSets(connection: ReadConnection): DimensionSetOf {
  const known = createBoundedMap<number, UsageDimensions>(MAX_REMEMBERED)
  const find = prepare(connection, ({ ref }: { ref: number }) =>
    connection.kysely.selectFrom('usage_dimensions').selectAll().where('id', '=', ref),
  )
  return (ref) => {
    const found = known.get(ref)
    if (found !== undefined) return found
    const row = find.get({ ref })
    const set = row === undefined ? {} : dimensionsOf(row)
    known.set(ref, set)
    return set
  }
}

export function dimensionsOf(row: Omit<UsageDimensionsTable, 'id'>): UsageDimensions {
  return {
    ...(row.query_source !== null && { querySource: row.query_source }),
    ...(row.subagent_type !== null && { subagentType: row.subagent_type }),
    ...(row.skill !== null && { skill: row.skill }),
    ...(row.mcp_server !== null && { mcpServer: row.mcp_server }),
    ...(row.plugin !== null && { plugin: row.plugin }),
    ...(row.effort !== null && { effort: row.effort }),
    ...(row.workflow !== null && { workflow: row.workflow }),
    ...(row.cost_source !== null && { costSource: row.cost_source as CostSource | 'metrics' }),
  }
}
