/**
 * Filters of the list of sessions that somebody saved under a name, as the address bar has them. Kept by
 * the browser for this page alone.
 */

const NAME = 'claude-telemetry.filters'
const MAX_SAVED = 50
const MAX_NAME_LENGTH = 60

export interface SavedFilter {
  readonly name: string
  /** As in the address, without the question mark. */
  readonly query: string
}

/** By name; none where the browser keeps nothing, or something else stands there. */
export function savedFilters(): readonly SavedFilter[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(NAME) ?? '[]')
    return Array.isArray(stored) ? stored.filter(isSaved).slice(0, MAX_SAVED) : []
  } catch {
    return []
  }
}

/** Takes the place of one of the same name. */
export function withFilter(
  saved: readonly SavedFilter[],
  { name, query }: SavedFilter,
): readonly SavedFilter[] {
  const called = name.trim().slice(0, MAX_NAME_LENGTH)
  if (called === '') return saved
  const others = saved.filter((one) => one.name !== called)
  return [...others, { name: called, query }]
    .sort((a, b) => a.name.localeCompare(b.name))
    .slice(0, MAX_SAVED)
}

export function keepFilters(saved: readonly SavedFilter[]): void {
  try {
    localStorage.setItem(NAME, JSON.stringify(saved))
  } catch {
    // Where the browser keeps nothing they last as long as the page.
  }
}

/** Alike for addresses that ask for the same. */
export function filterText(search: URLSearchParams): string {
  const sorted = new URLSearchParams(search)
  sorted.sort()
  return sorted.toString()
}

function isSaved(value: unknown): value is SavedFilter {
  const { name, query } = (value ?? {}) as Partial<Record<keyof SavedFilter, unknown>>
  return typeof name === 'string' && name !== '' && typeof query === 'string'
}
