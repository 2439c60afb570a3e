/** `GET /api/facets`: what the filters' menus offer. */
import type { StoreReader } from '../storage/store-reader.ts'
import type { Facets, Filter } from '../api/contract/filter.ts'
import { isName } from './answer-bounds.ts'
import { filterOf } from './session-lists.ts'
import type { Pause } from './pause.ts'

const MAX_EACH = 100
/** Sessions looked at before others run: some milliseconds. */
const SLICE = 10_000

/**
 * Models and attributes are those of all sessions: what is rare is not worth counting for a menu. A
 * name that is too long for a menu is left out.
 */
export async function facetsOf(
  { facets }: Pick<StoreReader, 'facets'>,
  filter: Filter,
  pause: Pause,
): Promise<Facets> {
  const agents = createCosts()
  const projects = createCosts()
  const teams = createCosts()
  const users = createCosts()
  const asked = filterOf(filter)
  const range = { fromMs: filter.from, toMs: filter.to }
  const endId = await facets.endId()
  for (let fromId = 0; fromId < endId; fromId += SLICE) {
    const slice = await facets.sessions(asked, { ...range, fromId, toId: fromId + SLICE })
    for (const { agent, project, team, userId, costUsd } of slice) {
      agents.add(agent, costUsd)
      projects.add(project, costUsd)
      teams.add(team, costUsd)
      users.add(userId, costUsd)
    }
    await pause()
  }
  return {
    agents: agents.mostExpensive(),
    models: (await facets.models(MAX_EACH)).filter(isName),
    projects: projects.mostExpensive(),
    teams: teams.mostExpensive(),
    users: users.mostExpensive(),
    attributes: (await facets.attributeKeys(MAX_EACH)).filter(isName),
  }
}

/** What falls to each name; what has none is left out. */
function createCosts() {
  const costs = new Map<string, number>()
  return {
    add: (name: string | undefined, costUsd: number): void => {
      if (name !== undefined && isName(name)) costs.set(name, (costs.get(name) ?? 0) + costUsd)
    },
    mostExpensive: (): string[] =>
      [...costs]
        .sort(([, a], [, b]) => b - a)
        .slice(0, MAX_EACH)
        .map(([name]) => name),
  }
}
