/**
 * The key that this page sends. It comes in the fragment of the address (`claude-telemetry open`) or
 * from the login, and is kept for this origin: other ports of the host, and other sites, cannot read
 * it, and unlike a cookie it goes nowhere by itself.
 */
const NAME = 'claude-telemetry.key'
const FRAGMENT = /^#token=(.+)$/

/** Where the browser keeps nothing for pages, the key lasts as long as this one. */
let inMemory: string | undefined

export function currentKey(): string | undefined {
  return stored(() => localStorage.getItem(NAME)) ?? inMemory
}

export function keepKey(key: string): void {
  inMemory = key
  stored(() => localStorage.setItem(NAME, key))
}

export function forgetKey(): void {
  inMemory = undefined
  stored(() => localStorage.removeItem(NAME))
}

/** Takes the key out of the address, where it would be seen and bookmarked. Whether there was one. */
export function takeKeyFromAddress(): boolean {
  const [, encoded] = FRAGMENT.exec(location.hash) ?? []
  if (encoded === undefined) return false
  history.replaceState(history.state, '', `${location.pathname}${location.search}`)
  keepKey(decoded(encoded))
  return true
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The browser may refuse, by its settings. */
function stored<T>(use: () => T): T | undefined {
  try {
    return use() ?? undefined
  } catch {
    return undefined
  }
}
