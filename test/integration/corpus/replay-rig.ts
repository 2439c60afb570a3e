/**
 * A bridge's inside (processors, session handler, store) under a clock that the test moves, which
 * can be stopped and killed, and whose stored sessions can be told again.
 */
import { replaySession, replaySlices } from '../../../src/reports/replay.ts'
import { createBudgetDays } from '../../../src/reports/budget-days.ts'
import type { Attributes } from '../../../src/domain/json-value.ts'
import type { Emission } from '../../../src/domain/emission.ts'
import type { Arrival } from '../../../src/domain/session-store.ts'
import type { Origin } from '../../../src/domain/telemetry-record.ts'
import { budgetEvents } from '../../../src/sessions/budget-event.ts'
import { createSessionHandler, type SessionHandler } from '../../../src/sessions/handler.ts'
import { foldInputs, inputOf } from '../../../src/sessions/fold.ts'
import { policyAsRecorded, type SessionPolicy } from '../../../src/sessions/policy.ts'
import type { SessionInput } from '../../../src/sessions/reduce.ts'
import type { Replay } from '../../../src/sessions/replay.ts'
import { newSession, type SessionState } from '../../../src/sessions/state.ts'
import { dimensionsKey, type ModelUsage } from '../../../src/domain/usage.ts'
import { addUsd } from '../../../src/domain/exact-sum.ts'
import { createSessionStates } from '../../../src/app/session-states.ts'
import { openStore } from '../../../src/storage/open-store.ts'
import type { Store } from '../../../src/storage/store.ts'
import { openReader } from '../../../src/storage/beside.ts'
import type { StoreReader } from '../../../src/storage/store-reader.ts'
import { databaseAtRest } from '../../postgres/at-rest.ts'
import { createManualClock, type ManualClock } from '../../unit/manual-clock.ts'
import { decodeLogs, decodeMetrics, decodeTraces } from '../../unit/otlp/decoded.ts'
import { isOnPostgres, rowsIn, storePlace } from '../store.ts'
import { type RecordedRequest, recording } from './recording.ts'
import {
  processHook,
  processLogs,
  processMetrics,
  processSpans,
} from '../../unit/processors/processed.ts'

/** What a client posts at once, before it arrives. */
export type ReplayRequest = (arrivedMs: number) => readonly Arrival[]

export interface Cutting {
  /** How many records the next part has, at most. */
  readonly partSize: () => number
  /** Whether the next record is of another resource than the recording says. */
  readonly isElsewhere: () => boolean
}

/** The requests of a recording in their order, cut into parts. */
export function requestsOf(name: string, cutting: Cutting): ReplayRequest[] {
  return recording(name).requests.flatMap((request) => partsOf(request, cutting))
}

function partsOf({ signal, body }: RecordedRequest, cutting: Cutting): ReplayRequest[] {
  const json = JSON.parse(body.toString()) as unknown
  switch (signal) {
    case 'hook':
      return [(atMs) => hook(json as Attributes, atMs)]
    case 'logs':
      return cut(decoded(decodeLogs(json)), cutting, processLogs)
    case 'metrics':
      return cut(decoded(decodeMetrics(json)), cutting, processMetrics)
    case 'traces':
      return cut(decoded(decodeTraces(json)), cutting, processSpans)
  }
}

type Decoded<T> =
  | { readonly ok: true; readonly value: { readonly accepted: readonly T[] } }
  | { readonly ok: false; readonly error: { readonly message: string } }

function decoded<T>(result: Decoded<T>): readonly T[] {
  if (!result.ok) throw new Error(result.error.message)
  return result.value.accepted
}

/** Hooks of folders that somebody knows something of. */
function hook(body: Attributes, atMs: number): readonly Arrival[] {
  const processed = processHook('claude-code', body, atMs, { repository: 'somebody/shop' })
  if (!processed.ok) throw new Error(processed.error.message)
  return [processed.value]
}

function cut<T extends { readonly origin: Origin }>(
  records: readonly T[],
  { partSize, isElsewhere }: Cutting,
  process: (part: readonly T[], atMs: number) => { readonly accepted: readonly Arrival[] },
): ReplayRequest[] {
  const moved = records.map((record) => (isElsewhere() ? elsewhere(record) : record))
  const parts: ReplayRequest[] = []
  for (let from = 0; from < moved.length; ) {
    const part = moved.slice(from, from + partSize())
    from += part.length
    parts.push((atMs) => process(part, atMs).accepted)
  }
  return parts
}

const origins = new WeakMap<Origin, Origin>()

function elsewhere<T extends { readonly origin: Origin }>(record: T): T {
  const { origin } = record
  const other = origins.get(origin) ?? {
    ...origin,
    resource: { ...origin.resource, team: 'red', project: 'elsewhere' },
  }
  origins.set(origin, other)
  return { ...record, origin: other }
}

