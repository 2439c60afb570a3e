/**
 * A map that forgets its oldest entry when it is full. For caches of what the database knows:
 * a forgotten entry costs a query, nothing else.
 */

export interface BoundedMap<K, V> {
  get(key: K): V | undefined
  set(key: K, value: V): void
  clear(): void
}

export function createBoundedMap<K, V>(maxEntries: number): BoundedMap<K, V> {
  const entries = new Map<K, V>()

  return {
    get: (key) => entries.get(key),
    set: (key, value) => {
      if (entries.size >= maxEntries && !entries.has(key)) {
        for (const oldest of entries.keys()) {
          entries.delete(oldest)
          break
        }
      }
      entries.set(key, value)
    },
    clear: () => entries.clear(),
  }
}
