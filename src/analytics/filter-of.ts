/** A filter as the API takes it, in the store's terms. */
import type { SessionFilter } from '../store/queries/session-filter.ts'
import type { Filter } from '../web/contract/filter.ts'

export function filterOf(filter: Filter): SessionFilter {
  const { agent, project, team, user, model, attribute } = filter
  return { agent, project, team, user, model, attributes: attribute.map(attributeOf) }
}

function attributeOf(text: string): { readonly key: string; readonly value: string } {
  const at = text.indexOf('=')
  return { key: text.slice(0, at), value: text.slice(at + 1) }
}