export interface ReplayRig {
  readonly clock: ManualClock
  /** What was put into the outbox, by session, in order; as JSON has it. */
  said(): Promise<ReadonlyMap<string, readonly string[]>>
  /** The same from what is stored. */
  saidAgain(policy: SessionPolicy): Promise<ReadonlyMap<string, readonly string[]>>
  /** What calls used, row by row, as it is stored and as it is told again. */
  usage(policy: SessionPolicy): Promise<ReadonlyMap<string, { stored: unknown[]; anew: unknown[] }>>
  /** States as they are stored, by session, and as they are made anew. */
  states(): Promise<ReadonlyMap<string, { readonly stored: unknown; readonly anew: unknown }>>
  send(request: ReplayRequest, delayMs: number): Promise<void>
  /** Closes all sessions, as a stop does, and begins again. */
  restart(policy: SessionPolicy): Promise<void>
  /** Ends wherever it is, and begins again; meanwhile something may happen to the store. */
  kill(policy: SessionPolicy, meanwhile?: () => void): Promise<void>
  close(): Promise<void>
}

/** Spending of recordings is some cents: this is passed now and then. */
const BUDGET_USD = 0.05

export async function createReplayRig(
  dataDir: string,
  startMs: number,
  firstPolicy: SessionPolicy,
  maxSessions: number,
): Promise<ReplayRig> {
  const clock = createManualClock(startMs, isOnPostgres ? databaseAtRest : undefined)
  const scores: Emission[] = []
  let policy = firstPolicy
  let running: { readonly store: Store<SessionState>; readonly handler: SessionHandler } | undefined

  async function begin(under: SessionPolicy): Promise<void> {
    policy = under
    const opened = await openStore<SessionState>({
      ...storePlace(dataDir),
      clock,
      states: createSessionStates(under),
      retentionMs: 0,
      outbox: { maxAgeMs: 0, maxBytes: 0 },
      exporters: [{ exporter: 'langfuse', kinds: ['observation', 'score'], isActive: true }],
      budgets: {
        limits: { session: BUDGET_USD, day: 3 * BUDGET_USD },
        dayOf: createBudgetDays('UTC'),
        events: (state, alert) => budgetEvents(state, alert, under),
        hasChannels: false,
      },
      log: { warn: () => {}, error: () => {} },
    })
    if (!opened.ok) throw new Error(opened.error.message)
    const store = opened.value
    const handler = createSessionHandler({
      store: store.sessions,
      clock,
      policy: under,
      maxSessions,
      defer: setImmediate,
      onEmitted: () => {},
      onCommitted: ({ emissions }) => {
        scores.push(...emissions.filter(({ kind }) => kind === 'score'))
      },
      onError: () => {},
    })
    running = { store, handler }
    await handler.start()
  }

  async function end(): Promise<void> {
    const ending = running
    running = undefined
    ending?.handler.stop()
    await ending?.store.close()
  }

  /** Something of each session, in the order in which they came. */
  async function ofEach<T>(read: (key: string, reader: StoreReader) => Promise<T>) {
    const opened = await openReader(storePlace(dataDir))
    if (!opened.ok) throw new Error(opened.error)
    try {
      const found = new Map<string, T>()
      for (const { key } of rowsIn<{ key: string }>(
        dataDir,
        'select session_key as key from sessions',
      )) {
        found.set(key, await read(key, opened.value))
      }
      return found
    } finally {
      await opened.value.close()
    }
  }

  await begin(firstPolicy)
  return {
    clock,
    send: async (request, delayMs) => running?.handler.accept(request(clock.now() - delayMs)),
    restart: async (next) => {
      await running?.handler.closeAll('shutdown')
      await end()
      await begin(next)
    },
    kill: async (next, meanwhile = () => {}) => {
      await end()
      meanwhile()
      await begin(next)
    },
    close: end,
    said: async () => {
      const payloads = rowsIn<{ payload: string }>(
        dataDir,
        `select payload from outbox where kind = 'observation' order by id`,
      )
      // A newer score takes the place of an older one that waits, so they are taken where they arise.
      return bySession([
        ...payloads.map(({ payload }) => JSON.parse(payload) as Emission),
        ...scores,
      ])
    },
    saidAgain: async (under) => {
      const told = await ofEach(async (key, reader) => {
        const emissions: Emission[] = []
        await replaySession(reader, key, under, (some) => void emissions.push(...some))
        const isScore = ({ kind }: Emission) => kind === 'score'
        return [...emissions.filter((each) => !isScore(each)), ...emissions.filter(isScore)]
      })
      return bySession([...told.values()].flat())
    },
    usage: (under) =>
      ofEach(async (key, reader) => ({
        stored: rowsIn<StoredUsage>(
          dataDir,
          `select u.bucket_ms, u.model, ${IS_SUBAGENT} as is_subagent, d.key as dimensions, u.calls,
             u.errors, u.unpriced_calls, ${COST_USD} as cost_usd, u.input_tokens, u.output_tokens, u.duration_ms
           from model_usage u join sessions on sessions.id = u.session_ref
           join usage_dimensions d on d.id = u.dimensions_ref where session_key = '${key}'`,
        )
          .filter(isSomething)
          .sort(inOrder),
        anew: await usageAnew(reader, key, under),
      })),
    states: () =>
      ofEach(async (key, reader) => {
        const [row] = rowsIn<{ state: string }>(
          dataDir,
          `select state from session_states join sessions on sessions.id = session_ref
           where session_key = '${key}'`,
        )
        const anew = await replaySession(reader, key, policy, () => {})
        return {
          stored: JSON.parse(row?.state ?? 'null') as unknown,
          anew: JSON.parse(JSON.stringify(anew)) as unknown,
        }
      }),
  }
}

