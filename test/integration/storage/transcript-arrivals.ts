/** Arrivals of transcripts and of telemetry that tell the same, and what a commit makes of them. */
import type { AgentEvent, ModelCallEvent } from '../../../src/domain/agent-event.ts'
import { sessionKeyOf } from '../../../src/domain/identity.ts'
import type { Arrival } from '../../../src/domain/session-store.ts'
import type { StateFormat } from '../../../src/domain/stored-state.ts'
import type { Store } from '../../../src/storage/store.ts'
import {
  arrival,
  AT_MS,
  base,
  nothing,
  plainStates,
  row,
  type State,
} from '../../unit/storage/arrivals.ts'

/** What calls are told apart by. */
interface CallOptions {
  /** The name where it is absent; `none` is none. */
  readonly requestId?: string
  readonly model?: string
  readonly output?: number
  /** The entry says more of one that came before. */
  readonly amends?: boolean
  /** When the file of an entry was begun. */
  readonly begunMs?: number
  /** The entry is exported. */
  readonly isExported?: boolean
}

function call(
  sessionId: string,
  name: string,
  dedupKey: string,
  { requestId = name, model = 'opus', output = 2 }: CallOptions,
): ModelCallEvent {
  return {
    ...base,
    ...{ sessionId, dedupKey, model },
    ...(requestId !== 'none' && { requestId }),
    kind: 'model_call',
    isMain: true,
    parameters: {},
    usage: { input: 1, output, cacheRead: 3, cacheCreation: 4 },
  }
}

interface StoredEntry {
  readonly attributes: { readonly n?: number }
  readonly joinKey?: string
}

/** What stored records mean, by the number in their attributes. */
const meanings: AgentEvent[] = []
export const transcriptStates: StateFormat<State> = {
  ...plainStates(),
  itemsOf: ({ records }) =>
    records.flatMap((record): readonly AgentEvent[] => {
      const { attributes, joinKey } = record as StoredEntry
      const meant = attributes.n === undefined ? undefined : meanings[attributes.n]
      if (meant?.kind !== 'transcript') return meant === undefined ? [] : [meant]
      return [{ ...meant, ...(joinKey !== undefined && { joinKey }) }]
    }),
}

function noted(item: AgentEvent): { readonly n: number } {
  meanings.push(item)
  return { n: meanings.length - 1 }
}

export function telemetry(sessionId: string, name: string, options: CallOptions = {}): Arrival {
  const item = call(sessionId, name, `event|${name}`, options)
  return arrival(item, { attributes: { ...noted(item) } })
}

export function entry(sessionId: string, name: string, options: CallOptions = {}): Arrival {
  const { begunMs, isExported, amends, output } = options
  const claim = `call|${name}`
  const key = amends === true ? `${claim}#${output ?? ''}` : claim
  const event = call(sessionId, name, `api_request|${name}`, options)
  const item = {
    ...base,
    ...{ sessionId, event, dedupKey: `transcript|${key}`, claim },
    ...(amends === true && { amends }),
    kind: 'transcript',
  } as const
  const record = {
    ...{ sessionId, name: 'model_call', key, claim, timeMs: AT_MS },
    ...(isExported === true && { isExported }),
  }
  return {
    ...(begunMs !== undefined && { rank: { begunMs, order: begunMs } }),
    sessionKey: sessionKeyOf('claude-code', sessionId),
    item,
    origin: { resource: {}, scopeName: 'transcripts/claude-code', scopeVersion: '' },
    stored: { signal: 'transcript', record: { ...record, attributes: { ...noted(item) } } },
    arrivedMs: AT_MS + 1,
  }
}

/** Commits them; what of them the fold gets. */
export async function freshOf(
  { sessions }: Pick<Store<State>, 'sessions'>,
  ...arrivals: readonly Arrival[]
): Promise<readonly Arrival[]> {
  let fresh: readonly Arrival[] = []
  await sessions.commit(arrivals, [], (of) => {
    fresh = of
    const ids = new Set(arrivals.map(({ item }) => item.sessionId))
    return { ...nothing, sessions: [...ids].map((id) => row(id)) }
  })
  return fresh
}

/** What the other source told of each. */
export const marksOf = (arrivals: readonly Arrival[]) =>
  arrivals.map(({ item }) => {
    if (item.kind === 'metric') return {}
    if (item.kind !== 'transcript') return { told: item.transcriptKey }
    return { joinKey: item.joinKey, copyOf: item.copyOf }
  })
