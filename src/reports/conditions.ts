/**
 * Filters by groups: what counts are the calls that a report of that group has under that name, so that a
 * filter and the row of a report tell the same figures.
 */
import type { Filter } from '../api/contract/filter.ts'
import { type UsageGroup, usageGroupOf } from '../domain/usage-group.ts'
import { labelWithin, nameWithin } from '../processors/bounded-name.ts'
import { MAX_WORK_NAME } from '../sessions/work/work-state.ts'
import type { UsageSlice } from '../storage/usage-slice.ts'
import { attributesFor, type NamingDeps, namingFor } from './group-naming.ts'
import { matchingCells, type NamedConditions, type OnlyNames } from './group-use.ts'
import type { UsageCells } from './usage-cells.ts'

export interface Conditions extends NamedConditions {
  /** Resource attributes that they ask for. */
  readonly attributeKeys: readonly string[]
  /** Another one where the same condition may mean something else. */
  readonly key: string
}

/** What `group=name` conditions mean; undefined where there are none. Nothing behind `=` is what has no name. */
export async function conditionsOf(
  deps: NamingDeps,
  where: readonly string[] = [],
): Promise<Conditions | undefined> {
  if (where.length === 0) return undefined
  const only = where.map((text): OnlyNames => {
    const at = text.indexOf('=')
    const group = usageGroupOf(text.slice(0, at))
    if (group === undefined) throw new Error(`there is no group in "${text}"`)
    const name = text.slice(at + 1)
    const kept = keptForms(group, name)
    return { group, isAsked: (each) => kept.has(each ?? '') }
  })
  const groups = only.map(({ group }) => group)
  const { naming, version } = await namingFor(deps, groups)
  return {
    only,
    naming,
    attributeKeys: attributesFor(groups),
    key: JSON.stringify([where, version]),
  }
}

/**
 * A question of calls as conditions ask it: those for a project, in whichever sessions, and not the sessions
 * that are of it by now.
 */
export function askedOfCalls<Asked extends Pick<Filter, 'project' | 'where'>>(asked: Asked): Asked {
  const { project, where = [] } = asked
  if (project === undefined) return asked
  return { ...asked, project: undefined, where: [...where, `project=${project}`] }
}

/** A name as it may be kept: whole, or cut when it arrived. */
function keptForms({ source }: UsageGroup, name: string): ReadonlySet<string> {
  const forms = [name, nameWithin(name), labelWithin(name)]
  return new Set(source.of === 'work' ? [...forms, name.slice(0, MAX_WORK_NAME)] : forms)
}

/** What of a slice fulfils them. */
export function matchingIn(
  slice: UsageSlice,
  cells: UsageCells,
  conditions: Conditions,
): Pick<UsageSlice, 'sessions' | 'models'> {
  const { sessions, rows } = matchingCells(cells, conditions)
  return { sessions, models: [...rows].flatMap((row) => slice.models[row] ?? []) }
}
