/** Filters under a name: choose one, save what is set now, or delete the one that is chosen. */
import { useState } from 'react'
import {
  filterText,
  keepFilters,
  type SavedFilter,
  savedFilters,
  withFilter,
} from '../saved-filters.ts'
import { useSearch } from '../use-search.ts'

/** As soon as it is there. */
function focus(input: HTMLInputElement | null): void {
  input?.focus()
}

export function SavedFilters() {
  const [search, setSearch] = useSearch()
  const [saved, setSaved] = useState(savedFilters)
  const [isNaming, setNaming] = useState(false)
  const current = filterText(search)
  const chosen = saved.find(({ query }) => query === current)

  const keep = (filters: readonly SavedFilter[]): void => {
    keepFilters(filters)
    setSaved(filters)
  }
  const choose = (name: string): void => {
    const query = saved.find((one) => one.name === name)?.query
    if (query === undefined) return
    setSearch((before) => {
      for (const key of [...before.keys()]) before.delete(key)
      for (const [key, value] of new URLSearchParams(query)) before.append(key, value)
    })
  }
  const save = (form: FormData): void => {
    const name = form.get('name')
    if (typeof name === 'string') keep(withFilter(saved, { name, query: current }))
    setNaming(false)
  }

  if (isNaming) {
    return (
      <form className="saved-filters" action={save}>
        <input
          name="name"
          aria-label="Name of the filter"
          placeholder="Name"
          maxLength={60}
          required
          ref={focus}
        />
        <button type="submit">Save</button>
        <button type="button" onClick={() => setNaming(false)}>
          Cancel
        </button>
      </form>
    )
  }
  return (
    <div className="saved-filters">
      {saved.length > 0 && (
        <select
          aria-label="Saved filters"
          value={chosen?.name ?? ''}
          onChange={({ target }) => choose(target.value)}
        >
          <option value="">saved filters</option>
          {saved.map(({ name }) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      )}
      {chosen !== undefined && (
        <button
          type="button"
          onClick={() => keep(saved.filter(({ name }) => name !== chosen.name))}
        >
          Delete filter
        </button>
      )}
      {chosen === undefined && current !== '' && (
        <button type="button" onClick={() => setNaming(true)}>
          Save filter
        </button>
      )}
    </div>
  )
}
