/**
 * The parameters of the address bar, and how to change them. Read from the location itself: the
 * router decodes its copy once too often for values that hold a percent sign.
 */
import { useLocation, useSearch as useSearchText } from 'wouter'

/** Changes a copy of the parameters as they are at that moment. */
export type SearchChange = (search: URLSearchParams) => void

export interface SearchOptions {
  /** No further entry in the browser's history. */
  readonly replace?: boolean
}

export function useSearch(): readonly [
  URLSearchParams,
  (change: SearchChange, options?: SearchOptions) => void,
] {
  // Only to be rendered anew when it changes.
  useSearchText()
  const [, navigate] = useLocation()
  const change = (edit: SearchChange, options: SearchOptions = {}): void => {
    const search = new URLSearchParams(window.location.search)
    edit(search)
    const text = search.toString()
    navigate(`${window.location.pathname}${text === '' ? '' : `?${text}`}`, options)
  }
  return [new URLSearchParams(window.location.search), change]
}
