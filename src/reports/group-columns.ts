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
  /** Of sessions without a call, by the list of sessions; undefined where such have no name. */
  sessionNumbersIn(cells: UsageCells): Uint32Array | undefined
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

function createColumn({ axis, nameAt, linkAt, sessionNameAt }: GroupNames): GroupColumn {
  const numbers = new Map<Name, number>()
  const names: Name[] = []
  /** By the list. */
  const remembered = new WeakMap<readonly unknown[], Uint32Array>()
  const ofSessions =
    sessionNameAt === nameAt ? remembered : new WeakMap<readonly unknown[], Uint32Array>()

  function numberOf(name: Name): number {
    const known = numbers.get(name)
    if (known !== undefined) return known
    const number = names.push(name) - 1
    numbers.set(name, number)
    return number
  }

  function numbersBy(
    known: WeakMap<readonly unknown[], Uint32Array>,
    list: readonly unknown[],
    nameOf: (place: number) => Name,
  ): Uint32Array {
    const before = known.get(list)
    if (before !== undefined) return before
    const found = Uint32Array.from(list, (_, place) => numberOf(nameOf(place)))
    known.set(list, found)
    return found
  }

  return {
    axis,
    linkAt,
    numbersIn: (cells) => numbersBy(remembered, cells[axis], (place) => nameAt(cells, place)),
    sessionNumbersIn: (cells) =>
      sessionNameAt &&
      numbersBy(ofSessions, cells.sessions, (place) => sessionNameAt(cells, place)),
    nameOf: (number) => names[number] ?? null,
    countNames: () => names.length,
  }
}
