/** Under which name of a group calls count. */
import type { TicketOf } from '../domain/ticket.ts'
import {
  ATTRIBUTE_NAMES,
  type GroupSource,
  type UsageGroup,
  type WorkField,
} from '../domain/usage-group.ts'
import { commitUrl } from '../domain/work.ts'
import type { ActiveSession } from '../storage/usage-slice.ts'
import type { PullRequestOf } from './pull-requests.ts'
import type { Axis, Stretch, UsageCells } from './usage-cells.ts'

/** null is what names none. */
export type Name = string | null

/** What names are found by, beside what is stored of each session. */
export interface NamedBy {
  readonly ticketOf: TicketOf
  readonly pullRequestOf: PullRequestOf
}

export interface GroupNames {
  /** The list of cells that the names are of. */
  readonly axis: Axis
  /** Of what stands at a place of that list. */
  readonly nameAt: (cells: UsageCells, place: number) => Name
  /** Where that name leads; null where it leads nowhere. */
  readonly linkAt: (cells: UsageCells, place: number) => string | null
  /** Of a session without a call, by its place; absent where it has none. */
  readonly sessionNameAt?: (cells: UsageCells, place: number) => Name
}

export function groupNames({ source }: UsageGroup, namedBy: NamedBy): GroupNames {
  const nowhere = () => null
  switch (source.of) {
    case 'model':
      return {
        axis: 'models',
        nameAt: ({ models }, place) => models[place] ?? null,
        linkAt: nowhere,
      }
    case 'call':
      return {
        axis: 'sets',
        nameAt: ({ sets }, place) => sets[place]?.[source.dimension] ?? null,
        linkAt: nowhere,
      }
    case 'session':
    case 'attribute': {
      const nameAt = (cells: UsageCells, place: number): Name => {
        const session = cells.sessions[place]
        return session === undefined ? null : nameOfSession(source, cells, session)
      }
      return { axis: 'sessions', nameAt, linkAt: nowhere, sessionNameAt: nameAt }
    }
    case 'project':
      return {
        axis: 'stretches',
        nameAt: ({ stretches }, place) => stretches[place]?.project ?? null,
        linkAt: nowhere,
        sessionNameAt: ({ sessions }, place) => sessions[place]?.project ?? null,
      }
    case 'work':
      return workNames(source.field, namedBy)
  }
}

function nameOfSession(
  source: Extract<GroupSource, { readonly of: 'session' | 'attribute' }>,
  cells: UsageCells,
  session: ActiveSession,
): Name {
  if (source.of === 'attribute') return attributeOf(cells, session, source.keys)
  return session[source.field === 'user' ? 'userId' : source.field] ?? null
}

function attributeOf(cells: UsageCells, { id }: ActiveSession, keys: readonly string[]): Name {
  const attributes = cells.attributes.get(id)
  if (attributes === undefined) return null
  for (const key of keys) {
    const value = Object.hasOwn(attributes, key) ? attributes[key] : undefined
    if (value !== undefined && value !== '') return value
  }
  return null
}

/** Sessions of earlier versions have what they were labelled with. */
function workNames(field: WorkField, { ticketOf, pullRequestOf }: NamedBy): GroupNames {
  const repositoryOf = (cells: UsageCells, { session, work }: Stretch): Name =>
    work?.repository ?? attributeOf(cells, session, ATTRIBUTE_NAMES.repository)
  const branchOf = (cells: UsageCells, { session, work }: Stretch): Name =>
    work === undefined ? attributeOf(cells, session, ATTRIBUTE_NAMES.branch) : (work.branch ?? null)

  function nameOf(cells: UsageCells, stretch: Stretch): Name {
    switch (field) {
      case 'repository':
        return repositoryOf(cells, stretch)
      case 'branch':
        return branchOf(cells, stretch)
      case 'ticket': {
        const branch = branchOf(cells, stretch)
        return branch === null ? null : (ticketOf(branch) ?? null)
      }
      case 'pullRequest':
        return pullRequestOf({
          session: stretch.session.id,
          segment: stretch.segment,
          repository: repositoryOf(cells, stretch),
          branch: branchOf(cells, stretch),
        })
      case 'commit':
        return stretch.work?.commit?.name ?? null
    }
  }

  const nameAt = (cells: UsageCells, place: number): Name => {
    const stretch = cells.stretches[place]
    return stretch === undefined ? null : nameOf(cells, stretch)
  }
  return {
    axis: 'stretches',
    nameAt,
    linkAt: (cells, place) => {
      if (field === 'pullRequest') {
        const name = nameAt(cells, place)
        return name?.startsWith('http') === true ? name : null
      }
      const work = cells.stretches[place]?.work
      return field === 'commit' && work !== undefined ? (commitUrl(work) ?? null) : null
    },
  }
}
