/** A session store without a disk, with the contract of `domain/session-store.ts`. */
import type { Emission } from '../../../src/domain/emission.ts'
import type { SessionRow, SessionStore } from '../../../src/domain/session-store.ts'
import type { SessionState } from '../../../src/sessions/state.ts'

export interface MemoryStore extends SessionStore<SessionState> {
  readonly emissions: Emission[]
  /** Records per commit, in order. */
  readonly commits: number[]
  /** Makes the next commits fail with this. */
  failWith(error: Error | undefined): void
  /** Commits from now on end when the caller says so. */
  hold(): PromiseWithResolvers<void>
}

export function createMemoryStore(): MemoryStore {
  const seen = new Set<string>()
  const rows = new Map<string, SessionRow<string>>()
  const emissions: Emission[] = []
  const commits: number[] = []
  let failure: Error | undefined
  let pause: PromiseWithResolvers<void> | undefined

  function open(): SessionRow<string>[] {
    return [...rows.values()].filter((row) => row.deadlineMs !== undefined)
  }
  const byDeadline = (a: SessionRow<string>, b: SessionRow<string>) =>
    (a.deadlineMs ?? 0) - (b.deadlineMs ?? 0)

  return {
    emissions,
    commits,
    failWith: (error) => {
      failure = error
    },
    hold: () => {
      pause = Promise.withResolvers()
      return pause
    },
    askedBack: async () => [],
    async commit(arrivals, keys, fold, held) {
      await pause?.promise
      if (failure !== undefined) throw failure
      commits.push(arrivals.length)
      const fresh = arrivals.filter(({ sessionKey, item }) => {
        const key = `${sessionKey} ${item.dedupKey}`
        return seen.has(key) ? false : seen.add(key)
      })
      const stored = new Map<string, SessionState>()
      for (const key of keys) {
        const row = rows.get(key)
        const state = held?.(key) ?? (row && (JSON.parse(row.state) as SessionState))
        if (state !== undefined) stored.set(key, state)
      }
      const outcome = fold(fresh, stored)
      for (const row of outcome.sessions) {
        rows.set(row.key, { ...row, state: JSON.stringify(row.state) })
      }
      emissions.push(...outcome.emissions)
      return { outcome, alerts: [] }
    },
    dueSessions: async (nowMs, limit) =>
      open()
        .filter((row) => (row.deadlineMs ?? 0) <= nowMs)
        .sort(byDeadline)
        .slice(0, limit)
        .map((row) => row.key),
    nextDeadline: async () => open().sort(byDeadline)[0]?.deadlineMs,
    openSessions: async (limit) =>
      open()
        .sort((a, b) => a.lastMs - b.lastMs)
        .slice(0, limit)
        .map((row) => row.key),
    countOpenSessions: async () => open().length,
    remove: async (key) => {
      const had = [...seen].filter((entry) => entry.startsWith(`${key} `))
      for (const entry of had) seen.delete(entry)
      return rows.delete(key) ? { deleteRows: async () => had.length } : undefined
    },
  }
}
