/**
 * The names of groups as numbers. Rows of past days are remembered, so the numbers of their names are as
 * well: adding up a year by commit then compares no texts.
 */
import type { UsageGroup } from '../domain/usage-group.ts'
import { type GroupNames, groupNames, type Name, type NamedBy } from './group-names.ts'
import type { UsageCells } from './usage-cells.ts'

export interface GroupColumn extends Pick<GroupNames, 'axis' | 'linkAt'> {
  /** Of what stands in the list of the axis, in its order; numbers count up from 0. */
  numbersIn(cells: UsageCells): Uint32Array
  nameOf(number: number): Name
  countNames(): number
}

export interface GroupColumns {
  of(group: UsageGroup, namedBy: NamedBy): GroupColumn
}

/** What names are found by, and the numbers that they have. */
export interface Naming extends NamedBy {
  readonly columns: GroupColumns
}

/** Groups of which numbers are remembered. */
const MAX_COLUMNS = 8
/** Names of one group. They outlive the rows that they were found in, some 100 bytes each. */
const MAX_NAMES = 250_000

export function createGroupColumns(maxNames = MAX_NAMES): GroupColumns {
  const known = new Map<string, { readonly foundBy: unknown; readonly column: GroupColumn }>()
  return {
    of: (group, namedBy) => {
      const found = known.get(group.name)
      const foundBy = finderOf(group, namedBy)
      const isFit =
        found !== undefined && found.foundBy === foundBy && found.column.countNames() <= maxNames
      const column = isFit ? found.column : createColumn(groupNames(group, namedBy))
      known.delete(group.name)
      known.set(group.name, { foundBy, column })
      const [oldest] = known.keys()
      if (known.size > MAX_COLUMNS && oldest !== undefined) known.delete(oldest)
      return column
    },
  }
}

/** What names depend on beside the rows. */
function finderOf({ source }: UsageGroup, { ticketOf, pullRequestOf }: NamedBy): unknown {
  if (source.of !== 'work') return undefined
  if (source.field === 'ticket') return ticketOf
  return source.field === 'pullRequest' ? pullRequestOf : undefined
}

function createColumn({ axis, nameAt, linkAt }: GroupNames): GroupColumn {
  const numbers = new Map<Name, number>()
  const names: Name[] = []
  /** By the list. */
  const remembered = new WeakMap<readonly unknown[], Uint32Array>()

  function numberOf(name: Name): number {
    const known = numbers.get(name)
    if (known !== undefined) return known
    const number = names.push(name) - 1
    numbers.set(name, number)
    return number
  }

  return {
    axis,
    linkAt,
    numbersIn: (cells) => {
      const list: readonly unknown[] = cells[axis]
      const known = remembered.get(list)
      if (known !== undefined) return known
      const found = Uint32Array.from(list, (_, place) => numberOf(nameAt(cells, place)))
      remembered.set(list, found)
      return found
    },
    nameOf: (number) => names[number] ?? null,
    countNames: () => names.length,
  }
}