const IS_SUBAGENT = isOnPostgres ? 'u.is_subagent::integer' : 'u.is_subagent'
const COST_USD = isOnPostgres ? 'u.cost_nanousd / 1e9' : 'u.cost_usd'

/** A row of `model_usage`, with the key of its dimensions. */
interface StoredUsage {
  readonly bucket_ms: number
  readonly model: string
  readonly is_subagent: number
  readonly dimensions: string
  readonly calls: number
  readonly errors: number
  readonly unpriced_calls: number
  readonly cost_usd: number
  readonly input_tokens: number
  readonly output_tokens: number
  readonly duration_ms: number
}

const keyOf = ({ bucket_ms, model, is_subagent, dimensions }: StoredUsage): string =>
  JSON.stringify([bucket_ms, model, is_subagent, dimensions])
const inOrder = (a: StoredUsage, b: StoredUsage): number => (keyOf(a) < keyOf(b) ? -1 : 1)

/** A row of which everything was moved elsewhere stays, with nothing in it. */
function isSomething({ calls, errors, unpriced_calls, cost_usd, input_tokens }: StoredUsage) {
  return [calls, errors, unpriced_calls, cost_usd, input_tokens].some((amount) => amount !== 0)
}

/** What the records of a session add up to when they are told again. */
async function usageAnew({ inputs }: StoreReader, key: string, under: SessionPolicy) {
  const sums = new Map<string, StoredUsage>()
  let policy = under
  let state: SessionState | undefined
  const step = (from: SessionState, given: readonly SessionInput[]): [] => {
    const folded = foldInputs(from, given, policy, () => {})
    state = folded.state
    for (const row of folded.usage.models.map(rowOf)) {
      const known = sums.get(keyOf(row))
      sums.set(keyOf(row), known === undefined ? row : added(known, row))
    }
    return []
  }
  const replay: Replay = {
    add: (arrivals) => {
      const [first] = arrivals
      if (first === undefined) return []
      return step(state ?? newSession(key, first.item, first.arrivedMs), arrivals.map(inputOf))
    },
    control: (control) => (state === undefined ? [] : step(state, [control])),
    underPolicy: (recorded) => {
      policy = policyAsRecorded(under, recorded)
    },
    closing: () => ({ emissions: [], state }),
    state: () => state,
  }
  const slices = replaySlices(inputs, replay, key, 0, async () => {})
  while ((await slices.next()).done !== true);
  return [...sums.values()].filter(isSomething).sort(inOrder)
}

function rowOf(row: ModelUsage): StoredUsage {
  return {
    bucket_ms: row.bucketMs,
    model: row.model,
    is_subagent: row.isSubagent ? 1 : 0,
    dimensions: dimensionsKey(row.dimensions),
    calls: row.calls,
    errors: row.errors,
    unpriced_calls: row.unpricedCalls,
    cost_usd: row.costUsd,
    input_tokens: row.inputTokens,
    output_tokens: row.outputTokens,
    duration_ms: row.durationMs,
  }
}

function added(a: StoredUsage, b: StoredUsage): StoredUsage {
  return {
    ...a,
    calls: a.calls + b.calls,
    errors: a.errors + b.errors,
    unpriced_calls: a.unpriced_calls + b.unpriced_calls,
    cost_usd: addUsd(a.cost_usd, b.cost_usd),
    input_tokens: a.input_tokens + b.input_tokens,
    output_tokens: a.output_tokens + b.output_tokens,
    duration_ms: a.duration_ms + b.duration_ms,
  }
}

function bySession(emissions: readonly Emission[]): ReadonlyMap<string, readonly string[]> {
  const groups = Map.groupBy(emissions, ({ sessionKey }) => sessionKey)
  return new Map([...groups].map(([key, of]) => [key, of.map((each) => JSON.stringify(each))]))
}
