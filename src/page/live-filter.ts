/** Which events of the live feed are shown, and which of them stand together as one. Pure. */
import type { LiveEvent } from '../api/contract/live.ts'

/** All of it has to hold; what is absent does not matter. */
export interface LiveFilter {
  readonly agent?: string
  readonly user?: string
  readonly project?: string
  readonly kind?: string
  /** Errors and warnings alone. */
  readonly areErrors: boolean
}

/** Filters with a menu, and what an event has of each. */
export const LIVE_FIELDS = [
  // `<agent>/<session id>`.
  { name: 'agent', of: ({ sessionKey }) => sessionKey.split('/', 1)[0] ?? null },
  { name: 'user', of: ({ user }) => user ?? null },
  { name: 'project', of: ({ project }) => project ?? null },
  { name: 'kind', of: ({ kind }) => kind },
] as const satisfies readonly {
  name: keyof LiveFilter
  of: (event: LiveEvent) => string | null
}[]

/** As the address bar has it: `?kind=tool&errors=1`. */
export function liveFilterOf(search: URLSearchParams): LiveFilter {
  const named = LIVE_FIELDS.map(({ name }) => [name, search.get(name) ?? ''] as const)
  return {
    ...Object.fromEntries(named.filter(([, value]) => value !== '')),
    areErrors: search.get('errors') === '1',
  }
}

export function isShown(event: LiveEvent, filter: LiveFilter): boolean {
  if (filter.areErrors && event.level === 'default') return false
  return LIVE_FIELDS.every(({ name, of }) => {
    return filter[name] === undefined || filter[name] === of(event)
  })
}

/** An event, or several that say nothing but that they happened. */
export type LiveItem =
  | { readonly event: LiveEvent }
  | { readonly folded: readonly [LiveEvent, ...LiveEvent[]] }

/**
 * Events in order, with runs of what an agent tells of itself (plugins that it loaded, hooks that it starts)
 * folded: they have a name and nothing else. One alone stands with those before it, or with the first that
 * follow.
 */
export function foldNoise(events: readonly LiveEvent[]): readonly LiveItem[] {
  const items: (LiveEvent | LiveEvent[])[] = []
  let run: LiveEvent[] = []
  let lastFold: LiveEvent[] | undefined
  const endRun = (): void => {
    const isAlone = run.length === 1 || lastFold?.length === 1
    if (lastFold !== undefined && isAlone) lastFold.push(...run)
    else if (run.length > 0) {
      lastFold = run
      items.push(run)
    }
    run = []
  }
  for (const event of events) {
    if (isNoise(event)) {
      run.push(event)
      continue
    }
    endRun()
    items.push(event)
  }
  endRun()
  return items.flatMap((item): LiveItem | [] => {
    if (!Array.isArray(item)) return { event: item }
    const [first, ...more] = item
    // Of one, a fold would hide no more than itself.
    if (first === undefined) return []
    return more.length === 0 ? { event: first } : { folded: [first, ...more] }
  })
}

function isNoise({ kind, level, subject, text, summary }: LiveEvent): boolean {
  if (kind !== 'note' && kind !== 'hook') return false
  return level === 'default' && subject === null && text === null && summary === null
}

/** `plugin_loaded ×3, managed_settings_resolved`. */
export function foldedText(events: readonly LiveEvent[]): string {
  const counts = new Map<string, number>()
  for (const { name } of events) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts].map(([name, count]) => (count > 1 ? `${name} ×${count}` : name)).join(', ')
}
